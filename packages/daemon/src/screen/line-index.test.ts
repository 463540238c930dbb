import { describe, expect, it } from 'vitest';
import { LineIndex } from './line-index.ts';

describe('LineIndex', () => {
  it('knows the top line at every boundary, and the one before between boundaries', () => {
    const index = new LineIndex();
    for (let at = 0; at < 100; at += 1) index.record(at * 10, at);
    expect(index.topAt(500)).toBe(50);
    expect(index.topAt(509)).toBe(50);
    expect(index.topAt(99_999)).toBe(99);
  });

  it('forgets the oldest boundaries', () => {
    const index = new LineIndex();
    for (let at = 0; at < 10_000; at += 1) index.record(at, at);
    expect(index.topAt(9000)).toBe(9000);
    expect(index.topAt(10_000 - 4096)).toBe(10_000 - 4096);
    expect(index.topAt(10_000 - 4097)).toBeUndefined();
    expect(new LineIndex().topAt(5)).toBeUndefined();
  });
});
