import { TermError } from '@triterm/core/errors';
import { didYouMean } from './suggest.ts';

/**
 * The bytes that a key sends on a terminal in its normal modes (ECMA-48, and xterm's "PC-style function keys" with
 * modifier 1 + shift + 2·alt + 4·ctrl). Programs that ask for application cursor keys accept these as well.
 */
type Key =
  | { readonly kind: 'text'; readonly text: string }
  /** `CSI final`, with modifiers `CSI 1 ; m final`. */
  | { readonly kind: 'letter'; readonly final: string; readonly plain: string }
  /** `CSI number ~`, with modifiers `CSI number ; m ~`. */
  | { readonly kind: 'tilde'; readonly number: number };

const text = (bytes: string): Key => ({ kind: 'text', text: bytes });
const cursor = (final: string): Key => ({ kind: 'letter', final, plain: `\u001b[${final}` });
/** F1 to F4 are `SS3 final` without modifiers. */
const function4 = (final: string): Key => ({ kind: 'letter', final, plain: `\u001bO${final}` });
const tilde = (number: number): Key => ({ kind: 'tilde', number });

const KEYS: Readonly<Record<string, Key>> = {
  Enter: text('\r'),
  Tab: text('\t'),
  BTab: text('\u001b[Z'),
  Escape: text('\u001b'),
  Space: text(' '),
  BSpace: text('\u007f'),
  Up: cursor('A'),
  Down: cursor('B'),
  Right: cursor('C'),
  Left: cursor('D'),
  Home: cursor('H'),
  End: cursor('F'),
  Insert: tilde(2),
  Delete: tilde(3),
  PageUp: tilde(5),
  PageDown: tilde(6),
  F1: function4('P'),
  F2: function4('Q'),
  F3: function4('R'),
  F4: function4('S'),
  F5: tilde(15),
  F6: tilde(17),
  F7: tilde(18),
  F8: tilde(19),
  F9: tilde(20),
  F10: tilde(21),
  F11: tilde(23),
  F12: tilde(24),
};
export const KEY_NAMES: readonly string[] = Object.keys(KEYS);

/** Control characters that are not `C-` and a letter. */
const CONTROLS: Readonly<Record<string, string>> = {
  ' ': '\u0000',
  '@': '\u0000',
  '[': '\u001b',
  '\\': '\u001c',
  ']': '\u001d',
  '^': '\u001e',
  _: '\u001f',
  '/': '\u001f',
  '?': '\u007f',
};

interface Modifiers {
  readonly ctrl: boolean;
  readonly alt: boolean;
  readonly shift: boolean;
}

/** Encodes `C-c,M-x,Up,S-F5,q` as what the keys send, one after the other. Throws BAD_KEY. */
export function encodeKeys(list: string): string {
  return list.split(',').map(encodeKey).join('');
}

/** Encodes one key: a name or a character, behind any of `C-`, `M-` and `S-`. Throws BAD_KEY. */
export function encodeKey(name: string): string {
  const { modifiers, base } = readModifiers(name);
  const key = findKey(base);
  if (key === undefined) {
    const known = base.length > 1 ? didYouMean(base, KEY_NAMES) : '';
    throw new TermError('BAD_KEY', `There is no key ${JSON.stringify(name)}.${known}`);
  }
  return encode(key, modifiers, name);
}

/** Splits `C-M-x` into its modifiers and what they modify. */
export function readModifiers(name: string): { modifiers: Modifiers; base: string } {
  const found = { C: false, M: false, S: false };
  let base = name;
  for (let match = /^([CMS])-(?=.)/u.exec(base); match !== null; match = /^([CMS])-(?=.)/u.exec(base)) {
    found[match[1] as keyof typeof found] = true;
    base = base.slice(2);
  }
  return { modifiers: { ctrl: found.C, alt: found.M, shift: found.S }, base };
}

function findKey(base: string): Key | undefined {
  if (base === '') return undefined;
  if ([...base].length === 1) return text(base);
  const name = KEY_NAMES.find(known => known.toLowerCase() === base.toLowerCase());
  return name === undefined ? undefined : KEYS[name];
}

function encode(key: Key, modifiers: Modifiers, name: string): string {
  if (key.kind === 'text') return encodeText(key.text, modifiers, name);
  const code = 1 + Number(modifiers.shift) + 2 * Number(modifiers.alt) + 4 * Number(modifiers.ctrl);
  if (key.kind === 'letter') return code === 1 ? key.plain : `\u001b[1;${code}${key.final}`;
  return code === 1 ? `\u001b[${key.number}~` : `\u001b[${key.number};${code}~`;
}

function encodeText(plain: string, { ctrl, alt, shift }: Modifiers, name: string): string {
  const prefix = alt ? '\u001b' : '';
  if (shift && plain === '\t' && !ctrl) return `${prefix}\u001b[Z`;
  const shifted = shift && [...plain].length === 1 ? plain.toUpperCase() : plain;
  const bytes = ctrl ? control(shifted) : shifted;
  if (bytes === undefined || (shift && shifted === plain && plain !== ' '))
    throw new TermError('BAD_KEY', `No terminal can tell ${JSON.stringify(name)} from the key without it.`, {
      hint: 'Leave the modifier out; see `triterm send --help`.',
    });
  return prefix + bytes;
}

function control(character: string): string | undefined {
  if (/^[a-z]$/i.test(character)) return String.fromCharCode(character.toUpperCase().charCodeAt(0) - 64);
  return CONTROLS[character];
}
