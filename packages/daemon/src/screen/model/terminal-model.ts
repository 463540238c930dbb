import type { WindowSize } from '@triterm/core/domain';
import type { FrameSource } from '../render/frame.ts';
import type { ByteReader } from './byte-codec.ts';
import { BG_EXTENDED } from './cells.ts';
import { Colours, type SpecialColour } from './colours.ts';
import { inputModes } from './input-modes.ts';
import { KeyboardModes } from './keyboard-modes.ts';
import { LinkTable } from './links.ts';
import type { ModelListener } from './model-listener.ts';
import { Notifications } from './notifications.ts';
import { runOsc } from './osc-commands.ts';
import { paint } from './paint.ts';
import { PassedModes } from './passed-modes.ts';
import { CSI } from './pen.ts';
import { logicalLines, rowText } from './row-text.ts';
import { RowsAbove, screenOf } from './rows-above.ts';
import { answerDcs, answerStatus } from './status-answers.ts';
import { DcsCollector, OscCollector } from './string-collectors.ts';
import { beginState, type ModelParts, readState, writeState } from './terminal-state.ts';
import { unfinishedUtf8 } from './utf8-boundary.ts';
import {
  type OpenTerminal,
  openTerminal,
  PARSE_SLICE_BYTES,
  type RowCells,
  type XtermBuffer,
} from './xterm-internals.ts';
import { mend, mendResize } from './xterm-mends.ts';

/** Rows of one logical line that are kept together when older rows are taken. */
const MAX_LINE_ROWS = 1000;
/** Memory of rows that left the terminal's buffer from which on somebody should take them. */
const PILE_BYTES = 16 * 1024 * 1024;

/**
 * A terminal as @xterm/headless has it, with what an exact snapshot, programs and sessions need besides: rows above the screen
 * are kept until they are taken, the state can be written and read at any byte, queries are answered.
 */
export class TerminalModel implements FrameSource {
  readonly #terminal: OpenTerminal;
  readonly #listener: ModelListener;
  readonly #parts: ModelParts;
  /** Bytes at the end of the stream that begin a character. */
  #unfinished: Uint8Array = new Uint8Array(0);

  constructor(options: WindowSize & { readonly listener: ModelListener }) {
    const { listener } = options;
    const terminal = openTerminal(options.cols, options.rows);
    const { core } = terminal;
    this.#terminal = terminal;
    this.#listener = listener;
    const answer = (data: string) => listener.answer(new Uint8Array(Buffer.from(data)));
    this.#parts = {
      core,
      above: new RowsAbove(core),
      osc: new OscCollector((text, endsWithBel) => runOsc(this.#parts, listener, text, endsWithBel)),
      dcs: new DcsCollector((name, text) => answerDcs(core, name, text, answer)),
      links: new LinkTable(() => this.#usedLinks()),
      keyboard: new KeyboardModes(terminal, answer),
      passed: new PassedModes(terminal),
      colours: new Colours(answer),
      notifications: new Notifications(body => listener.notification(body)),
    };
    core._inputHandler._parser._oscParser = this.#parts.osc;
    core._inputHandler._parser._dcsParser = this.#parts.dcs;
    core._inputHandler._oscLinkService = this.#parts.links;
    mend(core);
    answerStatus(terminal, answer);
    this.#watchErasing(listener);
    terminal.onAnswer(answer);
    terminal.onBell(() => listener.bell());
    terminal.onTitle(title => listener.title(title));
  }

  /** A model that goes on from a state. Throws STORE_CORRUPT. */
  static restore(state: Uint8Array, listener: ModelListener): TerminalModel {
    const { reader, cols, rows } = beginState(state);
    const model = new TerminalModel({ cols, rows, listener });
    model.#read(reader);
    return model;
  }

  get cols(): number {
    return this.#parts.core._bufferService.cols;
  }

  get rows(): number {
    return this.#parts.core._bufferService.rows;
  }

  /** The column is the last one when the next character wraps. */
  get cursor(): { row: number; col: number; visible: boolean } {
    const { x, y } = this.#active;
    return {
      row: y,
      col: Math.min(x, this.cols - 1),
      visible: !this.#parts.core.coreService.isCursorHidden,
    };
  }

  get alternateScreen(): boolean {
    return this.#active === this.#parts.core._bufferService.buffers.alt;
  }

  get title(): string {
    return this.#parts.core._inputHandler._windowTitle;
  }

  get inputModes(): string {
    const { flags } = this.#parts.keyboard;
    return inputModes(this.#parts) + (flags === 0 ? '' : `${CSI}=${flags};1u`);
  }

  /** Rows above the screen that were not taken. */
  get scrollbackRows(): number {
    return this.#parts.above.count;
  }

  /** Rows above the screen take more memory than they should. */
  get arePiledUp(): boolean {
    return this.#parts.above.bytes > PILE_BYTES;
  }

  /** Feeds what the program wrote; cut anywhere. */
  write(bytes: Uint8Array): void {
    const data = this.#unfinished.length === 0 ? bytes : Buffer.concat([this.#unfinished, bytes]);
    const whole = data.length - unfinishedUtf8(data);
    this.#unfinished = data.slice(whole);
    const { _inputHandler: handler } = this.#parts.core;
    for (let from = 0; from < whole; ) {
      let slice = data.subarray(from, Math.min(whole, from + PARSE_SLICE_BYTES));
      if (from + slice.length < whole) slice = slice.subarray(0, slice.length - unfinishedUtf8(slice));
      this.#parts.osc.beginSlice(handler._parseBuffer);
      handler.parse(slice);
      from += slice.length;
      if (this.arePiledUp) this.#relieve();
    }
  }

  resize(cols: number, rows: number): void {
    if (cols === this.cols && rows === this.rows) return;
    this.#parts.above.duringResize(cols, rows, () => this.#terminal.resize(cols, rows));
    mendResize(this.#parts.core);
  }

  /** Colours for programs that ask, as X11 specifications; without one such questions are not answered. */
  setColours(colours: { readonly [name in SpecialColour]?: string }): void {
    for (const name of ['foreground', 'background', 'cursor'] as const) {
      this.#parts.colours.setOfClient(name, colours[name]);
    }
  }

  /** The whole state but the colours of the client, for `restore`. */
  checkpoint(): Uint8Array {
    return writeState(this.#parts, this.#unfinished);
  }

  /**
   * The bytes that make a reset terminal of this size show the same and go on equally. `history`: the last lines above the
   * screen, as `scrollback` gives them, with what was taken before them.
   */
  paint(options: { readonly history: readonly string[] }): Uint8Array {
    const bytes = Buffer.from(paint(this.#parts, options.history));
    return new Uint8Array(Buffer.concat([bytes, this.#unfinished]));
  }

  /** Logical lines above the screen with attributes, oldest first; the last may be the first part of one that goes on. */
  scrollback(): string[] {
    const { above, links, core } = this.#parts;
    const { normal } = core._bufferService.buffers;
    return logicalLines(above.slice(0, above.count), links, true, normal.lines.get(normal.ybase));
  }

  /** Removes the oldest lines above the screen, as a whole, and leaves at least so many rows. Gives them with attributes. */
  takeLines(keepRows: number): string[] {
    const count = this.#wholeLines(this.scrollbackRows - keepRows);
    if (count === 0) return [];
    const lines = logicalLines(this.#parts.above.slice(0, count), this.#parts.links, true);
    this.#parts.above.drop(count);
    return lines;
  }

  /** Forgets the oldest lines above the screen but so many. Gives how many they were. */
  dropLines(keepLines: number): number {
    const wrapped = this.#parts.above.wrapped();
    let kept = 0;
    let row = wrapped.length - 1;
    while (row > 0 && kept < keepLines) {
      row -= 1;
      if (wrapped[row] === 0) kept += 1;
    }
    let dropped = 0;
    for (let before = 0; before < row; before += 1) if (wrapped[before] === 0) dropped += 1;
    this.#parts.above.drop(row);
    return dropped;
  }

  /** For every row above the screen, and the screen's top row: how many logical lines begin before it. */
  lineCounts(): number[] {
    let lines = 0;
    return Array.from(this.#parts.above.wrapped(), wrapped => {
      const before = lines;
      if (wrapped === 0) lines += 1;
      return before;
    });
  }

  /** The screen's logical lines: rows that wrapped are joined. */
  screenLines(ansi: boolean): string[] {
    return logicalLines(this.#screen(), this.#parts.links, ansi);
  }

  screenRows(ansi: boolean): string[] {
    return this.#screen().map(row => rowText(row, this.#parts.links, ansi));
  }

  rowAnsi(row: number, fromCol: number, toCol: number): string {
    const line = this.#active.lines.get(this.#active.ybase + row);
    if (line === undefined) return '';
    return rowText(line, this.#parts.links, true, fromCol, Math.min(toCol, line.length));
  }

  get #active(): XtermBuffer {
    return this.#parts.core._bufferService.buffers.active;
  }
  #screen(): RowCells[] {
    return screenOf(this.#active, this.rows);
  }

  #relieve(): void {
    this.#listener.rowsPiledUp();
    if (this.#parts.above.bytes > 2 * PILE_BYTES) this.#parts.above.drop(Math.ceil(this.scrollbackRows / 2));
  }

  #read(reader: ByteReader): void {
    this.#unfinished = readState(reader, this.#parts);
  }

  /** The most rows up to this many with which a line ends. One that is longer than any screen needs is divided. */
  #wholeLines(rows: number): number {
    if (rows <= 0) return 0;
    const count = this.#parts.above.wrapped().lastIndexOf(0, rows);
    return count === 0 && rows > MAX_LINE_ROWS ? rows : count;
  }

  /** What erases the rows above the screen: ED 3 and a full reset, which also makes new buffers. */
  #watchErasing(listener: ModelListener): void {
    const { core } = this.#parts;
    const erase = (what: number | undefined) => {
      if (what !== 3) return false;
      if (!this.alternateScreen) {
        listener.historyCleared();
        this.#parts.above.drop(this.scrollbackRows);
      }
      return true;
    };
    this.#terminal.onCsi({ final: 'J' }, params => erase(params.params[0]));
    this.#terminal.onCsi({ prefix: '?', final: 'J' }, params => erase(params.params[0]));
    this.#terminal.onEsc({ final: 'c' }, () => {
      listener.historyCleared();
      this.#parts.above.beforeReset();
      return false;
    });
    core._inputHandler.onRequestReset(() => {
      this.#parts.above.afterReset();
      this.#parts.keyboard.reset();
      this.#parts.passed.reset();
    });
  }

  #usedLinks(): Set<number> {
    const { core, above } = this.#parts;
    const used = new Set([core._inputHandler._curAttrData.extended._urlId]);
    for (const row of above.slice(0, above.archivedRows)) collectLinks(row, used);
    const { normal, alt } = core._bufferService.buffers;
    for (const { lines } of [normal, alt]) {
      for (let row = 0; row < lines.length; row += 1) {
        const line = lines.get(row);
        if (line !== undefined) collectLinks(line, used);
      }
    }
    return used;
  }
}

function collectLinks(line: RowCells, used: Set<number>): void {
  for (const [col, extended] of Object.entries(line._extendedAttrs)) {
    if (extended !== undefined && (line._data[3 * Number(col) + 2] ?? 0) & BG_EXTENDED)
      used.add(extended._urlId);
  }
}
