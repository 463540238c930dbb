import { jsonBytes } from '../json-bytes.ts';
import type { NumberedLine } from './history/history.ts';
import type { Capture } from './screen.ts';
import { plainText } from './search/pattern.ts';

/** What the lines of a capture may take in a message, which holds the screen and a session too. */
const CAPTURE_BYTES = 4 * 1024 * 1024;

/**
 * The first `lines` of lines that come the newest first, as many as fit; at least one, if need be without its colours, or cut off.
 */
export function capturedLines(
  newestFirst: Iterable<NumberedLine>,
  lines: number,
  ansi: boolean,
  bytes: number = CAPTURE_BYTES,
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
