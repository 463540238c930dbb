/** The last so many samples of something, and where most of them lie. */
export class Percentiles {
  readonly #samples: Float64Array;
  #count = 0;

  constructor(size = 1024) {
    this.#samples = new Float64Array(size);
  }

  add(value: number): void {
    this.#samples[this.#count % this.#samples.length] = value;
    this.#count += 1;
  }

  /** Null before the first sample. */
  read(): { readonly p50: number; readonly p99: number } | null {
    const size = Math.min(this.#count, this.#samples.length);
    if (size === 0) return null;
    const sorted = this.#samples.slice(0, size).sort();
    const at = (share: number) => sorted[Math.min(size - 1, Math.floor(size * share))] ?? 0;
    return { p50: at(0.5), p99: at(0.99) };
  }
}
