import { RowArchive } from './row-archive.ts';
import { textEnd } from './row-text.ts';
import {
  INITIAL_SCROLLBACK_ROWS,
  type RowCells,
  type XtermBuffer,
  type XtermCore,
  type XtermLine,
} from './xterm-internals.ts';

/** Rows above the screen that the terminal's own buffer keeps at least: what a larger window may pull back, and some more. */
const MIN_LIVE_ROWS = 256;
/** Beyond those they are as many as cost 48 MB, however large the screen. */
const MAX_LIVE_CELLS = 4 * 1024 * 1024;

/**
 * The rows above the screen, oldest first: those of the terminal's buffer, and before them the ones that left it, where xterm.js
 * would forget them. Rows are numbered from the oldest that is there.
 */
export class RowsAbove {
  readonly #core: XtermCore;
  readonly #archive = new RowArchive();
  /** Rows above the screen that the buffer has room for now, and that it may have room for. */
  #room = 0;
  #maxRoom = 0;

  constructor(core: XtermCore) {
    this.#core = core;
    this.makeRoom(0);
    this.#watch();
  }

  get count(): number {
    return this.#archive.rows + this.#normal.ybase;
  }

  /** Memory that rows take which left the terminal's buffer. */
  get bytes(): number {
    return this.#archive.bytes;
  }

  slice(from: number, to: number): RowCells[] {
    const archived = this.#archive.rows;
    const found = this.#archive.slice(from, Math.min(to, archived));
    for (let row = Math.max(from, archived); row < to; row += 1) {
      const line = this.#normal.lines.get(row - archived);
      if (line !== undefined) found.push(line);
    }
    return found;
  }

  /** For every row, and the screen's first: 1 when it goes on with the one before it. The oldest never does. */
  wrapped(): Uint8Array {
    const archived = this.#archive.wrapped();
    const { ybase, lines } = this.#normal;
    const all = new Uint8Array(archived.length + ybase + 1);
    all.set(archived);
    for (let row = 0; row <= ybase; row += 1) all[archived.length + row] = lines.get(row)?.isWrapped ? 1 : 0;
    all[0] = 0;
    return all;
  }

  /** Removes the oldest rows; what is left begins a line. */
  drop(count: number): void {
    const archived = Math.min(count, this.#archive.rows);
    this.#archive.drop(archived);
    this.#archive.beginLine();
    this.#dropLive(Math.min(count - archived, this.#normal.ybase));
    if (this.#archive.rows > 0) return;
    const first = this.#normal.lines.get(0);
    if (first !== undefined && this.#normal.ybase > 0) first.isWrapped = false;
  }

  /** A full reset comes. */
  beforeReset(): void {
    this.#archive.clear();
    this.#core.optionsService.rawOptions.scrollback = INITIAL_SCROLLBACK_ROWS;
  }

  /** A full reset made other buffers. */
  afterReset(): void {
    this.makeRoom(0);
    this.#watch();
  }

  /** Rows as they were archived, for a state that is read. */
  restoreArchive(rows: Iterable<XtermLine>): void {
    for (const row of rows) this.#archive.push(row);
  }

  get archivedRows(): number {
    return this.#archive.rows;
  }

  /** Gives the buffer room for so many rows, those of the screen included, and never less than for those it has. */
  makeRoom(rows: number): void {
    const { cols, rows: screenRows } = this.#core._bufferService;
    const { lines } = this.#normal;
    const room = Math.max(rows, lines.length, screenRows + INITIAL_SCROLLBACK_ROWS);
    if (room !== lines.maxLength) lines.maxLength = room;
    // A resize computes the room anew from this.
    this.#core.optionsService.rawOptions.scrollback = room - screenRows;
    this.#room = room - screenRows;
    this.#maxRoom = Math.max(Math.min(2 * screenRows, Math.floor(MAX_LIVE_CELLS / cols)), MIN_LIVE_ROWS);
  }

  /** Resizes the terminal, which may reflow the buffer, without losing a row. */
  duringResize(cols: number, rows: number, resize: () => void): void {
    const isNarrower = cols < this.#core._bufferService.cols;
    this.makeRoom((isNarrower ? rowsAtWidth(this.#normal, cols) : this.#normal.lines.length) + rows);
    resize();
    this.makeRoom(0);
    const { normal } = this.#core._bufferService.buffers;
    const excess = normal.ybase - this.#maxRoom;
    for (let row = 0; row < excess; row += 1) {
      const line = normal.lines.get(row);
      if (line !== undefined) this.#archive.push(line);
    }
    this.#dropLive(Math.max(0, excess));
    this.makeRoom(0);
  }

  get #normal(): XtermBuffer {
    return this.#core._bufferService.buffers.normal;
  }

  #watch(): void {
    const archive = this.#archive;
    const normal = this.#normal;
    const { lines } = normal;
    // Asked once before every scroll that removes a row from the top of the screen, and never else.
    Object.defineProperty(lines, 'isFull', {
      get: () => {
        if (normal.ybase < this.#room) return false;
        if (this.#room < this.#maxRoom) {
          this.makeRoom(Math.min(2 * lines.maxLength, lines.maxLength + this.#maxRoom - this.#room));
          return false;
        }
        const oldest = lines.get(0);
        if (oldest !== undefined) archive.push(oldest);
        // The saved cursor stays with the text, as it does while the buffer grows.
        normal.savedY -= 1;
        return true;
      },
    });
  }

  #dropLive(count: number): void {
    const normal = this.#normal;
    // The list only counts; it would keep what is no longer part of it until it is overwritten.
    for (let row = 0; row < count; row += 1) normal.lines.set(row, undefined);
    normal.lines.trimStart(count);
    normal.ybase -= count;
    normal.ydisp = normal.ybase;
    normal.savedY -= count;
  }
}

/** Rows that the buffer may have after it was resized to so many columns. */
function rowsAtWidth(buffer: XtermBuffer, cols: number): number {
  let rows = 0;
  for (let row = 0; row < buffer.lines.length; row += 1) {
    const line = buffer.lines.get(row);
    const goesOn = buffer.lines.get(row + 1)?.isWrapped ?? false;
    const cells = line === undefined ? 0 : goesOn ? line.length : textEnd(line, false);
    // A wide character that does not fit leaves a column free.
    rows += 1 + Math.ceil(cells / Math.max(1, cols - 1));
  }
  return rows;
}

/** The rows of a buffer's screen. */
export function screenOf(buffer: XtermBuffer, rows: number): XtermLine[] {
  const found: XtermLine[] = [];
  for (let row = buffer.ybase; row < buffer.ybase + rows; row += 1) {
    const line = buffer.lines.get(row);
    if (line !== undefined) found.push(line);
  }
  return found;
}
