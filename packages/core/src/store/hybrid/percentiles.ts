export interface PercentilesOptions {
  /** Samples that count at most: the last ones. */
  readonly size?: number;
  /** Those that are older don't count any more; all do when not given. */
  readonly maxAgeMs?: number;
}

/** The last samples of something, and where most of them lie. */
export class Percentiles {
  readonly #samples: Float64Array;
  /** When each was taken, on the clock of `performance.now()`. */
  readonly #takenMs: Float64Array;
  readonly #maxAgeMs: number;
  #count = 0;

  constructor({ size = 1024, maxAgeMs = Number.POSITIVE_INFINITY }: PercentilesOptions = {}) {
    this.#samples = new Float64Array(size);
    this.#takenMs = new Float64Array(size);
    this.#maxAgeMs = maxAgeMs;
  }

  add(value: number): void {
    const at = this.#count % this.#samples.length;
    this.#samples[at] = value;
    this.#takenMs[at] = performance.now();
    this.#count += 1;
  }

  /** Null while no sample counts. */
  read(): { readonly p50: number; readonly p99: number } | null {
    const oldestMs = performance.now() - this.#maxAgeMs;
    const sorted = this.#samples
      .slice(0, this.#count)
      .filter((_, index) => (this.#takenMs[index] ?? 0) >= oldestMs)
      .sort();
    const size = sorted.length;
    if (size === 0) return null;
    const at = (share: number) => sorted[Math.min(size - 1, Math.floor(size * share))] ?? 0;
    return { p50: at(0.5), p99: at(0.99) };
  }
}
