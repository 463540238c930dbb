/** Places that are remembered; a client that was left behind longer ago gets as many lines as it may. */
const CAPACITY = 4096;
const FIRST_CAPACITY = 64;

/**
 * The permanent number of the line at the screen's top, for every boundary of what was written at which it changed: so what
 * scrolled by since is known. Rows are noted while output is parsed, which costs nothing; `settle` turns them into lines and
 * must come before rows are renumbered (older rows are packed, the width changes).
 */
export class LineIndex {
  #offsets = new Float64Array(FIRST_CAPACITY);
  /** Lines of settled places, rows of the others. */
  #tops = new Float64Array(FIRST_CAPACITY);
  #written = 0;
  #settled = 0;

  get isSettled(): boolean {
    return this.#settled === this.#written;
  }

  /** `row` rows were above the screen when everything before `offset` had been parsed. Offsets never go back. */
  record(offset: number, row: number): void {
    const capacity = this.#offsets.length;
    if (!this.isSettled && this.#tops[(this.#written - 1) % capacity] === row) return;
    if (this.#written >= capacity && capacity < CAPACITY) this.#grow();
    const slot = this.#written % this.#offsets.length;
    this.#offsets[slot] = offset;
    this.#tops[slot] = row;
    this.#written += 1;
  }

  /** `lineOf` gives the line that a row belongs to. */
  settle(lineOf: (row: number) => number): void {
    const capacity = this.#offsets.length;
    for (let at = Math.max(this.#settled, this.#written - capacity); at < this.#written; at += 1) {
      const slot = at % capacity;
      this.#tops[slot] = lineOf(this.#tops[slot] ?? 0);
    }
    this.#settled = this.#written;
  }

  /** The line at the screen's top at this offset, when all is settled; undefined when that is forgotten. */
  topAt(offset: number): number | undefined {
    const capacity = this.#offsets.length;
    let low = Math.max(0, this.#written - capacity);
    let high = this.#written - 1;
    let found: number | undefined;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const slot = middle % capacity;
      if ((this.#offsets[slot] ?? 0) <= offset) {
        found = this.#tops[slot];
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return found;
  }

  /** Only called before the ring has gone round. */
  #grow(): void {
    const capacity = this.#offsets.length * 2;
    const offsets = new Float64Array(capacity);
    const tops = new Float64Array(capacity);
    offsets.set(this.#offsets);
    tops.set(this.#tops);
    this.#offsets = offsets;
    this.#tops = tops;
  }
}
