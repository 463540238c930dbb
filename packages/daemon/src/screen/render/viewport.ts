import type { WindowSize } from '@triterm/core/domain';

/** Which part of a screen a window shows: its first row and column there. */
export interface Viewport {
  readonly top: number;
  readonly left: number;
}

/** Columns that are kept between the cursor and the edge when a window moves sideways. */
const SIDE_MARGIN = 8;

/**
 * Where a window stands on a screen so that the cursor is in it: it moves only when it must, and never beyond the screen while
 * the screen fills it. Upright it moves as far as needed, sideways a little further.
 */
export function follow(
  previous: Viewport,
  window: WindowSize,
  screen: WindowSize,
  cursor: { readonly row: number; readonly col: number },
): Viewport {
  const margin = Math.min(SIDE_MARGIN, Math.floor(window.cols / 4));
  return {
    top: along(previous.top, window.rows, screen.rows, cursor.row, 0),
    left: along(previous.left, window.cols, screen.cols, cursor.col, margin),
  };
}

function along(previous: number, shown: number, total: number, cursor: number, margin: number): number {
  const last = Math.max(0, total - shown);
  let start = Math.min(previous, last);
  if (cursor < start) start = cursor - margin;
  else if (cursor >= start + shown) start = cursor - shown + 1 + margin;
  return Math.min(last, Math.max(0, start));
}
