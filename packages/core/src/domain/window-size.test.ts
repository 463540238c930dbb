import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_SIZE, isWindowSize, MAX_SIDE, parseWindowSize, sameSize } from './window-size.ts';

const side = fc.integer({ min: 1, max: MAX_SIDE });
const anySize = fc.record({ cols: side, rows: side });

describe('a window size', () => {
  it('is parsed from what people write and printed back', () => {
    fc.assert(
      fc.property(anySize, size => {
        expect(parseWindowSize(`${size.cols}x${size.rows}`)).toEqual(size);
        expect(parseWindowSize(`${size.cols}X${size.rows}`)).toEqual(size);
      }),
    );
    expect(parseWindowSize('0120x040')).toEqual({ cols: 120, rows: 40 });
  });

  it.each([
    '',
    'x',
    '80',
    '80x',
    'x24',
    '0x24',
    '80x0',
    '-1x24',
    '80x-1',
    '4097x1',
    '1x4097',
    '100000x100000',
    '80x24x1',
    '80*24',
    '8e1x24',
    '80.5x24',
    ' 80x24',
    '80x24\n',
    '٨٠x٢٤',
    'NaNxNaN',
  ])('is not %j', text => expect(parseWindowSize(text)).toBeUndefined());

  it('has whole sides from 1 to 4096', () => {
    expect(isWindowSize(DEFAULT_SIZE)).toBe(true);
    expect(isWindowSize({ cols: 1, rows: MAX_SIDE })).toBe(true);
    for (const bad of [0, -1, 1.5, MAX_SIDE + 1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(isWindowSize({ cols: bad, rows: 24 })).toBe(false);
      expect(isWindowSize({ cols: 80, rows: bad })).toBe(false);
    }
  });

  it('is the same when both sides are', () => {
    fc.assert(
      fc.property(anySize, anySize, (a, b) => {
        expect(sameSize(a, b)).toBe(a.cols === b.cols && a.rows === b.rows);
        expect(sameSize(a, { ...a })).toBe(true);
      }),
    );
  });
});
