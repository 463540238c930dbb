import headless from '@xterm/headless';
import { ending, type Payload, payloadBlock } from '../programs/payloads.ts';
import { COLS, ROWS } from './outer-terminal.ts';

/** What a person sees: each row's characters with their colours and attributes. */
export type ScreenState = readonly string[];

/** The screen of a terminal that was given these bytes. */
export async function screenAfter(bytes: Uint8Array): Promise<ScreenState> {
  const terminal = new headless.Terminal({
    cols: COLS,
    rows: ROWS,
    scrollback: 1000,
    allowProposedApi: true,
    logLevel: 'off',
  });
  await new Promise<void>(resolve => terminal.write(bytes, resolve));
  const { active } = terminal.buffer;
  const rows = Array.from({ length: ROWS }, (_, row) => rowState(active, active.baseY + row));
  terminal.dispose();
  return rows;
}

/**
 * The screen that a payload leaves, however often it was written: the second block finds the screen that the first one
 * left, and so does any later one.
 */
export function expectedScreen(payload: Payload, marker: string): Promise<ScreenState> {
  const block = payloadBlock(payload).toString('utf8');
  // As the tty hands it on (ONLCR).
  const text = (block + block + ending(marker)).replaceAll('\n', '\r\n');
  return screenAfter(Buffer.from(text));
}

/** Line breaks of a block, each of which the tty makes a byte longer. */
export function lineBreaks(block: Buffer): number {
  let count = 0;
  for (let at = block.indexOf(10); at >= 0; at = block.indexOf(10, at + 1)) count += 1;
  return count;
}

/** Rows that differ. */
export function differences(one: ScreenState, other: ScreenState): number {
  return one.filter((row, index) => row !== other[index]).length;
}

function rowState(buffer: headless.IBuffer, index: number): string {
  const line = buffer.getLine(index);
  let state = '';
  for (let col = 0; col < COLS; col += 1) {
    const cell = line?.getCell(col);
    if (cell === undefined || cell.getWidth() === 0) continue;
    const look = [
      cell.getFgColorMode(),
      cell.getFgColor(),
      cell.getBgColorMode(),
      cell.getBgColor(),
      cell.isBold(),
      cell.isDim(),
      cell.isItalic(),
      cell.isUnderline(),
      cell.isInverse(),
    ].join();
    state += `${cell.getChars() || ' '}\t${look}\n`;
  }
  return state;
}
