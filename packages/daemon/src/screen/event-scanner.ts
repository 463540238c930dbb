/** The end of something that must be acted on, in a chunk of output. */
export interface Cut {
  /** Index at which a terminal has acted on it. */
  readonly end: number;
  /** Index just after it; beyond `end` for a string whose ESC is not followed by `\`. */
  readonly nominalEnd: number;
  /** Log offset of its first byte, for a sequence. */
  readonly start?: number;
}

const BEL = 0x07;
const CAN = 0x18;
const SUB = 0x1a;
const ESC = 0x1b;
const BACKSLASH = 0x5c;
const SEMICOLON = 0x3b;
const LEFT_BRACKET = 0x5b;
const RIGHT_BRACKET = 0x5d;
const DCS = 0x50;
const FIRST_FINAL = 0x40;
const DEL = 0x7f;

/** Titles, colours (they may be asked for), working directory, notifications and shell marks. */
const TOLD: ReadonlySet<number> = new Set([0, 1, 2, 4, 7, 9, 10, 11, 12, 99, 777, 133]);
/** Strings that are not OSC: DCS, SOS, PM, APC. */
const OTHER_STRINGS: ReadonlySet<number> = new Set([DCS, 0x58, 0x5e, 0x5f]);
/** DECRQSS and XTGETTCAP, by what stands before their text. */
const DCS_QUERY = /^[\d;:]*[$+]q$/;
/**
 * Control sequences that are answered or tell a title, by what stands after `ESC [`: device attributes, status reports, DECRQM,
 * XTVERSION, keyboard modes, the window's size, a title that is restored. One too many does no harm.
 */
const CSI_EVENT = /^(?:[>=]?[\d;:]*c|\??[\d;:]*n|\??[\d;:]*\$p|>[\d;:]*q|\?[\d;:]*[um]|[\d;:]*t)$/;
/** Last bytes of those; `m` without a question mark is too frequent to look at. */
const CSI_EVENT_FINALS: ReadonlySet<number> = new Set([...'cnpqut'].map(final => final.charCodeAt(0)));
const QUESTION_MARK = 0x3f;
const LETTER_M = 0x6d;
/** Places in one chunk; what comes after is told at the chunk's end. Only a flood of events has more. */
const MAX_CUTS = 4096;
/** Characters of a sequence before its text that are looked at. */
const MAX_INTRODUCER = 32;
/** Bells nearer to each other than this are told as one. */
const BELL_DISTANCE_BYTES = 1024;

const Ground = 0;
const Escape = 1;
const OscNumber = 2;
const OscText = 3;
const Other = 4;
/** ESC within a string: its end when `\` follows. */
const StringEscape = 5;
const Csi = 6;
const DcsIntroducer = 7;

/**
 * Finds the sequences that a terminal answers or that sessions are told of, and bells, over any division of the stream into chunks
 * (ECMA-48, xterm). Must see whatever the terminal model tells its listener of.
 */
export class EventScanner {
  #state = Ground;
  #number = 0;
  #digits = 0;
  /** Whether the string that is open is one to tell. */
  #told = false;
  #sequenceStart = 0;
  /** What stands after `ESC [` or `ESC P` so far. */
  #introducer = '';
  #lastBell = Number.NEGATIVE_INFINITY;

  /**
   * Bytes by which the end of what was pushed falls short of the end of a string: a terminal acts on the ESC of its terminator,
   * which counts as a whole wherever the stream is divided.
   */
  get missingBytes(): number {
    return this.#state === StringEscape ? 1 : 0;
  }

  /** What ends in this chunk, which stands at `offset`, in order. */
  push(offset: number, bytes: Uint8Array): Cut[] {
    const cuts: Cut[] = [];
    let nextBell = bytes.indexOf(BEL);
    let at = 0;
    while (at < bytes.length) {
      if (this.#state !== Ground) {
        at = this.#inSequence(offset, bytes, at, cuts);
        continue;
      }
      const nextEscape = indexOfSequence(bytes, at);
      if (nextBell >= 0 && nextBell < at) nextBell = bytes.indexOf(BEL, at);
      while (nextBell >= 0 && nextBell < nextEscape) {
        this.#bell(offset, nextBell, cuts);
        nextBell = bytes.indexOf(BEL, nextBell + 1);
      }
      if (nextEscape === bytes.length) break;
      this.#sequenceStart = offset + nextEscape;
      this.#state = Escape;
      at = nextEscape + 1;
    }
    return cuts;
  }

  #inSequence(offset: number, bytes: Uint8Array, at: number, cuts: Cut[]): number {
    const byte = bytes[at] ?? 0;
    switch (this.#state) {
      case Escape:
        if (byte === BEL) this.#bell(offset, at, cuts);
        this.#afterEscape(byte === ESC ? offset + at : this.#sequenceStart, byte);
        return at + 1;
      case Csi:
        this.#csi(offset, byte, at, cuts);
        return at + 1;
      case DcsIntroducer:
        this.#dcsIntroducer(byte);
        return this.#state === DcsIntroducer ? at + 1 : this.#inText(bytes, at, cuts);
      case OscNumber:
        this.#oscNumber(byte);
        return this.#state === OscNumber ? at + 1 : this.#inText(bytes, at, cuts);
      case StringEscape: {
        if (byte === BACKSLASH) {
          this.#endString(at + 1, cuts);
          return at + 1;
        }
        this.#endString(at, cuts, at + 1);
        this.#afterEscape(byte === ESC ? offset + at : offset + at - 1, byte);
        return at + 1;
      }
      default:
        return this.#inText(bytes, at, cuts);
    }
  }

  #afterEscape(start: number, byte: number): void {
    this.#sequenceStart = start;
    if (byte === RIGHT_BRACKET) {
      this.#state = OscNumber;
      this.#number = 0;
      this.#digits = 0;
      this.#told = false;
    } else if (byte === LEFT_BRACKET) {
      this.#state = Csi;
      this.#introducer = '';
    } else if (OTHER_STRINGS.has(byte)) {
      this.#state = byte === DCS ? DcsIntroducer : Other;
      this.#introducer = '';
      this.#told = false;
    } else {
      // Controls take effect within a sequence; DEL, and bytes that are no character, count for nothing.
      const goesOn = (byte < 0x20 && byte !== CAN && byte !== SUB) || byte >= DEL;
      this.#state = goesOn ? Escape : Ground;
    }
  }

  #csi(offset: number, byte: number, at: number, cuts: Cut[]): void {
    if (byte === ESC) {
      this.#sequenceStart = offset + at;
      this.#state = Escape;
    } else if (byte === CAN || byte === SUB) {
      this.#state = Ground;
    } else if (byte === BEL) {
      this.#bell(offset, at, cuts);
    } else if (byte >= 0x20 && byte < DEL) {
      if (this.#introducer.length < MAX_INTRODUCER) this.#introducer += String.fromCharCode(byte);
      if (byte < FIRST_FINAL) return;
      this.#state = Ground;
      if (CSI_EVENT.test(this.#introducer)) {
        addCut(cuts, { end: at + 1, nominalEnd: at + 1, start: this.#sequenceStart });
      }
    }
  }

  /** Up to the final byte, or to what ends the string. */
  #dcsIntroducer(byte: number): void {
    if (byte < 0x20) {
      if (byte === ESC || byte === CAN || byte === SUB) this.#state = Other;
      return;
    }
    if (byte >= DEL) return;
    this.#introducer += String.fromCharCode(byte);
    if (byte < FIRST_FINAL && this.#introducer.length < MAX_INTRODUCER) return;
    this.#told = DCS_QUERY.test(this.#introducer);
    this.#state = Other;
  }

  #oscNumber(byte: number): void {
    if (byte >= 0x30 && byte <= 0x39 && this.#digits < 5) {
      this.#number = this.#number * 10 + byte - 0x30;
      this.#digits += 1;
      return;
    }
    const ends = byte === ESC || byte === BEL || byte === CAN || byte === SUB;
    if ((byte < 0x20 && !ends) || byte > DEL) return;
    // A number alone is a command without a text.
    this.#told = (byte === SEMICOLON || ends) && this.#digits > 0 && TOLD.has(this.#number);
    this.#state = OscText;
  }

  /** Goes to the end of the string, or of the chunk. */
  #inText(bytes: Uint8Array, from: number, cuts: Cut[]): number {
    const isOsc = this.#state === OscText;
    for (let at = from; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte > ESC) continue;
      if (byte === ESC) {
        this.#state = StringEscape;
        return at + 1;
      }
      if (byte === CAN || byte === SUB) {
        this.#state = Ground;
        return at + 1;
      }
      if (byte === BEL && isOsc) {
        this.#endString(at + 1, cuts);
        return at + 1;
      }
    }
    return bytes.length;
  }

  #endString(end: number, cuts: Cut[], nominalEnd = end): void {
    if (this.#told && end > 0) addCut(cuts, { end, nominalEnd, start: this.#sequenceStart });
    this.#told = false;
    this.#state = Ground;
  }

  #bell(offset: number, at: number, cuts: Cut[]): void {
    if (offset + at - this.#lastBell < BELL_DISTANCE_BYTES) return;
    this.#lastBell = offset + at;
    addCut(cuts, { end: at + 1, nominalEnd: at + 1 });
  }
}

function addCut(cuts: Cut[], cut: Cut): void {
  if (cuts.length < MAX_CUTS) cuts.push(cut);
}

/** Bytes that are looked at one by one before the search is left to native code, which is slow to start. */
const NEAR_BYTES = 48;

/** Index of the next ESC that may begin something to tell. The length when there is none. */
function indexOfSequence(bytes: Uint8Array, from: number): number {
  let at = from;
  for (;;) {
    const nearEnd = Math.min(at + NEAR_BYTES, bytes.length);
    while (at < nearEnd && bytes[at] !== ESC) at += 1;
    if (at === nearEnd) {
      at = bytes.indexOf(ESC, at);
      if (at < 0) return bytes.length;
    }
    if (bytes[at + 1] !== LEFT_BRACKET) return at;
    let end = at + 2;
    let byte = bytes[end] ?? ESC;
    const first = byte;
    while (byte >= 0x20 && byte < FIRST_FINAL) {
      end += 1;
      byte = bytes[end] ?? ESC;
    }
    // Controls in the sequence, and its end in another chunk, are for closer looking.
    if (
      byte < 0x20 ||
      byte >= DEL ||
      CSI_EVENT_FINALS.has(byte) ||
      (byte === LETTER_M && first === QUESTION_MARK)
    )
      return at;
    at = end + 1;
  }
}
