import {
  BG_DIM,
  BG_EXTENDED,
  BG_ITALIC,
  BG_OVERLINE,
  BG_PROTECTED,
  COLOUR_MODE_MASK,
  NULL_CONTENT,
} from './cells.ts';
import { CSI, cellText, type LinkSource, Pen } from './pen.ts';
import { cellWidth, hasContent, isSecondHalf } from './row-text.ts';
import type { RowCells } from './xterm-internals.ts';

/** A character of two columns, to be overwritten. */
const WIDE_BLANK = '\u3000';
/** Attributes of a cell that erasing does not give it. */
const BG_NOT_ERASED = BG_ITALIC | BG_DIM | BG_EXTENDED | BG_PROTECTED | BG_OVERLINE;

interface Place {
  readonly row: number;
  readonly col: number;
}

/** What stands above the first row of the screen. */
export type Above =
  /** Nothing that was drawn. */
  | 'nothing'
  /** A line that ended; the cursor stands in the first column. */
  | 'line'
  /** The first part of the line that the first row goes on with; the cursor stands after it. `isFull`: at the end of its row. */
  | { readonly isFull: boolean };

/**
 * Draws rows onto an empty screen, exactly: what is blank stays blank (a blank is not a space: it is not copied and does not
 * wrap), and what wrapped wraps, so that the terminal reflows it. Ends with default attributes, the cursor anywhere.
 */
export class ScreenDrawing {
  readonly #pen: Pen;
  readonly #rows: readonly RowCells[];
  readonly #cols: number;
  /** Cells that need more than a pass from left to right: they are drawn again at the end. */
  readonly #mended: Place[] = [];

  constructor(rows: readonly RowCells[], cols: number, links: LinkSource) {
    this.#rows = rows;
    this.#cols = cols;
    this.#pen = new Pen(links, true);
  }

  draw(above: Above): string {
    this.#beginFirstRow(above);
    for (const [at, row] of this.#rows.entries()) {
      this.#row(at, row, row.isWrapped && (at > 0 || typeof above === 'object'));
      const next = this.#rows[at + 1];
      if (next === undefined) break;
      if (next.isWrapped) this.#fillToEnd(at, row, next);
      else {
        this.#pen.plain();
        this.#pen.put('\r\n');
      }
    }
    // From right to left, because some need the cell before them.
    for (const place of this.#mended.reverse()) this.#mend(place);
    this.#pen.plain();
    return this.#pen.take();
  }

  #beginFirstRow(above: Above): void {
    const first = this.#rows[0];
    if (typeof above === 'object' && first !== undefined) {
      // A wide character that does not fit wraps by itself.
      if (!above.isFull && cellWidth(first, 0) === 2) this.#pen.put(`${CSI}${this.#cols}G`);
      else if (!above.isFull) this.#pen.put(`${CSI}${this.#cols}G `);
    } else if (above === 'nothing' && first?.isWrapped && this.#rows.length > 1) {
      // A continuation of nothing: made in the second row and moved up.
      this.#pen.put(`${CSI}1;${this.#cols}H  ${CSI}1;1H${CSI}M${CSI}X`);
    }
  }

  #row(at: number, row: RowCells, goesOn: boolean): void {
    const col = goesOn ? this.#firstOfWrapped(at, row) : 0;
    this.#restOfRow(at, row, col);
  }

  /** Only a character goes on in the next row; what is no character replaces it afterwards. */
  #firstOfWrapped(at: number, row: RowCells): number {
    if (!isPrintable(row, 0)) {
      this.#pen.plain();
      this.#pen.put(' ');
      this.#mended.push({ row: at, col: 0 });
      return 1;
    }
    const col = this.#character(at, row, 0);
    // Where the screen scrolls, the new row has got the character's background.
    if (((row._data[2] ?? 0) & COLOUR_MODE_MASK) !== 0 && col < this.#cols) {
      this.#pen.plain();
      this.#pen.put(`${CSI}K`);
    }
    return col;
  }

  #restOfRow(at: number, row: RowCells, from: number): void {
    let col = from;
    const end = this.#drawnEnd(row);
    while (col < end) {
      col = hasContent(row, col) ? this.#character(at, row, col) : this.#blanks(at, row, col, end);
    }
  }

  /** Column after the last cell that is not as new. */
  #drawnEnd(row: RowCells): number {
    let end = this.#cols;
    while (end > 0 && isNew(row, end - 1)) end -= 1;
    return end;
  }

  #character(at: number, row: RowCells, col: number): number {
    const width = cellWidth(row, col);
    if (width === 0) {
      // A combining mark on its own would join what stands before it.
      this.#mended.push({ row: at, col });
      this.#pen.plain();
      this.#pen.put(' ');
      return col + 1;
    }
    if (col + width > this.#cols) return this.#cols;
    this.#pen.attributesOf(row, col);
    this.#pen.put(cellText(row, col));
    return col + width;
  }

  /** Neighbouring blanks with the same attributes. */
  #blanks(at: number, row: RowCells, from: number, end: number): number {
    let to = from + 1;
    while (to < end && !hasContent(row, to) && sameAttributes(row, from, to)) to += 1;
    if (!isErasable(row, from)) {
      for (let col = from; col < to; col += 1) this.#mended.push({ row: at, col });
    } else if (!isNew(row, from)) {
      this.#pen.attributesOf(row, from);
      this.#pen.put(`${CSI}${to - from}X`);
    }
    if (to < this.#cols) this.#pen.put(to - from === 1 ? `${CSI}C` : `${CSI}${to - from}C`);
    return to;
  }

  /** Brings the cursor to where the next character wraps. */
  #fillToEnd(at: number, row: RowCells, next: RowCells): void {
    const last = this.#cols - 1;
    if (
      hasContent(row, last) ? cellWidth(row, last) === 1 : isSecondHalf(row, last) && hasWide(row, last - 1)
    )
      return;
    this.#pen.put(`${CSI}${this.#cols}G`);
    if (cellWidth(next, 0) === 2) {
      // It leaves a blank with its own attributes.
      if (!sameCellAttributes(row, last, next, 0)) this.#mended.push({ row: at, col: last });
      return;
    }
    this.#pen.plain();
    this.#pen.put(' ');
    this.#mended.push({ row: at, col: last });
  }

  #mend({ row: at, col }: Place): void {
    const row = this.#rows[at];
    if (row === undefined) return;
    if (hasContent(row, col) || isErasable(row, col)) {
      this.#cell(at, row, col);
      return;
    }
    // A blank with all attributes: what is left of a wide character when its other half is overwritten.
    const other = col === 0 ? 1 : col - 1;
    this.#moveTo(at, Math.min(col, other));
    this.#pen.attributesOf(row, col);
    this.#pen.put(WIDE_BLANK);
    this.#moveTo(at, other);
    this.#pen.put(' ');
    this.#cell(at, row, col > 1 && isSecondHalf(row, other) ? other - 1 : other);
  }

  #cell(at: number, row: RowCells, col: number): void {
    this.#moveTo(at, col);
    this.#pen.attributesOf(row, col);
    if (!hasContent(row, col)) this.#pen.put(`${CSI}X`);
    else if (col + cellWidth(row, col) <= this.#cols) this.#pen.put(cellText(row, col));
  }

  #moveTo(row: number, col: number): void {
    this.#pen.put(`${CSI}${row + 1};${col + 1}H`);
  }
}

function hasWide(row: RowCells, col: number): boolean {
  return cellWidth(row, col) === 2;
}

function isPrintable(row: RowCells, col: number): boolean {
  return hasContent(row, col) && cellWidth(row, col) > 0;
}

function isNew(row: RowCells, col: number): boolean {
  return row._data[3 * col] === NULL_CONTENT && row._data[3 * col + 1] === 0 && row._data[3 * col + 2] === 0;
}

/** A blank that erasing makes: it has a background at most. */
function isErasable(row: RowCells, col: number): boolean {
  return row._data[3 * col + 1] === 0 && ((row._data[3 * col + 2] ?? 0) & BG_NOT_ERASED) === 0;
}

/** Whether erasing made all of the row, at once. */
export function isErased(row: RowCells): boolean {
  for (let col = 0; col < row.length; col += 1) {
    if (hasContent(row, col) || !isErasable(row, col) || !sameAttributes(row, 0, col)) return false;
  }
  return true;
}

function sameAttributes(row: RowCells, a: number, b: number): boolean {
  return sameCellAttributes(row, a, row, b);
}

function sameCellAttributes(rowA: RowCells, a: number, rowB: RowCells, b: number): boolean {
  if (rowA._data[3 * a + 1] !== rowB._data[3 * b + 1] || rowA._data[3 * a + 2] !== rowB._data[3 * b + 2])
    return false;
  const extendedA = rowA._extendedAttrs[a];
  const extendedB = rowB._extendedAttrs[b];
  if (((rowA._data[3 * a + 2] ?? 0) & BG_EXTENDED) === 0) return true;
  return extendedA?._ext === extendedB?._ext && extendedA?._urlId === extendedB?._urlId;
}
