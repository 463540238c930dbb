import type { XtermDcsParser, XtermOscParser, XtermParams } from './xterm-internals.ts';

/** Longest string of an OSC or DCS sequence that is acted on, in UTF-16 units. A longer one is ignored up to its end. */
export const MAX_STRING_LENGTH = 65_536;

const BEL = 0x07;

/** A string sequence that has begun and not ended. */
export interface OpenString {
  text: string;
  /** It was longer than the limit; its text is forgotten. */
  overflowed: boolean;
}

export interface OpenDcs extends OpenString {
  /** What stands between `ESC P` and the data: parameters, intermediates, final byte. */
  introducer: string;
  /** Intermediates and final byte, e.g. `$q`. */
  name: string;
}

/** Takes the place of the terminal's own OSC parser: bounded, and its state can be read at any byte. */
export class OscCollector implements XtermOscParser {
  readonly #handler: (text: string, endsWithBel: boolean) => void;
  #open: OpenString | undefined;
  #data: Uint32Array | undefined;
  #position = 0;

  constructor(handler: (text: string, endsWithBel: boolean) => void) {
    this.#handler = handler;
  }

  /** The sequence that is open, a copy. */
  get open(): OpenString | undefined {
    return this.#open === undefined ? undefined : { ...this.#open };
  }

  set open(open: OpenString | undefined) {
    this.#open = open;
  }

  /** The parser begins to read these codepoints; tells the terminator of a string that began in earlier ones. */
  beginSlice(data: Uint32Array): void {
    this.#data = data;
    this.#position = 0;
  }

  start(): void {
    this.#open = { text: '', overflowed: false };
    this.#position = 0;
  }

  put(data: Uint32Array, start: number, end: number): void {
    append(this.#open, data, start, end);
    this.#position = end;
  }

  end(success: boolean): void {
    const open = this.#open;
    this.#open = undefined;
    if (success && open !== undefined && !open.overflowed) this.#handler(open.text, this.#endsWithBel());
  }

  reset(): void {
    this.#open = undefined;
  }

  dispose(): void {
    this.#open = undefined;
  }

  /** The parser does not tell what ended the string; it is the first terminator after what was put last. */
  #endsWithBel(): boolean {
    const data = this.#data;
    if (data === undefined) return false;
    for (let at = this.#position; at < data.length; at += 1) {
      const code = data[at];
      if (code === BEL) return true;
      if (code === 0x1b || code === 0x9c) return false;
    }
    return false;
  }
}

/** The same for DCS. */
export class DcsCollector implements XtermDcsParser {
  readonly #handler: (name: string, text: string) => void;
  #open: OpenDcs | undefined;

  constructor(handler: (name: string, text: string) => void) {
    this.#handler = handler;
  }

  get open(): OpenDcs | undefined {
    return this.#open === undefined ? undefined : { ...this.#open };
  }

  set open(open: OpenDcs | undefined) {
    this.#open = open;
  }

  hook(ident: number, params: XtermParams): void {
    const name = identText(ident);
    const hasPrefix = name.length > 1 && name >= '<' && name < '@';
    const prefix = hasPrefix ? name.slice(0, 1) : '';
    this.#open = {
      name,
      introducer: prefix + paramsText(params) + name.slice(prefix.length),
      text: '',
      overflowed: false,
    };
  }

  put(data: Uint32Array, start: number, end: number): void {
    append(this.#open, data, start, end);
  }

  unhook(success: boolean): void {
    const open = this.#open;
    this.#open = undefined;
    if (success && open !== undefined && !open.overflowed) this.#handler(open.name, open.text);
  }

  reset(): void {
    this.#open = undefined;
  }

  dispose(): void {
    this.#open = undefined;
  }
}

/** Bytes that are packed into an integer, most significant first. */
export function identText(ident: number): string {
  let text = '';
  for (let rest = ident; rest !== 0; rest >>>= 8) text = String.fromCharCode(rest & 0xff) + text;
  return text;
}

/** Parameters as they would be written; brings a parser that reads it into the same state. */
export function paramsText(params: XtermParams): string {
  let text = '';
  for (let i = 0; i < params.length; i += 1) {
    const value = params.params[i] ?? 0;
    if (i > 0) text += ';';
    text += value === 0 ? '' : String(value);
    const idx = params._subParamsIdx[i] ?? 0;
    for (let sub = idx >> 8; sub < (idx & 0xff); sub += 1) {
      const subValue = params._subParams[sub] ?? -1;
      text += subValue === -1 ? ':' : `:${subValue}`;
    }
  }
  // Beyond 32 parameters or sub-parameters the parser ignores digits; one more separator makes it do so.
  if (params._rejectDigits) text += ';';
  if (params._rejectSubDigits && params._digitIsSub) text += ':';
  return text;
}

function append(open: OpenString | undefined, data: Uint32Array, start: number, end: number): void {
  if (open === undefined || open.overflowed) return;
  if (open.text.length + end - start > MAX_STRING_LENGTH) {
    open.text = '';
    open.overflowed = true;
    return;
  }
  for (let at = start; at < end; at += 4096) {
    const part = data.subarray(at, Math.min(end, at + 4096));
    // Quicker, and enough for all but a few characters.
    const isBasic = part.every(code => code <= 0xffff);
    open.text += isBasic
      ? String.fromCharCode.apply(null, part as unknown as number[])
      : String.fromCodePoint(...part);
  }
}
