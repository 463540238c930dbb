import { setTimeout as delay } from 'node:timers/promises';

/** A test that waits longer than this waits for something that will not come. */
const DEADLINE_MS = 20_000;
const POLL_MS = 2;

/** Resolves once the condition holds; rejects at a deadline, saying what was waited for. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string | (() => string),
  deadlineMs = DEADLINE_MS,
): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > endMs)
      throw new Error(`waited in vain for: ${typeof what === 'string' ? what : what()}`);
    await delay(POLL_MS);
  }
}
