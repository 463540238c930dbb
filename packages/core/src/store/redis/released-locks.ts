export interface ReleasedLock {
  readonly name: string;
  readonly token: string;
}

/** So many are remembered for sure, twice as many at most. Others lapse in Redis. */
const REMEMBERED = 2048;

/** Locks that were given back, for as long as Redis may hold them all the same: for their TTL. */
export class ReleasedLocks {
  readonly #ttlMs: number;
  readonly #released: (ReleasedLock & { readonly atMs: number })[] = [];

  constructor(ttlMs: number) {
    this.#ttlMs = ttlMs;
  }

  /** `nowMs`: monotonic. */
  add(name: string, token: string, nowMs: number): void {
    if (this.#released.length >= 2 * REMEMBERED) this.#released.splice(0, REMEMBERED);
    this.#released.push({ name, token, atMs: nowMs });
  }

  recent(nowMs: number): ReleasedLock[] {
    return this.#released.filter(({ atMs }) => nowMs - atMs < this.#ttlMs);
  }
}
