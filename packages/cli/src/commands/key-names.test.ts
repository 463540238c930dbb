import { TermError } from '@triterm/core/errors';
import { describe, expect, it } from 'vitest';
import { encodeKey, encodeKeys, KEY_NAMES } from './key-names.ts';

function refusal(name: string): TermError {
  try {
    encodeKeys(name);
  } catch (thrown) {
    if (thrown instanceof TermError && thrown.code === 'BAD_KEY') return thrown;
    throw thrown;
  }
  throw new Error('nothing was thrown');
}

describe('a key', () => {
  it.each([
    ['a', 'a'],
    ['A', 'A'],
    ['é', 'é'],
    ['語', '語'],
    ['😀', '😀'],
    ['-', '-'],
    ['Space', ' '],
    ['Enter', '\r'],
    ['Tab', '\t'],
    ['BTab', '\x1b[Z'],
    ['Escape', '\x1b'],
    ['BSpace', '\x7f'],
    ['Up', '\x1b[A'],
    ['Down', '\x1b[B'],
    ['Right', '\x1b[C'],
    ['Left', '\x1b[D'],
    ['Home', '\x1b[H'],
    ['End', '\x1b[F'],
    ['Insert', '\x1b[2~'],
    ['Delete', '\x1b[3~'],
    ['PageUp', '\x1b[5~'],
    ['PageDown', '\x1b[6~'],
    ['F1', '\x1bOP'],
    ['F4', '\x1bOS'],
    ['F5', '\x1b[15~'],
    ['F6', '\x1b[17~'],
    ['F12', '\x1b[24~'],
    ['up', '\x1b[A'],
    ['ENTER', '\r'],
    ['pageup', '\x1b[5~'],
  ])('sends what a terminal sends: %s', (name, bytes) => expect(encodeKey(name)).toBe(bytes));

  it.each([
    ['C-c', '\x03'],
    ['C-C', '\x03'],
    ['C-a', '\x01'],
    ['C-z', '\x1a'],
    ['C-@', '\0'],
    ['C-Space', '\0'],
    ['C-[', '\x1b'],
    ['C-\\', '\x1c'],
    ['C-]', '\x1d'],
    ['C-^', '\x1e'],
    ['C-_', '\x1f'],
    ['C-/', '\x1f'],
    ['C-?', '\x7f'],
    ['M-x', '\x1bx'],
    ['M-X', '\x1bX'],
    ['C-M-a', '\x1b\x01'],
    ['M-C-a', '\x1b\x01'],
    ['S-a', 'A'],
    ['M-S-x', '\x1bX'],
    ['S-Tab', '\x1b[Z'],
    ['M-Enter', '\x1b\r'],
    ['C--', undefined],
    ['S-Up', '\x1b[1;2A'],
    ['M-Up', '\x1b[1;3A'],
    ['C-Up', '\x1b[1;5A'],
    ['C-M-S-Up', '\x1b[1;8A'],
    ['S-F1', '\x1b[1;2P'],
    ['C-F5', '\x1b[15;5~'],
    ['C-Delete', '\x1b[3;5~'],
    ['M--', '\x1b-'],
  ])('sends what a terminal sends with modifiers: %s', (name, bytes) => {
    if (bytes === undefined) expect(refusal(name).message).toContain('No terminal can tell');
    else expect(encodeKey(name)).toBe(bytes);
  });

  it.each(['C-1', 'C-é', 'C-Enter', 'S-Enter', 'S-1', 'C-Escape', 'C-Tab'])(
    'is refused where no terminal could tell it: %s',
    name => expect(refusal(name).message).toContain('No terminal can tell'),
  );

  it.each([
    ['Etner', 'There is no key "Etner". Did you mean Enter?'],
    ['F13', 'There is no key "F13". Did you mean F1?'],
    ['Hyper-x', 'There is no key "Hyper-x".'],
    ['', 'There is no key "".'],
    ['C-', 'There is no key "C-".'],
    ['a,,b', 'There is no key "".'],
  ])('is refused with a suggestion where there is none: %s', (name, message) => {
    expect(refusal(name).message).toBe(message);
  });

  it('stands in a list with others', () => {
    expect(encodeKeys('C-c,Up,q,Enter')).toBe('\x03\x1b[Aq\r');
  });

  it('has a name that means itself, whatever its case', () => {
    for (const name of KEY_NAMES) expect(encodeKey(name.toUpperCase())).toBe(encodeKey(name));
  });
});
