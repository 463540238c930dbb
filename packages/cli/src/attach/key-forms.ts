import { TermError } from '@triterm/core/errors';
import { encodeKey, readModifiers } from '../commands/key-names.ts';

const SHIFT = 1;
const ALT = 2;
const CTRL = 4;
/** Caps lock and num lock, which the kitty protocol reports as modifiers. */
const LOCKS = 64 | 128;

/** A key as it may be written in an escape sequence. */
export type KeyCode =
  /** `CSI code ; m u` (kitty, and xterm's formatOtherKeys) or `CSI 27 ; m ; code ~` (modifyOtherKeys). */
  | { readonly form: 'code'; readonly code: number }
  /** `CSI 1 ; m final`, `SS3 final`. */
  | { readonly form: 'letter'; readonly final: string }
  /** `CSI number ; m ~`. */
  | { readonly form: 'tilde'; readonly number: number };

export type KeyEventType = 'press' | 'repeat' | 'release';

export interface KeyEvent {
  readonly key: KeyCode;
  /** The code that the key has in a standard layout, where the terminal tells. */
  readonly baseCode?: number;
  /** Bits: shift, alt, ctrl, and more; without locks. */
  readonly modifiers: number;
  readonly type: KeyEventType;
}

/** A key that the client itself acts on, in every form in which a terminal may send it. */
export interface WatchedKey {
  /** What it sends in a terminal's normal modes. */
  readonly bytes: Buffer;
  readonly key: KeyCode;
  readonly modifiers: number;
}

/** The keys that text consists of: nobody could type with one of them taken away. */
const TYPING_KEYS = new Set(['\r', '\n', '\t', '\u001b', '\u007f', '\b', ' ']);

/** Reads a key such as `C-\`, `M-x` or `F12`. Throws BAD_KEY, also for a key that is needed for typing. */
export function parseWatchedKey(name: string): WatchedKey {
  const text = encodeKey(name);
  const { modifiers: named, base } = readModifiers(name);
  const bytes = Buffer.from(text);
  const tilde = /^\x1b\[(\d+)(?:;(\d+))?~$/.exec(text);
  if (tilde !== null)
    return {
      bytes,
      key: { form: 'tilde', number: Number(tilde[1]) },
      modifiers: Number(tilde[2] ?? 1) - 1,
    };
  const letter = /^\x1b(?:\[1;(\d+)|\[|O)([A-Z])$/.exec(text);
  if (letter?.[2] !== undefined && base.length > 1)
    return { bytes, key: { form: 'letter', final: letter[2] }, modifiers: Number(letter[1] ?? 1) - 1 };
  if (TYPING_KEYS.has(text) || !(named.ctrl || named.alt)) throw neededForTyping(name);
  return {
    bytes,
    key: { form: 'code', code: base.toLowerCase().codePointAt(0) ?? 0 },
    modifiers: (named.shift ? SHIFT : 0) | (named.alt ? ALT : 0) | (named.ctrl ? CTRL : 0),
  };
}

function neededForTyping(name: string): TermError {
  return new TermError('BAD_KEY', `${JSON.stringify(name)} is needed for typing.`, {
    hint: 'Give a key with Ctrl or Alt, such as C-\\, C-a or M-x, or a function key such as F12.',
  });
}

/** Reads `CSI body final` as a key; undefined when it is none. */
export function readKeyEvent(body: string, final: string): KeyEvent | undefined {
  if (!/^[\d:;]*$/.test(body)) return undefined;
  const [first = [], second = [], third = []] = body
    .split(';')
    .map(field => field.split(':').map(number => Number.parseInt(number, 10)));
  const [code = Number.NaN, , baseCode] = first;
  const [modifiers = 1, type = 1] = second;
  const event = {
    modifiers: ((Number.isNaN(modifiers) ? 1 : modifiers) - 1) & ~LOCKS,
    type: type === 3 ? ('release' as const) : type === 2 ? ('repeat' as const) : ('press' as const),
  };
  if (final === 'u')
    return {
      ...event,
      key: { form: 'code', code },
      ...(baseCode === undefined || Number.isNaN(baseCode) ? {} : { baseCode }),
    };
  if (final === '~') {
    const [otherCode] = third;
    if (code === 27 && otherCode !== undefined) return { ...event, key: { form: 'code', code: otherCode } };
    return { ...event, key: { form: 'tilde', number: code } };
  }
  return /^[A-Z]$/.test(final) ? { ...event, key: { form: 'letter', final } } : undefined;
}

/** Whether this is the watched key. Shift does not matter for a character that may need it on some keyboard. */
export function isKey(watched: WatchedKey, event: KeyEvent): boolean {
  const { key } = event;
  if (watched.key.form === 'letter') {
    return key.form === 'letter' && key.final === watched.key.final && event.modifiers === watched.modifiers;
  }
  if (watched.key.form === 'tilde') {
    return key.form === 'tilde' && key.number === watched.key.number && event.modifiers === watched.modifiers;
  }
  const { code } = watched.key;
  if (key.form !== 'code' || (key.code !== code && event.baseCode !== code)) return false;
  const isLetter = code >= 0x61 && code <= 0x7a;
  const relevant = isLetter ? -1 : ~SHIFT;
  return (event.modifiers & relevant) === (watched.modifiers & relevant);
}
