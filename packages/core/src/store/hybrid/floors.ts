/** How long a floor is kept after Redis was seen at or above it: longer than any read that began before. */
const CONFIRMED_MS = 10_000;

interface Floor {
  rev: number;
  raisedAtMs: number;
  confirmedAtMs: number | undefined;
}

export interface FloorsOptions {
  readonly limit: number;
  /** A floor that Redis was never seen to reach is kept as long as an entry below it may live. */
  readonly ttlMs: number;
}

/**
 * The lowest revision of each id that may still be believed: this server has written it or heard of it. Bounded; when it
 * is full it says so, and everything cached has to be declared void.
 */
export class Floors {
  #floors = new Map<string, Floor>();
  /** Those of before the last turn-over. */
  #earlier: ReadonlyMap<string, Floor> = new Map();
  readonly #options: FloorsOptions;

  constructor(options: FloorsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#floors.size;
  }

  /** 0 when anything may be believed. */
  get(id: string): number {
    return Math.max(this.#floors.get(id)?.rev ?? 0, this.#earlier.get(id)?.rev ?? 0);
  }

  /** Raises it, never lowers. False when there is no room for it. */
  raise(id: string, rev: number, nowMs: number): boolean {
    const floor = this.#floors.get(id);
    if (floor !== undefined) {
      if (rev > floor.rev) {
        floor.rev = rev;
        floor.raisedAtMs = nowMs;
        floor.confirmedAtMs = undefined;
      }
      return true;
    }
    if (this.#floors.size >= this.#options.limit) {
      this.sweep(nowMs);
      if (this.#floors.size >= this.#options.limit) return false;
    }
    this.#floors.set(id, { rev, raisedAtMs: nowMs, confirmedAtMs: undefined });
    return true;
  }

  /**
   * The database has shown this revision to somebody here, who must not be shown an older one afterwards. Kept for a moment
   * only: whoever wrote it, or the outbox, brings Redis there. Without room it is left out.
   */
  remember(id: string, rev: number, nowMs: number): void {
    if (rev <= this.get(id) || !this.raise(id, rev, nowMs)) return;
    this.confirm(id, rev, nowMs);
  }

  /** Begins anew, with room; what there was counts until `forgetEarlier`. */
  turnOver(): void {
    this.#earlier = this.#floors;
    this.#floors = new Map();
  }

  forgetEarlier(): void {
    this.#earlier = new Map();
  }

  /** Redis has this revision in the current epoch. */
  confirm(id: string, rev: number, nowMs: number): void {
    const floor = this.#floors.get(id);
    if (floor !== undefined && rev >= floor.rev) floor.confirmedAtMs ??= nowMs;
  }

  /** Drops those that protect nobody any more. */
  sweep(nowMs: number): void {
    for (const [id, { confirmedAtMs, raisedAtMs }] of this.#floors) {
      const over =
        confirmedAtMs === undefined
          ? nowMs - raisedAtMs > this.#options.ttlMs
          : nowMs - confirmedAtMs > CONFIRMED_MS;
      if (over) this.#floors.delete(id);
    }
  }

  /** The data itself is another: after a restore, lower revisions are right. */
  clear(): void {
    this.#floors.clear();
    this.#earlier = new Map();
  }
}
