import { expect, it } from 'vitest';
import { quantile, Results } from './results.ts';

it('finds quantiles between the nearest two values', () => {
  expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
  expect(quantile([10, 20, 30], 0.5)).toBe(20);
  expect(quantile([10, 20], 0.99)).toBeCloseTo(19.9);
  expect(quantile([7], 0.99)).toBe(7);
  expect(quantile([], 0.5)).toBeUndefined();
});

it('keeps the values of a series together', () => {
  const results = new Results();
  const key = { measure: 'echo', peer: 'tmux', variant: 'idle', metric: 'p50 µs' };
  for (const value of [3, 1, 2]) results.add({ ...key }, value);
  results.add({ ...key, peer: 'dtach' }, 9);
  expect(results.find(key)?.values).toEqual([3, 1, 2]);
  expect(results.median(key)).toBe(2);
  expect(results.median({ ...key, metric: 'p99 µs' })).toBeUndefined();
});
