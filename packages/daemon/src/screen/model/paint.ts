import { BG_EXTENDED, BG_PROTECTED, CELL_WORDS, FG_UNDERLINE, UNDERLINE_STYLE_MASK } from './cells.ts';
import { charsetFinal } from './charsets.ts';
import { unfinishedSequence } from './parser-state.ts';
import { CSI, cellText, hyperlink, Pen, ST } from './pen.ts';
import { cellWidth, hasContent, isSecondHalf, wrappedEnd } from './row-text.ts';
import { screenOf } from './rows-above.ts';
import { type Above, isErased, ScreenDrawing } from './screen-drawing.ts';
import { sgrParams, sgrParamsButUnderline } from './sgr.ts';
import { cursorStyle } from './status-answers.ts';
import type { ModelParts } from './terminal-state.ts';
import type { RowCells, XtermBuffer, XtermCharset, XtermCore } from './xterm-internals.ts';

const MOUSE_PROTOCOL: Readonly<Record<string, string>> = {
  X10: '9',
  VT200: '1000',
  DRAG: '1002',
  ANY: '1003',
};
const MOUSE_ENCODING: Readonly<Record<string, string>> = { SGR: '1006', SGR_PIXELS: '1016' };
const DESIGNATE = ['(', ')', '*', '+'] as const;
const SHIFT = ['\x0f', '\x0e', '\x1bn', '\x1bo'] as const;
const DEFAULT_TAB_WIDTH = 8;

/**
 * What makes a reset terminal of the same size show what this one shows and go on equally: history lines, the screen, and the
 * state behind it. Not restored: images, and what only shows after the window got wider (tab stops beyond its right edge).
 */
export function paint(parts: ModelParts, history: readonly string[]): string {
  const { core } = parts;
  const { normal, alt, active } = core._bufferService.buffers;
  const isAlternate = active === alt;
  const alternateStack = parts.keyboard.stackSequences('alternate');
  let out = '';
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
  out += `${CSI}?2026h${CSI}?25l${above === 'nothing' ? `${CSI}H` : ''}`;
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
  return out + cursor(parts, active) + unfinishedSequence(core._inputHandler._parser, parts.osc, parts.dcs);
}

/** Modes in which input differs, without the keyboard's stack, and the cursor's shape. */
export function inputModes(parts: ModelParts): string {
  const { core, keyboard } = parts;
  const { decPrivateModes: modes } = core.coreService;
  const { activeProtocol, activeEncoding } = core.coreMouseService;
  const set = [
    MOUSE_PROTOCOL[activeProtocol],
    MOUSE_ENCODING[activeEncoding],
    modes.sendFocus ? '1004' : undefined,
    modes.bracketedPasteMode ? '2004' : undefined,
    modes.applicationCursorKeys ? '1' : undefined,
    core.optionsService.rawOptions.cursorBlink ? '12' : undefined,
  ];
  let out = '';
  for (const mode of set) if (mode !== undefined) out += `${CSI}?${mode}h`;
  if (modes.applicationKeypad) out += '\x1b=';
  if (keyboard.modifyOtherKeys !== 0) out += `${CSI}>4;${keyboard.modifyOtherKeys}m`;
  const style = cursorStyle(core);
  return style === 0 ? out : `${out}${CSI}${style} q`;
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
  let out = fg === 0 && bg === 0 ? '' : sgr(fg, bg & ~BG_EXTENDED, 0);
  if (needsLink) out += `\x1b]8;;about:blank${ST}`;
  if (hasCharset) out += `\x1b(${charsetFinal(buffer.savedCharset)}`;
  out += `${CSI}${row + 1};${col + 1}H${save}`;
  if (hasCharset) out += '\x1b(B';
  if (needsLink) out += `\x1b]8;;${ST}`;
  if (bg & BG_PROTECTED) out += `${CSI}0"q`;
  return fg === 0 && bg === 0 ? out : `${out}${CSI}0m`;
}

function sgr(fg: number, bg: number, ext: number): string {
  return `${CSI}${sgrParams(fg, bg, ext)}m${bg & BG_PROTECTED ? `${CSI}1"q` : ''}`;
}

function charsets(sets: readonly XtermCharset[], level: number): string {
  let out = '';
  for (const [at, intermediate] of DESIGNATE.entries()) {
    if (sets[at] !== undefined) out += `\x1b${intermediate}${charsetFinal(sets[at])}`;
  }
  return out + (level === 0 ? '' : (SHIFT[level] ?? ''));
}

/** Everything that must come last: what moves the cursor, the cursor, what erasing and printing depend on. */
function cursor(parts: ModelParts, buffer: XtermBuffer): string {
  const { core } = parts;
  const { coreService, optionsService } = core;
  const { modes, decPrivateModes } = coreService;
  const last = lastPrinted(parts, buffer);
  // At the end of a row, printing its last character again sets attributes: what restoring would do comes too late.
  const restores = needsRestore(core, buffer) && last?.isJoinable !== false;
  const sets = charsets(core._charsetService._charsets, core._charsetService.glevel);
  let out = isDesignated(core) ? '' : sets;
  if (restores) out += restoredAttributes(parts, buffer);
  if (decPrivateModes.origin) out += `${CSI}?6h`;
  const row = decPrivateModes.origin ? buffer.y - buffer.scrollTop : buffer.y;
  out += `${CSI}${row + 1};${(last?.col ?? buffer.x) + 1}H`;
  // At the end of the row without more to go on with than that the next character wraps.
  if (last !== undefined && !last.isJoinable) out += last.text;
  if (isDesignated(core)) out += sets;
  if (!restores) out += attributes(parts);
  if (!decPrivateModes.wraparound) out += `${CSI}?7l`;
  if (decPrivateModes.reverseWraparound) out += `${CSI}?45h`;
  if (optionsService.rawOptions.convertEol) out += `${CSI}20h`;
  if (modes.insertMode) out += `${CSI}4h`;
  if (!coreService.isCursorHidden) out += `${CSI}?25h`;
  if (!decPrivateModes.synchronizedOutput) out += `${CSI}?2026l`;
  if (last?.isJoinable !== true) return out;
  // Inserting moves what was moved before.
  return out + (modes.insertMode ? `${CSI}${last.width}P` : '') + last.text;
}

/** Attributes and link of what is printed next, from default ones. */
function attributes({ core, links }: ModelParts): string {
  const { fg, bg, extended } = core._inputHandler._curAttrData;
  let out = '';
  if (fg !== 0 || bg !== 0 || extended._ext !== 0) {
    const isUnderlined = (extended._ext & UNDERLINE_STYLE_MASK) !== 0;
    // The style without the flags, which a restored cursor may lack.
    out += sgr(isUnderlined ? fg | FG_UNDERLINE : fg, isUnderlined ? bg | BG_EXTENDED : bg, extended._ext);
  }
  return extended._urlId === 0 ? out : out + hyperlink(extended._urlId, links);
}

interface LastPrinted {
  readonly col: number;
  readonly width: number;
  readonly text: string;
  /** A combining mark or a repetition that follows belongs to it, so nothing may come after it. */
  readonly isJoinable: boolean;
}

/** The character before the cursor, when it has to be printed again. */
function lastPrinted({ core, links }: ModelParts, buffer: XtermBuffer): LastPrinted | undefined {
  const { cols } = core._bufferService;
  const line = buffer.lines.get(buffer.ybase + buffer.y);
  if (line === undefined) return undefined;
  const width = (core._inputHandler._parser.precedingJoinState >> 1) & 3;
  const col = buffer.x - width;
  const isThere = width > 0 && col >= 0 && hasPresentAttributes(core, line, col);
  const text = isThere ? typed(cellText(line, col), core._charsetService.charset) : undefined;
  if (text !== undefined) return { col, width, text, isJoinable: true };
  if (buffer.x < cols) return undefined;
  const start = isSecondHalf(line, cols - 1) && cols > 1 ? cols - 2 : cols - 1;
  const pen = new Pen(links, true);
  pen.attributesOf(line, start);
  const last = cellText(line, start);
  pen.put((isDesignated(core) ? last : typed(last, core._charsetService.charset)) || ' ');
  // Erasing the row up to the cursor leaves the cursor there.
  if (isErased(line)) pen.put(`${CSI}1K`);
  pen.plain();
  return { col: start, width: cols - start, text: pen.take(), isJoinable: false };
}

/** A resize may have moved the cursor away from the character that was printed last, to another. */
export function hasPresentAttributes(core: XtermCore, line: RowCells, col: number): boolean {
  const { fg, bg, extended } = core._inputHandler._curAttrData;
  if (line._data[CELL_WORDS * col + 1] !== fg >>> 0 || line._data[CELL_WORDS * col + 2] !== bg >>> 0)
    return false;
  if ((bg & BG_EXTENDED) === 0) return true;
  const own = line._extendedAttrs[col];
  return (own?._ext ?? 0) === extended._ext && (own?._urlId ?? 0) === extended._urlId;
}

/** What has to be written for this text when the character set is active; undefined when nothing gives it. */
function typed(text: string, charset: XtermCharset): string | undefined {
  if (text === '') return undefined;
  const first = text.slice(0, 1);
  if (charset === undefined || first >= '\x7f' || charset[first] === undefined) return text;
  const key = Object.keys(charset).find(from => charset[from]?.startsWith(first));
  return key === undefined ? undefined : key + text.slice(1);
}

/**
 * Whether attributes or character set are such that only restoring a saved cursor can make them: xterm.js restores flags without
 * the underline's style and the link, and a character set without what it is designated as.
 */
function needsRestore(core: XtermCore, buffer: XtermBuffer): boolean {
  const { charset } = core._charsetService;
  const { fg, bg } = core._inputHandler._curAttrData;
  const saved = buffer.savedCurAttrData;
  if (!isDesignated(core)) return charset === buffer.savedCharset;
  if (areConsistent(core) || (saved.fg ^ fg) & FG_UNDERLINE) return false;
  return ((saved.bg ^ bg) & BG_EXTENDED) === 0 || flagsMore(core);
}

/** Whether there is more than flags, and they say so: opening or closing a link makes them. */
function flagsMore(core: XtermCore): boolean {
  const { bg, extended } = core._inputHandler._curAttrData;
  if ((bg & BG_EXTENDED) === 0) return false;
  return extended._urlId !== 0 || (extended._ext & UNDERLINE_STYLE_MASK) !== 0;
}

function isDesignated(core: XtermCore): boolean {
  const { charset, glevel, _charsets } = core._charsetService;
  return charset === _charsets[glevel];
}

/** Whether the flags of the attributes say what there is of underline and link. */
export function areConsistent(core: XtermCore): boolean {
  const { fg, bg, extended } = core._inputHandler._curAttrData;
  const hasStyle = (extended._ext & UNDERLINE_STYLE_MASK) !== 0;
  return (
    ((fg & FG_UNDERLINE) !== 0) === hasStyle &&
    ((bg & BG_EXTENDED) !== 0) === (hasStyle || extended._urlId !== 0)
  );
}

/** Restores the saved cursor over what it leaves as it is, and changes what the program changed since. */
function restoredAttributes(parts: ModelParts, buffer: XtermBuffer): string {
  const { core } = parts;
  // The character sets come later, unless restoring is what sets them.
  const shift = isDesignated(core) ? SHIFT[0] : '';
  if (areConsistent(core)) return `\x1b8${shift}${CSI}0m${attributes(parts)}`;
  const { fg, bg } = core._inputHandler._curAttrData;
  const saved = buffer.savedCurAttrData;
  let out = `${attributes(parts)}\x1b8${shift}`;
  if (flagsMore(core)) out += hyperlink(core._inputHandler._curAttrData.extended._urlId, parts.links);
  if (saved.fg !== fg || (saved.bg ^ bg) & ~(BG_PROTECTED | BG_EXTENDED))
    out += `${CSI}${sgrParamsButUnderline(fg, bg)}m`;
  if ((saved.bg ^ bg) & BG_PROTECTED) out += `${CSI}${bg & BG_PROTECTED ? 1 : 0}"q`;
  return out;
}
