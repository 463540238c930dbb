import { describe, expect, it } from 'vitest';
import { paceWindowBytes, RateMeter } from './pacing.ts';

const MIB = 1024 * 1024;

describe('how far a program may run ahead', () => {
  it('is half a second of what the client takes, within bounds', () => {
    expect(paceWindowBytes(0)).toBe(4 * MIB);
    expect(paceWindowBytes(20 * MIB)).toBe(10 * MIB);
    expect(paceWindowBytes(1000 * MIB)).toBe(40 * MIB);
  });
});

describe('the rate at which a client takes output', () => {
  const take = (meter: RateMeter, bytesPerMs: number, fromMs: number, toMs: number) => {
    meter.start(fromMs);
    for (let nowMs = fromMs + 10; nowMs <= toMs; nowMs += 10)
      meter.taken(bytesPerMs * 10, nowMs, nowMs === toMs);
  };

  it('comes near the true one within a second', () => {
    const meter = new RateMeter();
    take(meter, 1000, 0, 1000);
    expect(meter.bytesPerSecond).toBeGreaterThan(900_000);
    expect(meter.bytesPerSecond).toBeLessThanOrEqual(1_000_000);
  });

  it('does not count the time in which there was nothing to take', () => {
    const meter = new RateMeter();
    take(meter, 1000, 0, 1000);
    take(meter, 1000, 60_000, 61_000);
    expect(meter.bytesPerSecond).toBeGreaterThan(900_000);
  });
});
