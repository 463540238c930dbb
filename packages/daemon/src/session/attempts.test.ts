import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Attempts } from './attempts.ts';

describe('work that failed', () => {
  const told: unknown[] = [];
  let attempts: Attempts;
  let tried = 0;
  const failing = async (times: number) => {
    tried += 1;
    if (tried <= times) throw new Error(`attempt ${tried}`);
  };
  beforeEach(() => {
    vi.useFakeTimers();
    told.length = 0;
    tried = 0;
    attempts = new Attempts({ trouble: (session, what) => told.push([session, what]) });
  });
  afterEach(() => {
    attempts.stop();
    vi.useRealTimers();
  });

  it('is repeated until it is done, with pauses that double', async () => {
    await attempts.run('s', 'working', () => failing(3));
    expect(tried).toBe(1);
    await vi.advanceTimersByTimeAsync(500);
    expect(tried).toBe(2);
    await vi.advanceTimersByTimeAsync(1000 + 2000);
    expect(tried).toBe(4);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(tried).toBe(4);
    expect(told).toEqual(Array(3).fill(['s', 'working']));
  });

  it('is left after they were stopped, also what was under way then', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const underWay = attempts.run('s', 'working', () => promise.then(() => failing(9)));
    await attempts.run('t', 'working', () => failing(9));
    attempts.stop();
    resolve();
    await underWay;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(tried).toBe(2);
  });
});
