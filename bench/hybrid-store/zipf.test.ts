import { expect, it } from 'vitest';
import { randomFrom, Zipf } from './zipf.ts';

const COUNT = 10_000;
const EXPONENT = 0.99;
const DRAWS = 400_000;

it('draws each rank as often as its share says', () => {
  const zipf = new Zipf(COUNT, EXPONENT);
  const random = randomFrom(7);
  const drawn = new Uint32Array(COUNT);
  for (let draw = 0; draw < DRAWS; draw += 1) {
    const rank = zipf.draw(random());
    drawn[rank] = (drawn[rank] ?? 0) + 1;
  }
  // Rank 0, the first ten, hundred, thousand: five standard deviations around what the harmonic sums say.
  const harmonic = (count: number) =>
    Array.from({ length: count }, (_, rank) => (rank + 1) ** -EXPONENT).reduce((sum, one) => sum + one, 0);
  for (const first of [1, 10, 100, 1000]) {
    const expected = harmonic(first) / harmonic(COUNT);
    const found = drawn.slice(0, first).reduce((sum, one) => sum + one, 0) / DRAWS;
    expect(Math.abs(found - expected)).toBeLessThan(5 * Math.sqrt((expected * (1 - expected)) / DRAWS));
  }
});

it('has shares that fall with the rank and make one together', () => {
  const zipf = new Zipf(100, EXPONENT);
  const shares = Array.from({ length: 100 }, (_, rank) => zipf.share(rank));
  expect(shares).toEqual(shares.toSorted((a, b) => b - a));
  expect(shares.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 10);
  expect((shares[0] ?? 0) / (shares[9] ?? 1)).toBeCloseTo(10 ** EXPONENT, 10);
});

it('stays within its ranks at both ends', () => {
  const zipf = new Zipf(3, 1);
  expect(zipf.draw(0)).toBe(0);
  expect(zipf.draw(1 - Number.EPSILON)).toBe(2);
});

it('draws the same from the same seed, and something else from another', () => {
  const numbers = (seed: number) => Array.from({ length: 5 }, randomFrom(seed));
  expect(numbers(1)).toEqual(numbers(1));
  expect(numbers(1)).not.toEqual(numbers(2));
});
