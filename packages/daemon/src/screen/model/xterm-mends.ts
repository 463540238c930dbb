import { CELL_WORDS, COMBINED_FLAG } from './cells.ts';
import type { XtermBuffer, XtermCore, XtermLine, XtermParams } from './xterm-internals.ts';

/** UTF-16 units of a character with all of its combining marks; further marks are dropped. */
const MAX_CHARACTER_LENGTH = 64;
/** Characters that REP prints at most. */
const MAX_REPEATS = 65_535;

const FIRST_C1 = 0x80;
const LAST_C1 = 0x9f;
const PARSER_STATES = 14;

/**
 * What @xterm/headless 6.0 must not do with a hostile stream: loop for a parameter of two milliards, gather combining marks
 * without bound, move the cursor further and further beyond the last column (a mark without a character takes a cell of no
 * width), leave half of a wide character, throw (ED 1 at the end of the last row). And two things that it does differently from other terminals: it takes
 * U+0080–U+009F for control characters, which most do not, and a full reset leaves some modes set.
 */
export function mend(core: XtermCore): void {
  boundParameters(core);
  mendErase(core);
  mendReset(core);
  boundCursor(core);
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

function mendReset(core: XtermCore): void {
  core._inputHandler.onRequestReset(() => {
    core.coreService.isCursorHidden = false;
    core.optionsService.rawOptions.convertEol = false;
    core.optionsService.rawOptions.cursorBlink = false;
  });
}

function boundCursor(core: XtermCore): void {
  const size = core._bufferService;
  const parser = core._inputHandler._parser;
  const print = parser._printHandler;
  parser._printHandler = (data, start, end) => {
    print(data, start, end);
    const { active } = size.buffers;
    if (active.x > size.cols) active.x = size.cols;
  };
}

/** Every state of the parser passes over them. */
function ignoreC1(core: XtermCore): void {
  const { table } = core._inputHandler._parser._transitions;
  for (let state = 0; state < PARSER_STATES; state += 1) {
    table.fill(state, (state << 8) | FIRST_C1, ((state << 8) | LAST_C1) + 1);
  }
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
