import { describe, expect, it } from 'vitest';
import { ANSWER_MAX_AGE_MS, ReadClock } from './read-clock.ts';

describe('ReadClock', () => {
  it('knows for two seconds that something was just read', () => {
    const clock = new ReadClock();
    clock.note(100, 1000);
    expect(clock.isFresh(100, 1000)).toBe(true);
    expect(clock.isFresh(50, 1000 + ANSWER_MAX_AGE_MS)).toBe(true);
    expect(clock.isFresh(50, 1001 + ANSWER_MAX_AGE_MS)).toBe(false);
  });

  it('judges each part of the stream by the time it was read', () => {
    const clock = new ReadClock();
    clock.note(100, 0);
    clock.note(200, 1500);
    expect(clock.isFresh(100, 2100)).toBe(false);
    expect(clock.isFresh(101, 2100)).toBe(true);
  });

  it('calls nothing fresh that was never read', () => {
    const clock = new ReadClock();
    expect(clock.isFresh(1, 0)).toBe(false);
    clock.note(100, 0);
    expect(clock.isFresh(101, 0)).toBe(false);
  });

  it('does not become fresh again by later reads', () => {
    const clock = new ReadClock();
    clock.note(100, 0);
    for (let atMs = 100; atMs <= 10_000; atMs += 100) clock.note(100 + atMs, atMs);
    expect(clock.isFresh(100, 10_000)).toBe(false);
    expect(clock.isFresh(10_100, 10_000)).toBe(true);
  });

  it('keeps a flood of reads in few entries and still tells old from new', () => {
    const clock = new ReadClock();
    for (let read = 1; read <= 100_000; read += 1) clock.note(read, read / 10);
    expect(clock.isFresh(100_000, 10_000)).toBe(true);
    expect(clock.isFresh(81_000, 10_000)).toBe(true);
    expect(clock.isFresh(79_000, 10_000)).toBe(false);
  });
});
