import { jsonBytes } from '../json-bytes.ts';
import type { NumberedLine } from './history/history.ts';
import type { Capture } from './screen.ts';
import { plainText } from './search/pattern.ts';

export interface LinesWanted {
  readonly lines: number;
  readonly ansi: boolean;
  /** What they may take in JSON. */
  readonly bytes: number;
}

/** The first ones of lines that come the newest first, as many as fit; where one alone does not, it comes plain, and cut off. */
export function capturedLines(
  newestFirst: Iterable<NumberedLine>,
  { lines, ansi, bytes }: LinesWanted,
): Pick<Capture, 'scrollback' | 'firstLine' | 'more'> {
  const scrollback: string[] = [];
  let firstLine: number | null = null;
  let roomBytes = bytes;
  for (const { number, text } of newestFirst) {
    if (scrollback.length >= lines) break;
    const shown = ansi ? text : plainText(text);
    roomBytes -= jsonBytes(shown);
    if (roomBytes < 0 && firstLine !== null)
      return { scrollback: scrollback.reverse(), firstLine, more: true };
    scrollback.push(roomBytes < 0 ? cut(text, bytes) : shown);
    firstLine = number;
  }
  return { scrollback: scrollback.reverse(), firstLine, more: false };
}

function cut(text: string, bytes: number): string {
  const plain = plainText(text);
  if (jsonBytes(plain) <= bytes) return plain;
  // A UTF-16 code unit takes six bytes at most.
  return plain.slice(0, Math.floor(bytes / 6));
}
