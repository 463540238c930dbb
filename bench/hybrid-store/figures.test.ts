import { expect, it } from 'vitest';
import { figuresOf } from './figures.ts';

it('finds mean, quantiles and the worst', () => {
  const values = Array.from({ length: 101 }, (_, i) => 100 - i);
  expect(figuresOf(values)).toEqual({ mean: 50, p50: 50, p99: 99, max: 100 });
});

it('takes as many values as a run has', () => {
  const values = Array.from({ length: 300_000 }, () => 1);
  expect(figuresOf(values).max).toBe(1);
});

it('does not make figures of nothing', () => {
  expect(() => figuresOf([])).toThrow(RangeError);
});
