/** A source of numbers from 0 up to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Ranks from 0 to `count` - 1, rank r as often as 1 / (r + 1)^exponent says. */
export class Zipf {
  /** The share of all draws that fall on a rank or a lower one. */
  readonly #cumulated: Float64Array;

  constructor(count: number, exponent: number) {
    this.#cumulated = new Float64Array(count);
    let sum = 0;
    for (let rank = 0; rank < count; rank += 1) {
      sum += 1 / (rank + 1) ** exponent;
      this.#cumulated[rank] = sum;
    }
    for (let rank = 0; rank < count; rank += 1) this.#cumulated[rank] = (this.#cumulated[rank] ?? 0) / sum;
  }

  /** The share of all draws that fall on it. */
  share(rank: number): number {
    return (this.#cumulated[rank] ?? 1) - (this.#cumulated[rank - 1] ?? 0);
  }

  /** The rank that a random number from 0 up to 1 falls on. */
  draw(random: number): number {
    let low = 0;
    let high = this.#cumulated.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#cumulated[middle] ?? 1) > random) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
