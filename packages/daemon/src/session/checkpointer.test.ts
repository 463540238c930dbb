import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Checkpoint } from '../screen/screen.ts';
import { Checkpointer } from './checkpointer.ts';

const MIB = 1024 * 1024;
const checkpoint = (offset: number): Checkpoint => ({ offset, sizeGeneration: 0, bytes: new Uint8Array(1) });

/** A checkpointer whose checkpoints are made by hand. */
function setUp() {
  const asked: PromiseWithResolvers<Checkpoint>[] = [];
  const delivered: number[] = [];
  const troubles: string[] = [];
  const checkpoints = new Checkpointer({
    offset: 0,
    make: () => {
      const next = Promise.withResolvers<Checkpoint>();
      asked.push(next);
      return next.promise;
    },
    deliver: ({ offset }) => delivered.push(offset),
    trouble: what => troubles.push(what),
  });
  return { checkpoints, asked, delivered, troubles };
}

describe('Checkpointer', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('makes one when the output has rested for a second', async () => {
    const { checkpoints, asked, delivered } = setUp();
    checkpoints.changed(10);
    await vi.advanceTimersByTimeAsync(900);
    checkpoints.changed(20);
    await vi.advanceTimersByTimeAsync(900);
    expect(asked).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(100);
    asked[0]?.resolve(checkpoint(20));
    await vi.advanceTimersByTimeAsync(0);
    expect(delivered).toEqual([20]);
    expect(checkpoints.offset).toBe(20);
  });

  it('makes one after five seconds of output that never rests', async () => {
    const { checkpoints, asked } = setUp();
    for (let tick = 0; tick < 60; tick += 1) {
      checkpoints.changed(tick);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(asked).toHaveLength(1);
  });

  it('makes one at once when the log has grown far beyond the last', () => {
    const { checkpoints, asked } = setUp();
    checkpoints.changed(32 * MIB);
    expect(asked).toHaveLength(0);
    checkpoints.changed(32 * MIB + 1);
    expect(asked).toHaveLength(1);
  });

  it('makes one at a time; who asks meanwhile gets one that holds everything so far', async () => {
    const { checkpoints, asked, delivered } = setUp();
    const first = checkpoints.make();
    const second = checkpoints.make();
    expect(asked).toHaveLength(1);
    asked[0]?.resolve(checkpoint(10));
    expect((await first)?.offset).toBe(10);
    await vi.advanceTimersByTimeAsync(0);
    asked[1]?.resolve(checkpoint(30));
    expect((await second)?.offset).toBe(30);
    expect(delivered).toEqual([10, 30]);
  });

  it('tells of one that failed, and goes on', async () => {
    const { checkpoints, asked, troubles } = setUp();
    const failed = checkpoints.make();
    asked[0]?.reject(new Error('too large'));
    expect(await failed).toBeUndefined();
    expect(troubles).toEqual(['making a checkpoint']);
    const next = checkpoints.make();
    asked[1]?.resolve(checkpoint(5));
    expect((await next)?.offset).toBe(5);
  });

  it('makes none when it is closed', async () => {
    const { checkpoints, asked } = setUp();
    checkpoints.changed(10);
    checkpoints.close();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await checkpoints.make()).toBeUndefined();
    expect(asked).toHaveLength(0);
  });
});
