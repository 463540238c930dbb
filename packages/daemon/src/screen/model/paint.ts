import { BG_EXTENDED, BG_PROTECTED, FG_UNDERLINE } from './cells.ts';
import { charsetFinal } from './charsets.ts';
import { inputModes } from './input-modes.ts';
import { cursorSequences } from './paint-cursor.ts';
import { unfinishedSequence } from './parser-state.ts';
import { CSI, ST, sgrSequence } from './pen.ts';
import { cellWidth, hasContent, wrappedEnd } from './row-text.ts';
import { screenOf } from './rows-above.ts';
import { type Above, ScreenDrawing } from './screen-drawing.ts';
import type { ModelParts } from './terminal-state.ts';
import type { RowCells, XtermBuffer, XtermCore } from './xterm-internals.ts';

const DEFAULT_TAB_WIDTH = 8;

/**
 * What makes a reset terminal of the same size show what this one shows and go on equally: history lines, the screen, and the
 * state behind it. Not restored:
 * - images, and modes that xterm.js has not (left and right margins, say) but for those that are passed on;
 * - blanks in history lines: they become spaces, as in the lines themselves;
 * - tab stops beyond the right edge, which show after the window got wider;
 * - that the next character wraps, when the last cell of a row with other characters was scrolled or erased away after it was
 *   printed: the cell gets a space.
 */
export function paint(parts: ModelParts, history: readonly string[]): string {
  const { core } = parts;
  const { normal, alt, active } = core._bufferService.buffers;
  const isAlternate = active === alt;
  const alternateStack = parts.keyboard.stackSequences('alternate');
  // One synchronized update, so that nothing is seen of the way.
  let out = `${CSI}?2026h${CSI}?25l`;
  if (!isAlternate) {
    // What a program left on the other screen counts when the next one comes there.
    const left = alternateStack + (isNeverSaved(alt) ? '' : savedState(parts, alt, '\x1b7'));
    if (left !== '') out += `${CSI}?47h${left}${CSI}?47l${CSI}H`;
  }
  const above = drawHistory(normal, history);
  for (const [at, line] of history.entries()) {
    out += line;
    if (at < history.length - 1 || above === 'line') out += '\r\n';
  }
  if (above === 'nothing') out += `${CSI}H`;
  out += drawScreen(parts, normal, above);
  if (isAlternate) {
    out += tabStops(core, normal) + margins(core, normal) + parts.keyboard.stackSequences('main');
    // Entering the alternate screen saves the cursor, and leaving it restores what was saved.
    out += savedState(parts, normal, `${CSI}?1049h`);
    out += `${CSI}H${CSI}2J`;
    out += drawScreen(parts, alt, 'nothing');
  }
  out += titles(core) + parts.colours.sequences() + tabStops(core, active);
  if (isAlternate || !isNeverSaved(active)) out += savedState(parts, active, '\x1b7');
  out += margins(core, active) + parts.passed.sequences() + inputModes(parts);
  out += isAlternate ? alternateStack : parts.keyboard.stackSequences('main');
  return (
    out +
    cursorSequences(parts, active) +
    unfinishedSequence(core._inputHandler._parser, parts.osc, parts.dcs)
  );
}

function drawHistory(normal: XtermBuffer, history: readonly string[]): Above {
  if (history.length === 0) return 'nothing';
  const first = normal.lines.get(normal.ybase);
  const before = normal.ybase > 0 ? normal.lines.get(normal.ybase - 1) : undefined;
  if (first?.isWrapped !== true || before === undefined) return 'line';
  return { isFull: fillsItsRow(before, first) };
}

/** Whether the characters of a row fill it when they are printed one after the other. */
function fillsItsRow(line: RowCells, next: RowCells): boolean {
  for (let col = 0; col < line.length; col += 1)
    if (hasContent(line, col) && cellWidth(line, col) === 0) return false;
  return wrappedEnd(line, next) === line.length;
}

function drawScreen(parts: ModelParts, buffer: XtermBuffer, above: Above): string {
  const { cols, rows } = parts.core._bufferService;
  return new ScreenDrawing(screenOf(buffer, rows), cols, parts.links).draw(above);
}

function titles(core: XtermCore): string {
  const { _windowTitle, _iconName, _windowTitleStack, _iconNameStack } = core._inputHandler;
  return title(2, _windowTitleStack, _windowTitle) + title(1, _iconNameStack, _iconName);
}

function title(what: 1 | 2, stack: readonly string[], present: string): string {
  let out = '';
  for (const saved of stack) out += `\x1b]${what};${saved}${ST}${CSI}22;${what}t`;
  return out === '' && present === '' ? '' : `${out}\x1b]${what};${present}${ST}`;
}

function tabStops(core: XtermCore, buffer: XtermBuffer): string {
  const { cols } = core._bufferService;
  const stops: number[] = [];
  let isDefault = true;
  for (let col = 0; col < cols; col += 1) {
    if (buffer.tabs[col]) stops.push(col);
    if (buffer.tabs[col] !== (col % DEFAULT_TAB_WIDTH === 0 ? true : undefined)) isDefault = false;
  }
  if (isDefault) return '';
  return `${CSI}3g${stops.map(col => `${CSI}${col + 1}G\x1bH`).join('')}`;
}

function margins(core: XtermCore, buffer: XtermBuffer): string {
  const { scrollTop, scrollBottom } = buffer;
  if (scrollTop === 0 && scrollBottom === core._bufferService.rows - 1) return '';
  return `${CSI}${scrollTop + 1};${scrollBottom + 1}r`;
}

function isNeverSaved(buffer: XtermBuffer): boolean {
  const { fg, bg } = buffer.savedCurAttrData;
  const row = Math.max(0, buffer.savedY - buffer.ybase);
  return buffer.savedX === 0 && row === 0 && fg === 0 && bg === 0 && buffer.savedCharset === undefined;
}

/** Brings cursor, attributes and character set to what was saved, saves them, and leaves default ones. */
function savedState(parts: ModelParts, buffer: XtermBuffer, save: string): string {
  const { cols, rows } = parts.core._bufferService;
  const { fg, bg } = buffer.savedCurAttrData;
  const row = Math.min(rows - 1, Math.max(0, buffer.savedY - buffer.ybase));
  const col = Math.min(cols - 1, buffer.savedX);
  // The saved attributes say that there is more (a link, say) and not what it is.
  const needsLink = (bg & BG_EXTENDED) !== 0 && (fg & FG_UNDERLINE) === 0;
  const hasCharset = buffer.savedCharset !== undefined;
  let out = fg === 0 && bg === 0 ? '' : sgrSequence(fg, bg & ~BG_EXTENDED, 0);
  if (needsLink) out += `\x1b]8;;about:blank${ST}`;
  if (hasCharset) out += `\x1b(${charsetFinal(buffer.savedCharset)}`;
  out += `${CSI}${row + 1};${col + 1}H${save}`;
  if (hasCharset) out += '\x1b(B';
  if (needsLink) out += `\x1b]8;;${ST}`;
  if (bg & BG_PROTECTED) out += `${CSI}0"q`;
  return fg === 0 && bg === 0 ? out : `${out}${CSI}0m`;
}
