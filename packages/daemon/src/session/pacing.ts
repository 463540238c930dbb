/**
 * How far a program may run ahead of the client that paces it. With a real terminal that is a few kilobytes; here it is half a
 * second of what the client takes, so that a burst is absorbed and Ctrl-C still feels immediate.
 */

const WINDOW_SECONDS = 0.5;
const MIN_WINDOW_BYTES = 4 * 1024 * 1024;
const MAX_WINDOW_BYTES = 40 * 1024 * 1024;

/** Bytes beyond what a pacing client has acknowledged to which the PTY is read. */
export function paceWindowBytes(bytesPerSecond: number): number {
  return Math.min(MAX_WINDOW_BYTES, Math.max(MIN_WINDOW_BYTES, Math.round(bytesPerSecond * WINDOW_SECONDS)));
}

/** Rate at which a client takes output, over the stretches in which it had output to take. */
export class RateMeter {
  static readonly #HALF_LIFE_MS = 250;
  #bytesPerSecond = 0;
  #sinceMs: number | undefined;

  get bytesPerSecond(): number {
    return this.#bytesPerSecond;
  }

  /** Output began to flow after nothing was under way: the time before does not count. */
  start(nowMs: number): void {
    this.#sinceMs ??= nowMs;
  }

  /** `bytes` were taken; `idle`: nothing more is under way. */
  taken(bytes: number, nowMs: number, idle: boolean): void {
    const elapsedMs = Math.max(nowMs - (this.#sinceMs ?? nowMs), 0.05);
    const weight = 1 - 0.5 ** (elapsedMs / RateMeter.#HALF_LIFE_MS);
    this.#bytesPerSecond += ((bytes * 1000) / elapsedMs - this.#bytesPerSecond) * weight;
    this.#sinceMs = idle ? undefined : nowMs;
  }
}
