import { TermError } from '@triterm/core/errors';
import { describe, expect, it } from 'vitest';
import { isKey, parseWatchedKey, readKeyEvent } from './key-forms.ts';

function matches(name: string, sequence: string): boolean {
  const event = readKeyEvent(sequence.slice(0, -1), sequence.slice(-1));
  return event !== undefined && isKey(parseWatchedKey(name), event);
}

describe('parseWatchedKey', () => {
  it.each([
    ['C-\\', '\x1c'],
    ['C-]', '\x1d'],
    ['C-a', '\x01'],
    ['C-^', '\x1e'],
    ['M-x', '\x1bx'],
    ['C-M-a', '\x1b\x01'],
    ['F12', '\x1b[24~'],
    ['S-F5', '\x1b[15;2~'],
    ['C-Up', '\x1b[1;5A'],
    ['F1', '\x1bOP'],
  ])('knows what %s sends', (name, bytes) => {
    expect(parseWatchedKey(name).bytes.toString('latin1')).toBe(bytes);
  });

  it.each([
    'q',
    'Enter',
    'Tab',
    'Escape',
    'Space',
    'BSpace',
    'C-i',
    'C-m',
    'C-[',
    'C-?',
    'ä',
    'nonsense',
    '',
  ])('refuses %j', name => {
    expect(() => parseWatchedKey(name)).toThrow(TermError);
    expect(() => parseWatchedKey(name)).toThrow(expect.objectContaining({ code: 'BAD_KEY' }));
  });
});

describe('isKey', () => {
  it.each([
    ['C-\\', '92;5u'],
    ['C-\\', '92;5:1u'],
    ['C-\\', '92;5:3u'],
    ['C-\\', '92::92;5u'],
    ['C-\\', '92:124;5u'],
    ['C-\\', '92;69u'],
    ['C-\\', '92;133u'],
    ['C-\\', '92;197u'],
    ['C-\\', '92;5;28u'],
    ['C-\\', '27;5;92~'],
    ['C-\\', '27;6;92~'],
    ['C-a', '97;5u'],
    ['C-a', '97:65;5u'],
    ['C-a', '1092::97;5u'],
    ['M-x', '120;3u'],
    ['M-x', '27;3;120~'],
    ['F12', '24~'],
    ['F12', '24;1:1~'],
    ['F12', '24;129~'],
    ['C-Up', '1;5A'],
    ['F1', 'P'],
    ['F1', '1;1:1P'],
  ])('finds %s in CSI %s', (name, sequence) => expect(matches(name, sequence)).toBe(true));

  it.each([
    ['C-\\', '92u'],
    ['C-\\', '92;1u'],
    ['C-\\', '92;7u'],
    ['C-\\', '93;5u'],
    ['C-\\', '27;3;92~'],
    ['C-a', '97;6u'],
    ['C-a', '27;5;98~'],
    ['F12', '24;5~'],
    ['F12', '23~'],
    ['C-Up', '1;5B'],
    ['C-Up', 'A'],
    ['C-\\', '200~'],
    ['C-\\', '<0;92;5M'],
    ['C-\\', '?92;5u'],
  ])('does not find %s in CSI %s', (name, sequence) => expect(matches(name, sequence)).toBe(false));
});
