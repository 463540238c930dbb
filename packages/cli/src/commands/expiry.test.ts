import { describe, expect, it } from 'vitest';
import { parseExpiryMs } from './expiry.ts';

const NOW_MS = Date.parse('2026-11-26T12:00:00Z');
const HOUR_MS = 3_600_000;

describe('when a token expires', () => {
  it.each([
    ['45m', 0.75 * HOUR_MS],
    ['12h', 12 * HOUR_MS],
    ['30d', 720 * HOUR_MS],
    ['2w', 336 * HOUR_MS],
    ['2026-11-26', 12 * HOUR_MS - 1],
    ['2026-11-27T12:00:00Z', 24 * HOUR_MS],
    ['2026-11-27T12:00:00+02:00', 22 * HOUR_MS],
  ])('is read from %s', (text, expected) => {
    expect(parseExpiryMs(text, NOW_MS)).toBe(expected);
  });

  it.each([
    ...['', '30', '30 d', '-1d', '1.5h', '0d', '3y', 'tomorrow', '2026-02-31', '2026-13-01', '31.12.2026'],
    ...['2026-11-25', '2026-11-26T11:59:59Z', '99999w', '2026-11-27Tnoon'],
  ])('is not %j', text => {
    expect(() => parseExpiryMs(text, NOW_MS)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});
