/** A terminal's size in character cells. */
export interface WindowSize {
  readonly cols: number;
  readonly rows: number;
}

/** Larger sizes are refused: a grid of 4096×4096 cells is the most that one session may make us hold. */
export const MAX_SIDE = 4096;

export const DEFAULT_SIZE: WindowSize = { cols: 80, rows: 24 };

export function isWindowSize(size: WindowSize): boolean {
  return isSide(size.cols) && isSide(size.rows);
}

function isSide(cells: number): boolean {
  return Number.isInteger(cells) && cells >= 1 && cells <= MAX_SIDE;
}

export function sameSize(a: WindowSize, b: WindowSize): boolean {
  return a.cols === b.cols && a.rows === b.rows;
}

/** Parses `120x40`. Returns undefined when it is not a size within 1…4096 a side. */
export function parseWindowSize(text: string): WindowSize | undefined {
  const match = /^(\d{1,5})x(\d{1,5})$/i.exec(text);
  if (match === null) return undefined;
  const size = { cols: Number(match[1]), rows: Number(match[2]) };
  return isWindowSize(size) ? size : undefined;
}
