import {
  ABORT_SEQUENCE,
  CSI_MODE_FINALS,
  CSI_QUERY_FINALS,
  isCsiQuery,
  isDcsQuery,
  isGraphicsQuery,
  type ModeTracker,
  OSC_QUERY_NUMBERS,
  PUSH_TITLE,
  withoutOscQueries,
} from '@triterm/core/terminal';
import { endOfString, type StringEnd } from './string-end.ts';

const ENQ = 0x05;
const CAN = 0x18;
const SUB = 0x1a;
const ESC = 0x1b;
const SPACE = 0x20;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const SEMICOLON = 0x3b;
const LESS_THAN = 0x3c;
const QUESTION_MARK = 0x3f;
const AT = 0x40;
const LOWER_H = 0x68;
const LOWER_L = 0x6c;
const LOWER_M = 0x6d;
const TILDE = 0x7e;
const DEL = 0x7f;

/** A control sequence that is longer than this is none that a program means; it is left out. */
const MAX_CSI_BYTES = 4096;
/** A string of which all must be seen to know what it is. A longer one carries data, and asks for nothing. */
const MAX_HELD_STRING_BYTES = 16 * 1024;
/** What stands before the text of a device control string or of graphics. */
const MAX_INTRODUCER_BYTES = 1024;

const State = {
  ground: 0,
  /** Within a string that goes to the terminal. */
  string: 1,
  /** Within a string that does not. */
  droppedString: 2,
  /** Within a control sequence that is too long. */
  droppedCsi: 3,
} as const;
type State = (typeof State)[keyof typeof State];

const EMPTY = Buffer.alloc(0);

/** What control sequences may be, by final byte. */
const MAY_BE_QUERY = 1;
const MAY_SET_MODE = 2;
const FINALS = new Uint8Array(128);
for (const final of CSI_QUERY_FINALS) FINALS[final.charCodeAt(0)] = MAY_BE_QUERY;
for (const final of CSI_MODE_FINALS)
  FINALS[final.charCodeAt(0)] = (FINALS[final.charCodeAt(0)] ?? 0) | MAY_SET_MODE;

/** Commands that the mode tracker follows: titles, link, progress, colours that are put back. */
function isTracked(number: number): boolean {
  return number <= 2 || number === 8 || number === 9 || (number >= 104 && number <= 119);
}

/**
 * What of a program's output goes to a person's terminal: everything but queries, which the session's own model
 * answers. The stream may be divided anywhere. A sequence that is not complete is kept back until it is known; what
 * has been returned never ends within a sequence that might be a query. Tells the tracker which modes were set.
 */
export class OutputFilter {
  readonly #modes: ModeTracker;
  #state: State = State.ground;
  /** The string that is open is an OSC, which BEL ends too. */
  #endsWithBel = false;
  /** The beginning of a sequence. */
  #held: Buffer = EMPTY;
  #out: Buffer[] = [];
  /** First byte of the present chunk that has not been returned. */
  #from = 0;

  constructor(modes: ModeTracker) {
    this.#modes = modes;
  }

  /** The pieces of the next bytes that go to the terminal, as views where possible. */
  push(chunk: Buffer): readonly Buffer[] {
    if (this.#state === State.ground && this.#held.length === 0) {
      if (chunk.length === 0) return [];
      if (chunk.indexOf(ESC) < 0 && chunk.indexOf(ENQ) < 0) return [chunk];
    }
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = EMPTY;
    this.#out = [];
    this.#from = 0;
    let at = 0;
    while (at >= 0 && at < bytes.length) {
      if (this.#state === State.ground) at = this.#ground(bytes, at);
      else if (this.#state === State.droppedCsi) at = this.#overlongCsi(bytes, at);
      else at = this.#string(bytes, at);
    }
    if (at >= 0) this.#keepUpTo(bytes, bytes.length);
    return this.#out;
  }

  /** What was returned last ends within a string, so that nothing else may be written now. */
  get isInString(): boolean {
    return this.#state === State.string;
  }

  /** What was begun is given up, because something else follows. Returns what ends it in the terminal. */
  abort(): string {
    const { isInString } = this;
    this.#state = State.ground;
    this.#held = EMPTY;
    return isInString ? ABORT_SEQUENCE : '';
  }

  /** Goes to the end of the next sequence that began in ground state. Returns where to go on, -1 when bytes are held. */
  #ground(bytes: Buffer, from: number): number {
    let at = from;
    while (at < bytes.length) {
      const byte = bytes[at] ?? 0;
      if (byte <= ESC && (byte === ESC || byte === ENQ)) break;
      at += 1;
    }
    if (at === bytes.length) return at;
    if (bytes[at] === ENQ) return this.#cut(bytes, at, at + 1);
    switch (bytes[at + 1]) {
      case undefined:
        return this.#hold(bytes, at);
      case 0x5b: // [
        return this.#csi(bytes, at);
      case 0x5d: // ]
        return this.#osc(bytes, at);
      case 0x50: // P
        return this.#dcs(bytes, at);
      case 0x5f: // _
        return this.#apc(bytes, at);
      case 0x58: // X, SOS
      case 0x5e: // ^, PM
        return this.#openString(at + 2, false);
      case 0x5a: // Z, DECID
        return this.#cut(bytes, at, at + 2);
      default:
        return this.#otherEscape(bytes, at);
    }
  }

  #csi(bytes: Buffer, start: number): number {
    let end = start + 2;
    let byte = bytes[end] ?? 0;
    while (byte >= SPACE && byte <= QUESTION_MARK) {
      end += 1;
      byte = bytes[end] ?? 0;
    }
    if (end >= bytes.length) return this.#incompleteCsi(bytes, start);
    if (byte < AT || byte > TILDE) return this.#csiWithControls(bytes, start, end);
    if (FINALS[byte] === 0) return end + 1;
    // Attributes are most of what there is; only those with a private prefix matter.
    const first = bytes[start + 2] ?? 0;
    if (byte === LOWER_M && (first < LESS_THAN || first > QUESTION_MARK)) return end + 1;
    if (first === QUESTION_MARK && (byte === LOWER_H || byte === LOWER_L)) {
      this.#privateModes(bytes, start + 3, end, byte === LOWER_H);
      return end + 1;
    }
    const body = bytes.toString('latin1', start + 2, end);
    return this.#isKeptCsi(body, byte) ? end + 1 : this.#cut(bytes, start, end + 1);
  }

  #isKeptCsi(body: string, finalByte: number): boolean {
    const kind = FINALS[finalByte] ?? 0;
    const final = String.fromCharCode(finalByte);
    if ((kind & MAY_BE_QUERY) !== 0 && isCsiQuery(body, final)) return false;
    if ((kind & MAY_SET_MODE) !== 0) this.#modes.csi(body, final);
    return true;
  }

  #privateModes(bytes: Buffer, from: number, end: number, on: boolean): void {
    let mode = 0;
    for (let at = from; at < end; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte >= DIGIT_0 && byte <= DIGIT_9) {
        mode = mode * 10 + byte - DIGIT_0;
      } else {
        // With intermediates or sub-parameters it is another sequence, which sets none of these modes.
        if (byte !== SEMICOLON) return;
        this.#modes.privateMode(mode, on);
        mode = 0;
      }
    }
    this.#modes.privateMode(mode, on);
  }

  #incompleteCsi(bytes: Buffer, start: number): number {
    if (bytes.length - start <= MAX_CSI_BYTES) return this.#hold(bytes, start);
    this.#keepUpTo(bytes, start);
    this.#from = bytes.length;
    this.#state = State.droppedCsi;
    return bytes.length;
  }

  /** Control characters within a control sequence are acted on at once and do not end it (ECMA-48, VT500). */
  #csiWithControls(bytes: Buffer, start: number, from: number): number {
    let body = bytes.toString('latin1', start + 2, from);
    const controls: number[] = [];
    for (let at = from; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte === ESC) return at;
      if (byte === CAN || byte === SUB || byte > DEL) return at + 1;
      if (byte >= AT && byte <= TILDE) {
        if (this.#isKeptCsi(body, byte)) return at + 1;
        this.#keepUpTo(bytes, start);
        if (controls.length > 0) this.#out.push(Buffer.from(controls));
        this.#from = at + 1;
        return at + 1;
      }
      if (byte >= SPACE && byte !== DEL) body += String.fromCharCode(byte);
      else if (byte !== DEL && byte !== ENQ) controls.push(byte);
    }
    return this.#incompleteCsi(bytes, start);
  }

  #overlongCsi(bytes: Buffer, from: number): number {
    let at = from;
    while (at < bytes.length) {
      const byte = bytes[at] ?? 0;
      if (byte === ESC || byte === CAN || byte === SUB || byte >= AT) break;
      at += 1;
    }
    if (at === bytes.length) {
      this.#from = at;
      return at;
    }
    this.#state = State.ground;
    const next = bytes[at] === ESC ? at : at + 1;
    this.#from = next;
    return next;
  }

  #osc(bytes: Buffer, start: number): number {
    let at = start + 2;
    let number = 0;
    let byte = bytes[at] ?? 0;
    while (byte >= DIGIT_0 && byte <= DIGIT_9 && at - start < 8) {
      number = number * 10 + byte - DIGIT_0;
      at += 1;
      byte = bytes[at] ?? 0;
    }
    if (at >= bytes.length) return this.#hold(bytes, start);
    const hasNumber = at > start + 2;
    if (!hasNumber || !(OSC_QUERY_NUMBERS.has(number) || isTracked(number)))
      return this.#openString(start + 2, true);
    const end = endOfString(bytes, at, true);
    if (end === undefined) {
      if (bytes.length - start <= MAX_HELD_STRING_BYTES) return this.#hold(bytes, start);
      return this.#openString(start + 2, true);
    }
    const text = byte === SEMICOLON ? bytes.toString('latin1', at + 1, end.textEnd) : '';
    return this.#wholeOsc(bytes, start, end, number, text);
  }

  #wholeOsc(bytes: Buffer, start: number, end: StringEnd, number: number, text: string): number {
    const { textEnd, next } = end;
    if (number <= 2 && !this.#modes.titled) this.#insert(bytes, start, PUSH_TITLE);
    if (!OSC_QUERY_NUMBERS.has(number)) {
      this.#modes.osc(number, text);
      return next;
    }
    const body = bytes.toString('latin1', start + 2, textEnd);
    const kept = withoutOscQueries(body);
    if (kept[0] === body) {
      this.#modes.osc(number, text);
      return next;
    }
    for (const part of kept) {
      this.#modes.osc(Number.parseInt(part, 10), part.slice(part.indexOf(';') + 1));
      this.#insert(bytes, start, Buffer.from(`\x1b]${part}\x1b\\`, 'latin1'));
    }
    return this.#cut(bytes, start, next);
  }

  #dcs(bytes: Buffer, start: number): number {
    let end = start + 2;
    let byte = bytes[end] ?? 0;
    while (byte >= SPACE && byte <= QUESTION_MARK) {
      end += 1;
      byte = bytes[end] ?? 0;
    }
    const isIncomplete = end >= bytes.length && bytes.length - start <= MAX_INTRODUCER_BYTES;
    if (isIncomplete) return this.#hold(bytes, start);
    return isDcsQuery(bytes.toString('latin1', start + 2, end + 1))
      ? this.#dropString(bytes, start, end + 1)
      : this.#openString(start + 2, false);
  }

  /** Application program commands: of those, kitty's graphics may ask something. */
  #apc(bytes: Buffer, start: number): number {
    const first = bytes[start + 2];
    if (first === undefined) return this.#hold(bytes, start);
    if (first !== 0x47) return this.#openString(start + 2, false);
    let end = start + 3;
    while (end < bytes.length && (bytes[end] ?? 0) >= SPACE && bytes[end] !== SEMICOLON) end += 1;
    if (end === bytes.length && end - start <= MAX_INTRODUCER_BYTES) return this.#hold(bytes, start);
    return isGraphicsQuery(bytes.toString('latin1', start + 3, end))
      ? this.#dropString(bytes, start, end)
      : this.#openString(start + 2, false);
  }

  #otherEscape(bytes: Buffer, start: number): number {
    let end = start + 1;
    let byte = bytes[end] ?? 0;
    while (byte >= SPACE && byte < DIGIT_0) {
      end += 1;
      byte = bytes[end] ?? 0;
    }
    if (end >= bytes.length) return bytes.length - start <= 8 ? this.#hold(bytes, start) : end;
    // Another ESC begins anew; control characters are acted on, and nothing that matters here is lost by that.
    if (byte < DIGIT_0 || byte > TILDE) return end;
    this.#modes.esc(bytes.toString('latin1', start + 1, end), String.fromCharCode(byte));
    return end + 1;
  }

  #string(bytes: Buffer, from: number): number {
    const isDropped = this.#state === State.droppedString;
    const end = endOfString(bytes, from, this.#endsWithBel);
    if (end !== undefined) {
      this.#state = State.ground;
      if (isDropped) this.#from = end.next;
      return end.next;
    }
    const endsWithEscape = bytes[bytes.length - 1] === ESC;
    if (isDropped) this.#from = endsWithEscape ? bytes.length - 1 : bytes.length;
    return endsWithEscape ? this.#hold(bytes, bytes.length - 1) : bytes.length;
  }

  #openString(textStart: number, endsWithBel: boolean): number {
    this.#state = State.string;
    this.#endsWithBel = endsWithBel;
    return textStart;
  }

  #dropString(bytes: Buffer, start: number, textStart: number): number {
    this.#keepUpTo(bytes, start);
    this.#state = State.droppedString;
    this.#endsWithBel = false;
    this.#from = textStart;
    return textStart;
  }

  #hold(bytes: Buffer, start: number): number {
    this.#keepUpTo(bytes, start);
    this.#held = Buffer.from(bytes.subarray(start));
    return -1;
  }

  #cut(bytes: Buffer, start: number, end: number): number {
    this.#keepUpTo(bytes, start);
    this.#from = end;
    return end;
  }

  #insert(bytes: Buffer, before: number, added: string | Buffer): void {
    this.#keepUpTo(bytes, before);
    this.#out.push(Buffer.from(added));
  }

  #keepUpTo(bytes: Buffer, end: number): void {
    if (end > this.#from) {
      const isAll = this.#from === 0 && end === bytes.length;
      this.#out.push(isAll ? bytes : bytes.subarray(this.#from, end));
    }
    this.#from = Math.max(this.#from, end);
  }
}
