import { stripVTControlCharacters } from 'node:util';
import { MAX_SCREEN_BYTES } from '@triterm/core/store';
import * as z from 'zod';
import type { Capture } from '../screen/screen.ts';

/** What is kept of a screen for other servers: lines with SGR, scrollback above the screen. */
export type ScreenContent = Pick<Capture, 'scrollback' | 'screen' | 'cursor' | 'alternateScreen'>;

/** Lines of scrollback that are kept at most. */
export const MAX_CONTENT_LINES = 500;

const lines = z.array(z.string());
const contentSchema = z.object({
  scrollback: lines,
  screen: lines,
  cursor: z.object({ row: z.int(), col: z.int(), visible: z.boolean() }),
  alternateScreen: z.boolean(),
});

/**
 * As JSON within the bound: the oldest scrollback goes first; then the attributes of a screen that is too much by itself; then what
 * does not fit of it, from its end.
 */
export function encodeContent({ scrollback, screen, cursor, alternateScreen }: ScreenContent): string {
  const rest = { cursor, alternateScreen };
  const room = MAX_SCREEN_BYTES - jsonBytes({ scrollback: [], screen: [], ...rest });
  const shown = linesBytes(screen) <= room ? screen : firstLines(screen.map(plain), room);
  const upwards = scrollback.slice(-MAX_CONTENT_LINES).reverse();
  const kept = firstLines(upwards, room - linesBytes(shown));
  return JSON.stringify({ scrollback: kept.reverse(), screen: shown, ...rest });
}

/** Undefined when it is none: written by a later release, or damaged. */
export function decodeContent(json: string): ScreenContent | undefined {
  try {
    return contentSchema.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}

/** Without attributes. */
export function plain(line: string): string {
  return stripVTControlCharacters(line);
}

function firstLines(lines: readonly string[], room: number): string[] {
  let left = room;
  const kept: string[] = [];
  for (const line of lines) {
    left -= lineBytes(line);
    if (left < 0) break;
    kept.push(line);
  }
  return kept;
}

function linesBytes(lines: readonly string[]): number {
  return lines.reduce((bytes, line) => bytes + lineBytes(line), 0);
}

/** With its comma. */
function lineBytes(line: string): number {
  return jsonBytes(line) + 1;
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
