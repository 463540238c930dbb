import { displayWidth, padEnd, padStart, truncateEnd, truncateStart } from './display-width.ts';

export interface Column {
  readonly header: string;
  readonly align?: 'end';
  /** May be cut down to `minWidth` cells when the terminal is narrow; others never are. */
  readonly minWidth?: number;
  /** Which end is cut off; paths say most at their end. */
  readonly cut?: 'start';
  /** When cutting does not suffice, columns go, the highest number first; 0 and none stay. */
  readonly dropRank?: number;
}

export interface Table {
  /** Header first. Cells are padded, rows are not: nothing stands behind the last cell. */
  readonly lines: readonly string[];
}

const GAP = '  ';

/**
 * Lays cells out in aligned columns of at most `columns` cells altogether (no limit when undefined). The widest
 * flexible column gives way first. `paint` may colour a cell after it was cut and padded.
 */
export function layoutTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  maxWidth: number | undefined,
  paint: (text: string, row: number, column: number) => string = text => text,
): Table {
  const natural = columns.map((column, index) =>
    Math.max(displayWidth(column.header), ...rows.map(row => displayWidth(row[index] ?? ''))),
  );
  const shown = fitColumns(columns, natural, maxWidth);
  const line = (cells: readonly string[], row: number) =>
    shown
      .map(({ index, width }, position) => {
        const column = columns[index] ?? { header: '' };
        const isLast = position === shown.length - 1;
        return paint(formatCell(cells[index] ?? '', column, width, isLast), row, index);
      })
      .join(GAP)
      .trimEnd();
  return {
    lines: [
      line(
        columns.map(column => column.header),
        -1,
      ),
      ...rows.map(line),
    ],
  };
}

interface ShownColumn {
  readonly index: number;
  readonly width: number;
}

/** Which columns are shown, and how wide. */
export function fitColumns(
  columns: readonly Column[],
  natural: readonly number[],
  maxWidth: number | undefined,
): ShownColumn[] {
  let shown = natural.map((width, index) => ({ index, width }));
  if (maxWidth === undefined) return shown;
  const total = () =>
    shown.reduce((sum, { width }) => sum + width, 0) + GAP.length * Math.max(0, shown.length - 1);
  const rank = (index: number) => columns[index]?.dropRank ?? 0;
  const least = (index: number) => columns[index]?.minWidth ?? natural[index] ?? 0;
  const leastTotal = () =>
    total() - shown.reduce((sum, { index, width }) => sum + Math.max(0, width - least(index)), 0);
  while (leastTotal() > maxWidth) {
    const last = shown.reduce((worst, next) => (rank(next.index) > rank(worst.index) ? next : worst));
    if (rank(last.index) === 0) break;
    shown = shown.filter(column => column !== last);
  }
  for (let excess = total() - maxWidth; excess > 0; excess -= 1) {
    const widest = shown
      .filter(({ index, width }) => width > least(index))
      .reduce<ShownColumn | undefined>(
        (best, next) => (next.width > (best?.width ?? 0) ? next : best),
        undefined,
      );
    if (widest === undefined) break;
    shown = shown.map(column => (column === widest ? { ...column, width: column.width - 1 } : column));
  }
  return shown;
}

function formatCell(text: string, column: Column, width: number, isLast: boolean): string {
  const cut = column.cut === 'start' ? truncateStart(text, width) : truncateEnd(text, width);
  if (column.align === 'end') return padStart(cut, width);
  return isLast ? cut : padEnd(cut, width);
}
