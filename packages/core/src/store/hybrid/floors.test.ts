import { describe, expect, it } from 'vitest';
import { Floors } from './floors.ts';

const HOUR_MS = 3_600_000;
const floors = (limit = 10) => new Floors({ limit, ttlMs: HOUR_MS });

describe('Floors', () => {
  it('rises and never falls', () => {
    const known = floors();
    known.raise('a', 5, 0);
    known.raise('a', 3, 1);
    expect(known.get('a')).toBe(5);
    expect(known.get('b')).toBe(0);
  });

  it('keeps a floor that Redis was not seen to reach as long as an entry below it may live', () => {
    const known = floors();
    known.raise('a', 5, 0);
    known.confirm('a', 4, 1);
    known.sweep(HOUR_MS);
    expect(known.get('a')).toBe(5);
    known.sweep(HOUR_MS + 1);
    expect(known.get('a')).toBe(0);
  });

  it('keeps one that Redis has reached until every read that began before is over', () => {
    const known = floors();
    known.raise('a', 5, 0);
    known.confirm('a', 5, 1000);
    known.sweep(11_000);
    expect(known.get('a')).toBe(5);
    known.sweep(11_001);
    expect(known.get('a')).toBe(0);
  });

  it('takes a later rise for unconfirmed again', () => {
    const known = floors();
    known.raise('a', 5, 0);
    known.confirm('a', 5, 0);
    known.raise('a', 6, 10);
    known.sweep(60_000);
    expect(known.get('a')).toBe(6);
  });

  it('says when there is no room, and makes room of what protects nobody any more', () => {
    const known = floors(2);
    expect(known.raise('a', 1, 0)).toBe(true);
    expect(known.raise('b', 1, 0)).toBe(true);
    expect(known.raise('c', 1, 0)).toBe(false);
    expect(known.raise('a', 2, 0)).toBe(true);
    known.confirm('b', 1, 0);
    expect(known.raise('c', 1, 20_000)).toBe(true);
    expect(known.get('b')).toBe(0);
  });
});
