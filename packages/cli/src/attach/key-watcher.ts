import { isKey, type KeyEventType, readKeyEvent, type WatchedKey } from './key-forms.ts';

const ESC = 0x1b;
const BEL = 0x07;
const BACKSLASH = 0x5c;

const PASTE_END = Buffer.from('\x1b[201~');
/** Parameters of one control sequence that may be a key or an answer. */
const MAX_SEQUENCE_BYTES = 64;
/** `OSC 10;rgb:ffff/ffff/ffff ST`, and whatever a terminal may say instead. */
const MAX_REPORT_BYTES = 256;
/** The beginning of a colour's report, as far as it goes. */
const REPORT_BEGIN = /^\x1b\](?:1(?:[0-2](?:;|$)|$)|$)/;

const EMPTY = Buffer.alloc(0);

/** What was typed, taken apart. */
export type Typed<Name extends string> =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  /** A watched key; the bytes are those that came. */
  | { readonly kind: 'key'; readonly name: Name; readonly bytes: Buffer; readonly type: KeyEventType }
  /** The terminal's answer to a query for its colours or for what it is. */
  | { readonly kind: 'answer'; readonly bytes: Buffer };

/** A sequence that stands at some place; `what` is undefined for one that is none of ours. */
interface Sequence<Name extends string> {
  readonly length: number;
  readonly what?:
    | { kind: 'key'; name: Name; type: KeyEventType }
    | { kind: 'answer' }
    | { kind: 'pasteBegin' };
}

/**
 * Finds watched keys and a terminal's answers in what a person types, however it is divided into reads; never within
 * a bracketed paste. A lone ESC is passed on at once, because it is a key of its own; when its sequence follows in
 * the next read it is recognised all the same. Other incomplete sequences are kept back: `flush` passes them on.
 */
export class KeyWatcher<Name extends string> {
  readonly #keys: readonly (readonly [Name, WatchedKey])[];
  #inPaste = false;
  /** The last bytes of the paste, which its end may begin in. */
  #pasteTail: Buffer = EMPTY;
  /** The beginning of a sequence. */
  #held: Buffer = EMPTY;
  /** How many of the held bytes have been passed on already. */
  #passed = 0;

  /** Of two names for one key, the first counts. */
  constructor(keys: Readonly<Partial<Record<Name, WatchedKey>>>) {
    this.#keys = (Object.entries(keys) as [Name, WatchedKey | undefined][]).flatMap(([name, key]) =>
      key === undefined ? [] : [[name, key] as const],
    );
  }

  /** Bytes are kept back that may have to be flushed. */
  get holds(): boolean {
    return this.#held.length > this.#passed;
  }

  /** The next bytes. */
  push(chunk: Buffer): Typed<Name>[] {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const passed = this.#passed;
    this.#held = EMPTY;
    this.#passed = 0;
    return this.#split(bytes, passed);
  }

  /** Nothing followed in time: what is kept back was typed as it is. */
  flush(): Typed<Name>[] {
    const bytes = this.#held.subarray(this.#passed);
    this.#held = EMPTY;
    this.#passed = 0;
    return bytes.length === 0 ? [] : [{ kind: 'bytes', bytes }];
  }

  #split(bytes: Buffer, passed: number): Typed<Name>[] {
    const out: Typed<Name>[] = [];
    let from = passed;
    const passOn = (end: number): void => {
      if (end > from) out.push({ kind: 'bytes', bytes: bytes.subarray(from, end) });
      from = Math.max(from, end);
    };
    let at = 0;
    while (at < bytes.length) {
      if (this.#inPaste) {
        at = this.#pasteEnd(bytes, at);
        continue;
      }
      const sequence = bytes[at] === ESC ? this.#sequence(bytes, at, passed) : this.#single(bytes, at);
      if (sequence === undefined) {
        // Of a lone ESC nothing is kept back.
        const isLone = at === bytes.length - 1;
        passOn(isLone ? bytes.length : at);
        this.#held = Buffer.from(bytes.subarray(at));
        this.#passed = isLone ? 1 : Math.max(0, from - at);
        return out;
      }
      const end = at + sequence.length;
      if (sequence.what?.kind === 'pasteBegin') {
        this.#inPaste = true;
        this.#pasteTail = EMPTY;
      } else if (sequence.what !== undefined) {
        passOn(at);
        out.push({ ...sequence.what, bytes: bytes.subarray(at, end) });
        from = end;
      }
      at = end;
    }
    passOn(bytes.length);
    return out;
  }

  /** Index at which the open paste ends, or the end of the bytes. */
  #pasteEnd(bytes: Buffer, from: number): number {
    const tail = this.#pasteTail;
    const searched = Buffer.concat([tail, bytes.subarray(from)]);
    const found = searched.indexOf(PASTE_END);
    if (found < 0) {
      this.#pasteTail = searched.subarray(Math.max(0, searched.length - PASTE_END.length + 1));
      return bytes.length;
    }
    this.#inPaste = false;
    return from + found + PASTE_END.length - tail.length;
  }

  /** A byte that is a key by itself. */
  #single(bytes: Buffer, at: number): Sequence<Name> {
    const byte = bytes[at];
    for (const [name, { bytes: sent }] of this.#keys) {
      if (sent.length === 1 && sent[0] === byte)
        return { length: 1, what: { kind: 'key', name, type: 'press' } };
    }
    return { length: 1 };
  }

  /** The sequence that begins with the ESC here; undefined when it is not complete and may matter. */
  #sequence(bytes: Buffer, at: number, passed: number): Sequence<Name> | undefined {
    switch (bytes[at + 1]) {
      case undefined:
        return undefined;
      case 0x5b: // [
        return this.#control(bytes, at);
      case 0x5d: // ]
        return isColourReport(bytes, at) ? colourReport(bytes, at) : this.#altKey(bytes, at, passed);
      case 0x4f: // O
        if (bytes.length < at + 3) return undefined;
        return this.#literal(bytes, at, 3) ?? { length: 3 };
      case ESC:
        return { length: 1 };
      default:
        return this.#altKey(bytes, at, passed);
    }
  }

  #control(bytes: Buffer, at: number): Sequence<Name> | undefined {
    let end = at + 2;
    while (end < bytes.length && (bytes[end] ?? 0) >= 0x20 && (bytes[end] ?? 0) <= 0x3f) end += 1;
    if (end - at > MAX_SEQUENCE_BYTES) return { length: 2 };
    const finalByte = bytes[end];
    if (finalByte === undefined) return undefined;
    if (finalByte < 0x40 || finalByte > 0x7e) return { length: 2 };
    const length = end + 1 - at;
    const body = bytes.toString('latin1', at + 2, end);
    const final = String.fromCharCode(finalByte);
    if (body === '200' && final === '~') return { length, what: { kind: 'pasteBegin' } };
    if (final === 'c' && body.startsWith('?')) return { length, what: { kind: 'answer' } };
    const event = readKeyEvent(body, final);
    if (event === undefined) return { length };
    const match = this.#keys.find(([, watched]) => isKey(watched, event));
    return match === undefined
      ? { length }
      : { length, what: { kind: 'key', name: match[0], type: event.type } };
  }

  /** ESC and a character, typed with Alt. After an ESC that was passed on it is a key of its own. */
  #altKey(bytes: Buffer, at: number, passed: number): Sequence<Name> {
    if (at < passed) return { length: 1 };
    return this.#literal(bytes, at, 2) ?? { length: 1 };
  }

  #literal(bytes: Buffer, at: number, length: number): Sequence<Name> | undefined {
    const sent = bytes.subarray(at, at + length);
    for (const [name, key] of this.#keys) {
      const isCursorKey = key.key.form === 'letter' && key.modifiers === 0 && length === 3;
      const isSame = key.bytes.equals(sent) || (isCursorKey && lastByte(key.bytes) === lastByte(sent));
      if (isSame) return { length, what: { kind: 'key', name, type: 'press' } };
    }
    return undefined;
  }
}

function lastByte(bytes: Buffer): number | undefined {
  return bytes[bytes.length - 1];
}

/** Whether a report of a colour begins here, as far as the bytes tell. */
function isColourReport(bytes: Buffer, at: number): boolean {
  return REPORT_BEGIN.test(bytes.toString('latin1', at, at + 5));
}

/** The report of a colour that begins here; undefined when it is not complete. */
function colourReport<Name extends string>(bytes: Buffer, at: number): Sequence<Name> | undefined {
  for (let end = at + 2; end < bytes.length; end += 1) {
    if (end - at > MAX_REPORT_BYTES) return { length: 2 };
    if (bytes[end] === BEL) return { length: end + 1 - at, what: { kind: 'answer' } };
    if (bytes[end] !== ESC) continue;
    if (bytes[end + 1] === undefined) return undefined;
    return bytes[end + 1] === BACKSLASH
      ? { length: end + 2 - at, what: { kind: 'answer' } }
      : { length: end - at };
  }
  return undefined;
}
