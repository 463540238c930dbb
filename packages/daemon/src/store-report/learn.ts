import { TermError } from '@triterm/core/errors';

/** What was asked for, or why it is not known, as a sentence. */
export type Learned<T> = { readonly value: T } | { readonly trouble: string };

/** A status waits no longer than this for one of its parts: what hangs is what it has to tell of. */
export const LEARN_MS = 2000;

/** Asks, and gives up after `deadlineMs`; never rejects. What comes later is dropped. */
export async function learn<T>(
  what: string,
  ask: () => Promise<T> | T,
  deadlineMs = LEARN_MS,
): Promise<Learned<T>> {
  const late = Promise.withResolvers<Learned<T>>();
  const timer = setTimeout(
    () => late.resolve({ trouble: `${what}: no answer within ${deadlineMs} ms.` }),
    deadlineMs,
  );
  try {
    return await Promise.race([answer(what, ask), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function answer<T>(what: string, ask: () => Promise<T> | T): Promise<Learned<T>> {
  try {
    return { value: await ask() };
  } catch (thrown) {
    return { trouble: `${what}: ${TermError.from(thrown).message}` };
  }
}

/** The value, or null. */
export function known<T>(learned: Learned<T>): T | null {
  return 'value' in learned ? learned.value : null;
}

export function troublesOf(learned: readonly Learned<unknown>[]): string[] {
  return learned.flatMap(one => ('trouble' in one ? [one.trouble] : []));
}
