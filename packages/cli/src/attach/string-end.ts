const BEL = 0x07;
const CAN = 0x18;
const SUB = 0x1a;
const ESC = 0x1b;
const BACKSLASH = 0x5c;

export interface StringEnd {
  /** Behind the string's text. */
  readonly textEnd: number;
  /** Behind its terminator; an ESC that begins something else is none. */
  readonly next: number;
}

/**
 * Where a control string (OSC, DCS, APC, PM, SOS) ends: at ST, at CAN or SUB, at any other ESC, and an OSC also at BEL.
 * Undefined when the bytes do not tell.
 */
export function endOfString(bytes: Buffer, from: number, endsWithBel: boolean): StringEnd | undefined {
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte > ESC) continue;
    if (byte === ESC) {
      const following = bytes[at + 1];
      if (following === undefined) return undefined;
      return { textEnd: at, next: following === BACKSLASH ? at + 2 : at };
    }
    if (byte === CAN || byte === SUB || (byte === BEL && endsWithBel)) return { textEnd: at, next: at + 1 };
  }
  return undefined;
}
