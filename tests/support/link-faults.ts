import type { FaultProxy } from '@triterm/core/sandbox/fault-proxy';

/** What becomes of a way through a proxy: nothing passes any more, and who uses it is told so, or is not. */
export const BREAKS: readonly (readonly [name: string, (proxy: FaultProxy) => void | Promise<void>])[] = [
  ['cut', proxy => proxy.refuse()],
  ['half-open', proxy => proxy.set({ kind: 'halfOpen' })],
];

/** Each way. */
const DELAY_MS = 200;

export function delay(proxy: FaultProxy): void {
  proxy.set({ kind: 'delay', ms: DELAY_MS });
}

/** An operation that waits longer than this for what is away hangs. */
const REFUSAL_MS = 8000;

/** What the work was refused with, in time; undefined when it was not. */
export async function refused(work: Promise<unknown>): Promise<unknown> {
  const beganAtMs = performance.now();
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  const tookMs = performance.now() - beganAtMs;
  if (tookMs > REFUSAL_MS) throw new Error(`it took ${Math.round(tookMs)} ms`, { cause: thrown });
  return thrown;
}
