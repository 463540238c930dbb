import { BG_EXTENDED, BG_PROTECTED, CELL_WORDS, FG_UNDERLINE, UNDERLINE_STYLE_MASK } from './cells.ts';
import { charsetFinal } from './charsets.ts';
import { CSI, cellText, hyperlink, Pen, sgrSequence } from './pen.ts';
import { cellWidth, isSecondHalf } from './row-text.ts';
import { isErased } from './screen-drawing.ts';
import { sgrParamsButUnderline } from './sgr.ts';
import type { ModelParts } from './terminal-state.ts';
import type { RowCells, XtermBuffer, XtermCharset, XtermCore } from './xterm-internals.ts';

const DESIGNATE = ['(', ')', '*', '+'] as const;
const SHIFT = ['\x0f', '\x0e', '\x1bn', '\x1bo'] as const;

/**
 * The end of a paint: what moves the cursor, the cursor, and what erasing and printing depend on. Begins with default attributes
 * and character sets, the cursor anywhere.
 */
export function cursorSequences(parts: ModelParts, buffer: XtermBuffer): string {
  const { core } = parts;
  const { coreService, optionsService } = core;
  const { modes, decPrivateModes } = coreService;
  const last = lastPrinted(parts, buffer);
  // At the end of a row, printing its last character again sets attributes: what restoring would do comes too late.
  const restores = needsRestore(core, buffer) && last?.isJoinable !== false;
  const sets = charsets(core, isDesignated(core) || restores);
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

/** Designates the character sets; or, for want of another way to it, the one in use as if it were designated. */
function charsets(core: XtermCore, asDesignated: boolean): string {
  const { charset, glevel, _charsets } = core._charsetService;
  let out = '';
  for (const [level, intermediate] of DESIGNATE.entries()) {
    const set = asDesignated || level !== glevel ? _charsets[level] : charset;
    if (set !== undefined) out += `\x1b${intermediate}${charsetFinal(set)}`;
  }
  return out + (glevel === 0 ? '' : (SHIFT[glevel] ?? ''));
}

/** Attributes and link of what is printed next, from default ones. */
function attributes({ core, links }: ModelParts): string {
  const { fg, bg, extended } = core._inputHandler._curAttrData;
  let out = '';
  if (fg !== 0 || bg !== 0 || extended._ext !== 0) out += sgrSequence(fg, bg, extended._ext);
  return extended._urlId === 0 ? out : out + hyperlink(extended._urlId, links);
}

/** What restoring a cursor leaves: the underline's style and colour, and the link. */
function extendedAttributes({ core, links }: ModelParts): string {
  const { _ext, _urlId } = core._inputHandler._curAttrData.extended;
  const isUnderlined = (_ext & UNDERLINE_STYLE_MASK) !== 0;
  const out = isUnderlined ? sgrSequence(FG_UNDERLINE, BG_EXTENDED, _ext) : sgrSequence(0, 0, _ext);
  return _urlId === 0 ? out : out + hyperlink(_urlId, links);
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
  const isThere =
    width > 0 && col >= 0 && cellWidth(line, col) === width && hasPresentAttributes(core, line, col);
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
  return ((saved.bg ^ bg) & BG_EXTENDED) === 0 || flagsAll(core);
}

/** Whether the flags say if there is more than flags: opening or closing a link sees to that. */
function flagsAll(core: XtermCore): boolean {
  const { bg, extended } = core._inputHandler._curAttrData;
  const isMore = extended._urlId !== 0 || (extended._ext & UNDERLINE_STYLE_MASK) !== 0;
  return ((bg & BG_EXTENDED) !== 0) === isMore;
}

function isDesignated(core: XtermCore): boolean {
  const { charset, glevel, _charsets } = core._charsetService;
  return charset === _charsets[glevel];
}

/** Whether the flags of the attributes say what there is of underline and link. */
export function areConsistent(core: XtermCore): boolean {
  const { fg, extended } = core._inputHandler._curAttrData;
  return ((fg & FG_UNDERLINE) !== 0) === ((extended._ext & UNDERLINE_STYLE_MASK) !== 0) && flagsAll(core);
}

/** Restores the saved cursor over what it leaves as it is, and changes what the program changed since. */
function restoredAttributes(parts: ModelParts, buffer: XtermBuffer): string {
  const { core } = parts;
  // The character sets come later, unless restoring is what sets them.
  const shift = isDesignated(core) ? SHIFT[0] : '';
  if (areConsistent(core)) return `\x1b8${shift}${CSI}0m${attributes(parts)}`;
  const { fg, bg } = core._inputHandler._curAttrData;
  const saved = buffer.savedCurAttrData;
  let out = `${extendedAttributes(parts)}\x1b8${shift}`;
  if (flagsAll(core)) out += hyperlink(core._inputHandler._curAttrData.extended._urlId, parts.links);
  if (saved.fg !== fg || (saved.bg ^ bg) & ~(BG_PROTECTED | BG_EXTENDED))
    out += `${CSI}${sgrParamsButUnderline(fg, bg)}m`;
  if ((saved.bg ^ bg) & BG_PROTECTED) out += `${CSI}${bg & BG_PROTECTED ? 1 : 0}"q`;
  return out;
}
