import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainLine } from './plain-line.ts';

describe('plainLine', () => {
  it.each([
    ['a\tb\r\nc', 'a b c'],
    ['\x1b]0;title\x07x', ']0;titlex'],
    ['\x9b31mred\x7f', '31mred'],
    ['abc\u202edef\u2066\u061c', 'abcdef'],
    ['a\u2028b\u2029c', 'abc'],
    ['語 é 😀', '語 é 😀'],
    ['👩‍👧', '👩‍👧'],
  ])('of %j is %j', (text, plain) => expect(plainLine(text)).toBe(plain));

  it('leaves nothing that a terminal would act on', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        expect(plainLine(text)).not.toMatch(/\p{Cc}|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });
});
