import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Percentiles } from './percentiles.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('percentiles', () => {
  it('tell where most of the samples lie, and nothing before the first', () => {
    const samples = new Percentiles();
    expect(samples.read()).toBeNull();
    for (let value = 1; value <= 100; value += 1) samples.add(value);
    expect(samples.read()).toEqual({ p50: 51, p99: 100 });
  });

  it('are of the last samples only', () => {
    const samples = new Percentiles({ size: 2 });
    for (const value of [9, 1, 2]) samples.add(value);
    expect(samples.read()).toEqual({ p50: 2, p99: 2 });
  });

  it('forget what is too old', () => {
    const samples = new Percentiles({ maxAgeMs: 1000 });
    samples.add(300);
    vi.advanceTimersByTime(900);
    samples.add(2);
    expect(samples.read()?.p99).toBe(300);
    vi.advanceTimersByTime(200);
    expect(samples.read()?.p99).toBe(2);
    vi.advanceTimersByTime(1000);
    expect(samples.read()).toBeNull();
  });
});
