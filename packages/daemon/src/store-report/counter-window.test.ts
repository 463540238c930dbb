import { describe, expect, it } from 'vitest';
import { CounterWindow } from './counter-window.ts';
import { storeStats } from './testing/sources.ts';

describe('counts per second', () => {
  it('are since the start when first looked at', () => {
    const window = new CounterWindow(0, storeStats());
    expect(window.look(20_000, storeStats({ reads: 100, l1Hits: 40 }, 10))).toMatchObject({
      reads: 5,
      l1Hits: 2,
      writes: 0.5,
      windowMs: 20_000,
    });
  });

  it('are since the look before, when that is longer ago than the window', () => {
    const window = new CounterWindow(0, storeStats());
    window.look(20_000, storeStats({ reads: 100 }));
    expect(window.look(50_000, storeStats({ reads: 160 }))).toMatchObject({ reads: 2, windowMs: 30_000 });
  });

  it('are over the last ten seconds when looked at often', () => {
    const window = new CounterWindow(0, storeStats());
    for (let second = 1; second < 60; second += 1) window.look(second * 1000, storeStats({ reads: second }));
    // From the fiftieth second on ten a second.
    for (let second = 60; second <= 70; second += 1)
      window.look(second * 1000, storeStats({ reads: 60 + (second - 60) * 10 }));
    expect(window.look(71_000, storeStats({ reads: 170 }))).toMatchObject({ reads: 10, windowMs: 10_000 });
  });

  it('do not jump when two people look at once', () => {
    const window = new CounterWindow(0, storeStats());
    window.look(5000, storeStats({ reads: 50 }));
    window.look(10_000, storeStats({ reads: 100 }));
    expect(window.look(10_001, storeStats({ reads: 100 })).reads).toBeCloseTo(10, 0);
  });

  it('are 0 in the first instant', () => {
    expect(new CounterWindow(5, storeStats()).look(5, storeStats({ reads: 3 }))).toMatchObject({
      reads: 0,
      windowMs: 0,
    });
  });
});
