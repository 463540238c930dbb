import { describe, expect, it } from 'vitest';
import { LineIndex } from './line-index.ts';

const same = (row: number) => row;

describe('LineIndex', () => {
  it('knows the top line at every boundary, and the one before between boundaries', () => {
    const index = new LineIndex();
    for (let at = 0; at < 100; at += 1) index.record(at * 10, at);
    index.settle(row => row + 1000);
    expect(index.topAt(500)).toBe(1050);
    expect(index.topAt(509)).toBe(1050);
    expect(index.topAt(99_999)).toBe(1099);
  });

  it('keeps what was settled when rows get other numbers', () => {
    const index = new LineIndex();
    index.record(10, 5);
    index.settle(row => row + 100);
    index.record(20, 5);
    index.settle(row => row + 200);
    expect([index.topAt(10), index.topAt(19), index.topAt(20)]).toEqual([105, 105, 205]);
  });

  it('remembers only where the top changed, so output that does not scroll costs nothing', () => {
    const index = new LineIndex();
    index.record(1, 1);
    for (let at = 2; at < 100_000; at += 1) index.record(at, 7);
    index.settle(same);
    expect([index.topAt(1), index.topAt(2), index.topAt(99_999)]).toEqual([1, 7, 7]);
  });

  it('forgets the oldest places', () => {
    const index = new LineIndex();
    for (let at = 0; at < 10_000; at += 1) index.record(at, at);
    index.settle(same);
    expect(index.topAt(9000)).toBe(9000);
    expect(index.topAt(10_000 - 4096)).toBe(10_000 - 4096);
    expect(index.topAt(10_000 - 4097)).toBeUndefined();
    expect(new LineIndex().topAt(5)).toBeUndefined();
  });
});
