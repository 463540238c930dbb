import {
  BG_EXTENDED,
  BG_OVERLINE,
  COLOUR_MODE_MASK,
  FG_INVERSE,
  FG_STRIKETHROUGH,
  FG_UNDERLINE,
  HAS_CONTENT_MASK,
  NULL_CONTENT,
  WIDTH_SHIFT,
} from './cells.ts';
import { cellText, type LinkSource, Pen } from './pen.ts';
import type { RowCells } from './xterm-internals.ts';

/** Attributes with which a cell without a character is seen. */
const FG_SEEN = FG_INVERSE | FG_UNDERLINE | FG_STRIKETHROUGH;
const BG_SEEN = COLOUR_MODE_MASK | BG_OVERLINE;

export function hasContent(line: RowCells, col: number): boolean {
  return ((line._data[3 * col] ?? 0) & HAS_CONTENT_MASK) !== 0;
}

export function cellWidth(line: RowCells, col: number): number {
  return (line._data[3 * col] ?? NULL_CONTENT) >>> WIDTH_SHIFT;
}

/** The second half of a wide character. */
export function isSecondHalf(line: RowCells, col: number): boolean {
  return cellWidth(line, col) === 0 && !hasContent(line, col);
}

/** Column after the last character; with `ansi` also after what is seen of attributes. */
export function textEnd(line: RowCells, ansi: boolean, from = 0, to = line.length): number {
  for (let col = to - 1; col >= from; col -= 1) {
    if (hasContent(line, col)) return Math.min(to, col + Math.max(1, cellWidth(line, col)));
    if (ansi && isSeen(line, col)) return col + 1;
  }
  return from;
}

function isSeen(line: RowCells, col: number): boolean {
  const fg = line._data[3 * col + 1] ?? 0;
  const bg = line._data[3 * col + 2] ?? 0;
  if (fg & FG_SEEN || bg & BG_SEEN) return true;
  return (bg & BG_EXTENDED) !== 0 && (line._extendedAttrs[col]?._ext ?? 0) !== 0;
}

/** Columns of a row that belong to its logical line: all when the next row goes on, but a blank before a wide character. */
export function wrappedEnd(line: RowCells, next: RowCells): number {
  const last = line.length - 1;
  const leftFree = !hasContent(line, last) && cellWidth(line, last) === 1 && cellWidth(next, 0) === 2;
  return leftFree ? last : line.length;
}

/** The cells as text with attributes; halves of wide characters at the ends become blanks. */
export function penCells(pen: Pen, line: RowCells, from: number, to: number): void {
  for (let col = from; col < to; col += 1) {
    const content = line._data[3 * col] ?? NULL_CONTENT;
    const width = content >>> WIDTH_SHIFT;
    if (width === 0 && (content & HAS_CONTENT_MASK) === 0 && col > from) continue;
    pen.attributesOf(line, col);
    const isCut = width === 0 ? (content & HAS_CONTENT_MASK) === 0 : col + width > to;
    pen.put((isCut ? '' : cellText(line, col)) || ' ');
  }
}

function plainCells(line: RowCells, from: number, to: number): string {
  let text = '';
  for (let col = from; col < to; col += 1) {
    if (isSecondHalf(line, col) && col > from) continue;
    text += cellText(line, col) || ' ';
  }
  return text;
}

/** A row from one column up to another, self-contained, without blanks at its end. */
export function rowText(
  line: RowCells,
  links: LinkSource,
  ansi: boolean,
  from = 0,
  to = line.length,
): string {
  const end = textEnd(line, ansi, from, to);
  if (!ansi) return plainCells(line, from, end);
  const pen = new Pen(links);
  penCells(pen, line, from, end);
  pen.plain();
  return pen.take();
}

/**
 * Rows as logical lines: those that wrapped are joined, the first begins a line. Self-contained, without blanks at their ends;
 * but the last keeps them when it goes on in the row that `follows`.
 */
export function logicalLines(
  rows: readonly RowCells[],
  links: LinkSource,
  ansi: boolean,
  follows?: RowCells,
): string[] {
  const lines: string[] = [];
  const pen = new Pen(links);
  let plain = '';
  for (const [at, row] of rows.entries()) {
    const next = rows[at + 1] ?? follows;
    const end = next?.isWrapped ? wrappedEnd(row, next) : textEnd(row, ansi);
    if (ansi) penCells(pen, row, 0, end);
    else plain += plainCells(row, 0, end);
    if (rows[at + 1]?.isWrapped) continue;
    pen.plain();
    lines.push(ansi ? pen.take() : plain);
    plain = '';
  }
  return lines;
}
