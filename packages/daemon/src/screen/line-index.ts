/** Boundaries that are remembered; a client that was left behind longer ago gets as many lines as it may. */
const CAPACITY = 4096;

/** At each boundary of what was written, the permanent number of the line at the screen's top: what scrolled by since is known. */
export class LineIndex {
  readonly #offsets = new Float64Array(CAPACITY);
  readonly #lines = new Float64Array(CAPACITY);
  #written = 0;

  /** Offsets never go back. */
  record(offset: number, line: number): void {
    const slot = this.#written % CAPACITY;
    this.#offsets[slot] = offset;
    this.#lines[slot] = line;
    this.#written += 1;
  }

  /** The line at the screen's top when everything before this offset had been parsed; undefined when that is forgotten. */
  topAt(offset: number): number | undefined {
    let low = Math.max(0, this.#written - CAPACITY);
    let high = this.#written - 1;
    let found: number | undefined;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const slot = middle % CAPACITY;
      if ((this.#offsets[slot] ?? 0) <= offset) {
        found = this.#lines[slot];
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return found;
  }
}
