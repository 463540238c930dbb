import { quantile } from '../results.ts';

export interface Figures {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Throws RangeError for no values. */
export function figuresOf(values: readonly number[]): Figures {
  const p50 = quantile(values, 0.5);
  const p99 = quantile(values, 0.99);
  if (p50 === undefined || p99 === undefined) throw new RangeError('nothing was measured');
  const sum = values.reduce((all, value) => all + value, 0);
  return { mean: sum / values.length, p50, p99, max: values.reduce((a, b) => Math.max(a, b)) };
}
