import { describe, expect, it } from 'vitest';
import { elapsedMs, shortDuration } from './duration.ts';

describe('a duration', () => {
  it.each([
    [-5, '0s'],
    [0, '0s'],
    [999, '0s'],
    [1000, '1s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [3_599_999, '59m'],
    [3_600_000, '1h'],
    [86_399_999, '23h'],
    [86_400_000, '1d'],
    [400 * 86_400_000, '400d'],
  ])('of %d ms is %s', (ms, text) => expect(shortDuration(ms)).toBe(text));
});

describe('the time since', () => {
  const now = Date.parse('2026-01-01T00:00:10.000Z');
  it.each([
    ['2026-01-01T00:00:00.000Z', 10_000],
    ['2026-01-01T01:00:00.000+01:00', 10_000],
    ['2026-01-01T00:00:11.000Z', 0],
    ['not a time', 0],
  ])('%s is %d ms', (time, ms) => expect(elapsedMs(time, now)).toBe(ms));
});
