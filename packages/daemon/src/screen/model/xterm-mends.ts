import { CELL_WORDS, COMBINED_FLAG } from './cells.ts';
import { cellWidth, isSecondHalf } from './row-text.ts';
import type { XtermBuffer, XtermCore, XtermLine, XtermParams } from './xterm-internals.ts';

/** UTF-16 units of a character with all of its combining marks; further marks are dropped. */
const MAX_CHARACTER_LENGTH = 64;
/** Characters that REP prints at most. */
const MAX_REPEATS = 65_535;

/** No codepoint before it is a combining mark. */
const FIRST_MARK = 0x300;
const FIRST_C1 = 0x80;
const LAST_C1 = 0x9f;
const PARSER_STATES = 14;

/**
 * What @xterm/headless 6.0 must not do with a hostile stream: loop for a parameter of two billion, gather combining marks
 * without bound, move the cursor further and further beyond the last column (a mark without a character takes a cell of no
 * width), leave half of a wide character, write beyond the screen (DECALN in origin mode), throw (ED 1 at the end of the last
 * row). And two things that it does differently from other terminals: it takes U+0080–U+009F for control characters, which most
 * do not, and a full reset leaves some modes set.
 */
export function mend(core: XtermCore): void {
  boundParameters(core);
  mendErase(core);
  mendAlignmentPattern(core);
  mendReset(core);
  mendPrinting(core);
  ignoreC1(core);
  const line = core._bufferService.buffers.normal.lines.get(0);
  if (line !== undefined) mendRows(Object.getPrototypeOf(line));
}

function boundParameters(core: XtermCore): void {
  const bound = (final: string, largest: () => number) => {
    core.registerCsiHandler({ final }, params => {
      params.params[0] = Math.min(params.params[0] ?? 0, largest());
      return false;
    });
  };
  const size = core._bufferService;
  for (const final of ['I', 'Z']) bound(final, () => size.cols);
  for (const final of ['L', 'M', 'S', 'T']) bound(final, () => size.rows);
  bound('b', () => Math.min(size.cols * size.rows, MAX_REPEATS));
}

function mendErase(core: XtermCore): void {
  const erase = (params: XtermParams, selective: boolean) => {
    const { buffers } = core._bufferService;
    return params.params[0] === 1 && eraseAbove(core, buffers.active, params, selective);
  };
  core.registerCsiHandler({ final: 'J' }, params => erase(params, false));
  core.registerCsiHandler({ prefix: '?', final: 'J' }, params => erase(params, true));
}

/** The row after the cursor's is no longer a continuation when all of the cursor's row is erased; xterm.js takes another row. */
function eraseAbove(core: XtermCore, buffer: XtermBuffer, params: XtermParams, selective: boolean): boolean {
  if (buffer.x + 1 < core._bufferService.cols) return false;
  const wrong = buffer.y + 1;
  const mistaken = buffer.lines.get(wrong);
  const wasWrapped = mistaken?.isWrapped ?? false;
  if (mistaken === undefined) buffer.lines.set(wrong, buffer.getBlankLine(core._inputHandler._curAttrData));
  core._inputHandler.eraseInDisplay(params, selective);
  if (mistaken === undefined) buffer.lines.set(wrong, undefined);
  else if (wrong < buffer.ybase) mistaken.isWrapped = wasWrapped;
  const next =
    buffer.y + 1 < core._bufferService.rows ? buffer.lines.get(buffer.ybase + buffer.y + 1) : undefined;
  if (next !== undefined) next.isWrapped = false;
  return true;
}

/** In origin mode xterm.js begins at the margin and goes on beyond the screen, into rows that are somewhere else. */
function mendAlignmentPattern(core: XtermCore): void {
  core.registerEscHandler({ intermediates: '#', final: '8' }, () => {
    const { decPrivateModes } = core.coreService;
    const { active } = core._bufferService.buffers;
    const { origin } = decPrivateModes;
    decPrivateModes.origin = false;
    core._inputHandler.screenAlignmentPattern();
    decPrivateModes.origin = origin;
    if (origin) active.y = active.scrollTop;
    return true;
  });
}

function mendReset(core: XtermCore): void {
  core._inputHandler.onRequestReset(() => {
    core.coreService.isCursorHidden = false;
    core.optionsService.rawOptions.convertEol = false;
    core.optionsService.rawOptions.cursorBlink = false;
  });
}

function mendPrinting(core: XtermCore): void {
  const size = core._bufferService;
  const parser = core._inputHandler._parser;
  const print = parser._printHandler;
  const boundCursor = () => {
    const { active } = size.buffers;
    if (active.x > size.cols) active.x = size.cols;
  };
  parser._printHandler = (data, start, end) => {
    let from = start;
    if (parser.precedingJoinState === 0) {
      // Marks without a character, one by one: the cursor must be bounded after each, however the stream is divided.
      for (; from < end && isMark(core, data[from] ?? 0); from += 1) {
        print(data, from, from + 1);
        boundCursor();
      }
    }
    if (from < end) print(data, from, end);
    boundCursor();
    const { active } = size.buffers;
    const { wraparound } = core.coreService.decPrivateModes;
    if (!wraparound && active.x >= size.cols - 1) mendLastCells(core, active);
  };
}

function isMark(core: XtermCore, code: number): boolean {
  return code >= FIRST_MARK && core.unicodeService.wcwidth(code) === 0;
}

/** Without wrapping, characters replace each other in the last column, the second half of a wide one too. */
function mendLastCells(core: XtermCore, buffer: XtermBuffer): void {
  const line = buffer.lines.get(buffer.ybase + buffer.y);
  const half = core._bufferService.cols - 2;
  if (line === undefined || cellWidth(line, half) !== 2 || isSecondHalf(line, half + 1)) return;
  line.setCellFromCodepoint(half, 0, 1, core._inputHandler._curAttrData);
}

/** Every state of the parser passes over them. */
function ignoreC1(core: XtermCore): void {
  const { table } = core._inputHandler._parser._transitions;
  for (let state = 0; state < PARSER_STATES; state += 1) {
    table.fill(state, (state << 8) | FIRST_C1, ((state << 8) | LAST_C1) + 1);
  }
}

/**
 * To be called after every resize. Rows of the alternate screen are cut, where xterm.js would show what was there when the
 * screen gets wider again; half of a wide character becomes a blank; an alternate screen that is not in use has no more room
 * than it needs, or it would scroll rows into a history; the saved cursor stays on the screen.
 */
export function mendResize(core: XtermCore): void {
  const { buffers, cols, rows } = core._bufferService;
  const blank = buffers.normal.getNullCell();
  if (buffers.alt.lines.length === 0) buffers.alt.lines.maxLength = rows;
  for (const { lines, ybase } of [buffers.normal, buffers.alt]) {
    for (let row = ybase; row < lines.length; row += 1) {
      const line = lines.get(row);
      line?.resize(cols, blank);
      if (line !== undefined && cellWidth(line, cols - 1) === 2)
        line.setCellFromCodepoint(cols - 1, 0, 1, blank);
    }
  }
  for (const buffer of [buffers.normal, buffers.alt]) {
    buffer.savedY = Math.min(buffer.savedY, buffer.ybase + rows - 1);
  }
  forgetMovedCharacter(core);
}

/** The character that was printed last is no longer before the cursor when that was moved: nothing joins or repeats it. */
function forgetMovedCharacter(core: XtermCore): void {
  const parser = core._inputHandler._parser;
  const { active } = core._bufferService.buffers;
  const width = (parser.precedingJoinState >> 1) & 3;
  const line = active.lines.get(active.ybase + active.y);
  const isThere = line !== undefined && active.x >= width && cellWidth(line, active.x - width) === width;
  if (!isThere) parser.precedingJoinState = 0;
}

const mended = new WeakSet<object>();

/** Changes the class of rows, once for all terminals of a thread. */
function mendRows(prototype: XtermLine): void {
  if (mended.has(prototype)) return;
  mended.add(prototype);
  const { addCodepointToCell, insertCells } = prototype;
  prototype.addCodepointToCell = function (this: XtermLine, index, codePoint, width) {
    const isCombined = ((this._data[CELL_WORDS * index] ?? 0) & COMBINED_FLAG) !== 0;
    if (isCombined && (this._combined[index]?.length ?? 0) >= MAX_CHARACTER_LENGTH) return;
    addCodepointToCell.call(this, index, codePoint, width);
  };
  prototype.insertCells = function (this: XtermLine, position, count, fill) {
    insertCells.call(this, position, count, fill);
    // The second half of a wide character whose first half went.
    const moved = (position % this.length) + count;
    if (moved < this.length && this._data[CELL_WORDS * moved] === 0)
      this.setCellFromCodepoint(moved, 0, 1, fill);
  };
}
