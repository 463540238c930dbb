/** A query older than this gets no answer: whoever asked has stopped waiting, and the answer would be typed text. */
export const ANSWER_MAX_AGE_MS = 2000;
/** Reads closer together than this share an entry. */
const RESOLUTION_MS = 20;

/** Remembers for a short while when which part of the stream was read. Times are of one monotonic clock. */
export class ReadClock {
  /** Oldest first: the bytes below `end`, and above the entry before, were read at `atMs` or up to 20 ms later. */
  readonly #reads: { end: number; readonly atMs: number }[] = [];
  /** Everything below was read longer ago than anybody waits. */
  #staleThrough = -1;

  note(end: number, nowMs: number): void {
    const last = this.#reads.at(-1);
    if (last !== undefined && nowMs - last.atMs < RESOLUTION_MS) {
      last.end = end;
      return;
    }
    this.#reads.push({ end, atMs: nowMs });
    let [oldest] = this.#reads;
    while (oldest !== undefined && oldest.atMs < nowMs - ANSWER_MAX_AGE_MS) {
      this.#staleThrough = oldest.end;
      this.#reads.shift();
      [oldest] = this.#reads;
    }
  }

  /** Whether the query that ended at this offset was read so lately that its answer is still awaited. */
  isFresh(queryEnd: number, nowMs: number): boolean {
    if (queryEnd <= this.#staleThrough) return false;
    const read = this.#reads.find(entry => entry.end >= queryEnd);
    return read !== undefined && nowMs - read.atMs <= ANSWER_MAX_AGE_MS;
  }
}
