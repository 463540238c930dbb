import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayWidth, padEnd, padStart, truncateEnd, truncateStart } from './display-width.ts';

describe('displayWidth', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['語', 2],
    ['ｆｕｌｌ', 8],
    ['한글', 4],
    ['ﾊﾝｶｸ', 4],
    ['😀', 2],
    ['👩‍👩‍👧‍👦', 2],
    ['🇩🇪', 2],
    ['👍🏽', 2],
    ['\u200b', 0],
    ['─│┌', 3],
    ['ⓐ', 1],
  ])('of %j is %d', (text, width) => expect(displayWidth(text)).toBe(width));
});

describe('cutting', () => {
  it.each([
    ['abcdef', 6, 'abcdef', 'abcdef'],
    ['abcdef', 4, 'abc…', '…def'],
    ['abcdef', 1, '…', '…'],
    ['abcdef', 0, '', ''],
    ['語語語', 5, '語語…', '…語語'],
    ['語語語', 4, '語…', '…語'],
    ['語語語', 2, '…', '…'],
    ['a👩‍👩‍👧‍👦b👍🏽', 4, 'a👩‍👩‍👧‍👦…', '…b👍🏽'],
  ])('%s to %d cells gives %s or %s', (text, cells, end, start) => {
    expect(truncateEnd(text, cells)).toBe(end);
    expect(truncateStart(text, cells)).toBe(start);
  });

  it('gives at most what was asked for, and the whole when it fits', () => {
    const text = fc.string({ maxLength: 20, unit: 'grapheme' });
    fc.assert(
      fc.property(text, fc.integer({ min: 0, max: 30 }), (text, cells) => {
        for (const cut of [truncateEnd(text, cells), truncateStart(text, cells)]) {
          expect(displayWidth(cut)).toBeLessThanOrEqual(cells);
          if (displayWidth(text) <= cells) expect(cut).toBe(text);
        }
      }),
    );
  });
});

describe('padding', () => {
  it('counts cells', () => {
    expect(padEnd('語', 4)).toBe('語  ');
    expect(padStart('語', 4)).toBe('  語');
    expect(padEnd('too long', 3)).toBe('too long');
  });
});
