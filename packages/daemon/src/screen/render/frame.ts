import type { WindowSize } from '@triterm/core/domain';
import { follow, type Viewport } from './viewport.ts';

/** What a frame is made of; a terminal model has it. */
export interface FrameSource extends WindowSize {
  readonly cursor: { readonly row: number; readonly col: number; readonly visible: boolean };
  readonly alternateScreen: boolean;
  readonly title: string;
  /** Sequences that give a reset terminal the modes in which input differs, and the cursor's shape. */
  readonly inputModes: string;
  /** A row from one column up to another, self-contained, without blanks at its end. */
  rowAnsi(row: number, fromCol: number, toCol: number): string;
}

/** A window's content: what a client of that size is to see. */
export interface Frame {
  readonly window: WindowSize;
  readonly viewport: Viewport;
  /** Columns of the window that show the screen; beyond them is nothing of the session. */
  readonly screenCols: number;
  /** One string a row of the window that shows the screen. */
  readonly rows: readonly string[];
  readonly cursor: { readonly row: number; readonly col: number; readonly visible: boolean };
  readonly alternateScreen: boolean;
  readonly title: string;
  readonly inputModes: string;
}

export function takeFrame(source: FrameSource, window: WindowSize, previous: Viewport): Frame {
  const cursor = { ...source.cursor, col: Math.min(source.cursor.col, source.cols - 1) };
  const viewport = follow(previous, window, source, cursor);
  const screenCols = Math.min(window.cols, source.cols - viewport.left);
  const rows: string[] = [];
  for (let row = 0; row < Math.min(window.rows, source.rows - viewport.top); row += 1) {
    rows.push(source.rowAnsi(viewport.top + row, viewport.left, viewport.left + screenCols));
  }
  return {
    window: { cols: window.cols, rows: window.rows },
    viewport,
    screenCols,
    rows,
    cursor: { row: cursor.row - viewport.top, col: cursor.col - viewport.left, visible: cursor.visible },
    alternateScreen: source.alternateScreen,
    title: source.title,
    inputModes: source.inputModes,
  };
}
