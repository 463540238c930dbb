import { describe, expect, it } from 'vitest';
import { byteText, countText, latencyText, percentText, rateText } from './quantity.ts';

describe('quantities', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [100 * 2 ** 20, '100.0 MiB'],
    [2 ** 60, '1048576.0 TiB'],
  ])('of %d bytes are %s', (bytes, text) => {
    expect(byteText(bytes)).toBe(text);
  });

  it.each([
    [0.084, '0.08 ms'],
    [12.4, '12 ms'],
    [1500, '1.5 s'],
    [180_000, '3m'],
  ])('of %d ms are %s', (ms, text) => {
    expect(latencyText(ms)).toBe(text);
  });

  it('of other kinds are as exact as matters', () => {
    expect([0, 0.254, 12.55, 1234.5].map(rateText)).toEqual(['0', '0.25', '12.6', '1235']);
    expect(percentText(0.9314)).toBe('93.1 %');
    expect([countText(1, 'entry', 'entries'), countText(0, 'entry', 'entries')]).toEqual([
      '1 entry',
      '0 entries',
    ]);
  });
});
