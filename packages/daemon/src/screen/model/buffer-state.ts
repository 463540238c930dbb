import { type ByteReader, type ByteWriter, damaged } from './byte-codec.ts';
import { BG_EXTENDED, CELL_WORDS, CODEPOINT_MASK, COMBINED_FLAG, WIDTH_SHIFT } from './cells.ts';
import { charsetFinal, charsetOf } from './charsets.ts';
import { usedCells } from './row-archive.ts';
import {
  makeLine,
  type RowCells,
  type XtermAttributes,
  type XtermBuffer,
  type XtermExtended,
  type XtermLine,
} from './xterm-internals.ts';

const MAX_ROWS = 1 << 26;
const MAX_COLS = 1 << 16;
const MAX_CHARACTER_BYTES = 1024;
const MAX_CODEPOINT = 0x10ffff;
const BYTES_PER_CELL = 4 * CELL_WORDS;

/** Everything of one buffer: rows, cursor, margins, tab stops, saved cursor. */
export function writeBuffer(writer: ByteWriter, buffer: XtermBuffer): void {
  writer.u32(buffer.x);
  writer.u32(buffer.y);
  writer.u32(buffer.ybase);
  writer.u32(buffer.scrollTop);
  writer.u32(buffer.scrollBottom);
  const tabs = Object.keys(buffer.tabs).filter(col => buffer.tabs[Number(col)]);
  writer.list(tabs, tabs.length, col => writer.u32(Number(col)));
  writer.u32(buffer.savedX);
  writer.i32(buffer.savedY);
  writer.u32(buffer.savedCurAttrData.fg);
  writer.u32(buffer.savedCurAttrData.bg);
  writer.text(charsetFinal(buffer.savedCharset));
  writer.u32(buffer.lines.length);
  for (let row = 0; row < buffer.lines.length; row += 1) {
    const line = buffer.lines.get(row);
    if (line === undefined) throw new Error(`The terminal has no row ${row}.`);
    writeLine(writer, line);
  }
}

/**
 * The buffer must be new and of the size that it was written with. `makeRoom` is told how many rows come; the alternate
 * screen's has room.
 */
export function readBuffer(
  reader: ByteReader,
  buffer: XtermBuffer,
  size: { readonly cols: number; readonly rows: number },
  plain: XtermAttributes,
  makeRoom?: (rows: number) => void,
): void {
  buffer.x = reader.u32(MAX_COLS);
  buffer.y = reader.u32(MAX_COLS);
  buffer.ybase = reader.u32(MAX_ROWS);
  buffer.ydisp = buffer.ybase;
  buffer.scrollTop = reader.u32(MAX_COLS);
  buffer.scrollBottom = reader.u32(size.rows - 1);
  buffer.tabs = {};
  for (const col of reader.list(MAX_COLS, () => reader.u32(MAX_COLS))) buffer.tabs[col] = true;
  buffer.savedX = reader.u32(MAX_COLS);
  buffer.savedY = reader.i32();
  buffer.savedCurAttrData.fg = reader.u32() | 0;
  buffer.savedCurAttrData.bg = reader.u32() | 0;
  buffer.savedCharset = charsetOf(reader.text(1));
  const rows = reader.u32(MAX_ROWS);
  if (rows !== buffer.ybase + size.rows && (rows !== 0 || buffer.ybase !== 0)) {
    throw damaged('it has a wrong number of rows');
  }
  // What a resize leaves of an empty buffer counts for nothing.
  const isOutside = buffer.x > size.cols || buffer.y >= size.rows || buffer.scrollTop > buffer.scrollBottom;
  if (rows > 0 && isOutside) throw damaged('its cursor is outside of the screen');
  makeRoom?.(rows);
  buffer.lines.trimStart(buffer.lines.length);
  for (let row = 0; row < rows; row += 1) {
    const line = readLine(reader, buffer, plain);
    if (line.length !== size.cols) throw damaged('a row has a wrong width');
    buffer.lines.push(line);
  }
}

/** Cells up to the last that is not blank; characters of several codepoints and extended attributes after them. */
export function writeLine(writer: ByteWriter, line: RowCells): void {
  const cells = usedCells(line);
  writer.flag(line.isWrapped);
  writer.u32(line.length);
  const { buffer, byteOffset } = line._data;
  writer.bytes(new Uint8Array(buffer, byteOffset, cells * BYTES_PER_CELL));
  let combined = 0;
  let extended = 0;
  for (let col = 0; col < cells; col += 1) {
    if ((line._data[CELL_WORDS * col] ?? 0) & COMBINED_FLAG) combined += 1;
    if ((line._data[CELL_WORDS * col + 2] ?? 0) & BG_EXTENDED) extended += 1;
  }
  writer.u32(combined);
  for (let col = 0; combined > 0 && col < cells; col += 1) {
    if ((line._data[CELL_WORDS * col] ?? 0) & COMBINED_FLAG) writer.text(line._combined[col] ?? '');
  }
  writer.flag(extended > 0);
  for (let col = 0; extended > 0 && col < cells; ) {
    if (((line._data[CELL_WORDS * col + 2] ?? 0) & BG_EXTENDED) === 0) {
      col += 1;
      continue;
    }
    col = writeExtendedRun(writer, line, col, cells);
  }
}

/** Neighbours that have the same. Gives the column after them. */
function writeExtendedRun(writer: ByteWriter, line: RowCells, from: number, cells: number): number {
  const { _ext, _urlId } = extendedOf(line, from);
  let to = from + 1;
  while (to < cells && (line._data[CELL_WORDS * to + 2] ?? 0) & BG_EXTENDED) {
    const next = extendedOf(line, to);
    if (next._ext !== _ext || next._urlId !== _urlId) break;
    to += 1;
  }
  writer.u32(to - from);
  writer.u32(_ext);
  writer.u32(_urlId);
  return to;
}

const NO_EXTENDED: Pick<XtermExtended, '_ext' | '_urlId'> = { _ext: 0, _urlId: 0 };

function extendedOf(line: RowCells, col: number): Pick<XtermExtended, '_ext' | '_urlId'> {
  return line._extendedAttrs[col] ?? NO_EXTENDED;
}

export function readLine(reader: ByteReader, like: XtermBuffer, plain: XtermAttributes): XtermLine {
  const isWrapped = reader.flag();
  const cols = reader.u32(MAX_COLS);
  const bytes = reader.bytes(cols * BYTES_PER_CELL);
  if (bytes.length % BYTES_PER_CELL !== 0) throw damaged('a row is incomplete');
  const line = makeLine(like, plain, cols, isWrapped);
  new Uint8Array(line._data.buffer, line._data.byteOffset).set(bytes);
  const cells = bytes.length / BYTES_PER_CELL;
  let combined = reader.u32(cells);
  for (let col = 0; col < cells; col += 1) {
    const content = line._data[CELL_WORDS * col] ?? 0;
    if (content >>> WIDTH_SHIFT > 2 || (content & CODEPOINT_MASK) > MAX_CODEPOINT)
      throw damaged('a character');
    if ((content & COMBINED_FLAG) === 0) continue;
    combined -= 1;
    line._combined[col] = reader.text(MAX_CHARACTER_BYTES);
  }
  if (combined !== 0) throw damaged('its characters');
  if (reader.flag()) readExtended(reader, line, cells, plain);
  return line;
}

function readExtended(reader: ByteReader, line: XtermLine, cells: number, plain: XtermAttributes): void {
  for (let col = 0; col < cells; ) {
    if (((line._data[CELL_WORDS * col + 2] ?? 0) & BG_EXTENDED) === 0) {
      col += 1;
      continue;
    }
    const end = col + reader.u32(cells - col);
    const extended = plain.extended.clone();
    extended._ext = reader.u32() | 0;
    extended._urlId = reader.u32();
    if (end === col) throw damaged('its attributes');
    for (; col < end; col += 1) line._extendedAttrs[col] = extended;
  }
}
