import { ByteWriter } from '../byte-codec.ts';
import { BG_EXTENDED, CELL_WORDS, NULL_CONTENT } from '../cells.ts';
import { charsetFinal } from '../charsets.ts';
import { KeyboardModes } from '../keyboard-modes.ts';
import { LinkTable } from '../links.ts';
import { areConsistent, hasPresentAttributes } from '../paint-cursor.ts';
import { PassedModes } from '../passed-modes.ts';
import { cellText } from '../pen.ts';
import { cellWidth, hasContent, isSecondHalf } from '../row-text.ts';
import { isErased } from '../screen-drawing.ts';
import { sgrParams, underlineStyle } from '../sgr.ts';
import { openTerminal, type XtermBuffer, type XtermCore, type XtermLine } from '../xterm-internals.ts';
import { mend, mendResize } from '../xterm-mends.ts';

const SCROLLBACK_ROWS = 2000;

/**
 * A terminal of a client: @xterm/headless with its own parsing of strings, its own links and its own scrollback. It keeps what
 * xterm.js does not know (the keyboard's modes) by the classes of the model.
 */
export class ReferenceTerminal {
  readonly core: XtermCore;
  readonly answers: string[] = [];
  readonly #terminal;
  readonly #keyboard: KeyboardModes;
  readonly #passed: PassedModes;

  constructor(cols: number, rows: number) {
    this.#terminal = openTerminal(cols, rows);
    this.core = this.#terminal.core;
    this.core.optionsService.rawOptions.scrollback = SCROLLBACK_ROWS;
    this.core._bufferService.buffers.normal.lines.maxLength = SCROLLBACK_ROWS + rows;
    mend(this.core);
    // xterm.js forgets a link that is open when the row where it began is erased.
    this.core._inputHandler._oscLinkService = new LinkTable(() => new Set());
    this.#keyboard = new KeyboardModes(this.#terminal, data => this.answers.push(data));
    this.#passed = new PassedModes(this.#terminal);
    this.#terminal.onAnswer(data => this.answers.push(data));
    this.core._inputHandler.onRequestReset(() => {
      this.#keyboard.reset();
      this.#passed.reset();
    });
    // Where the saved cursor is counted from changes when rows above it are erased.
    this.#terminal.onCsi({ final: 'J' }, params => this.#erase(params.params[0]));
    this.#terminal.onCsi({ prefix: '?', final: 'J' }, params => this.#erase(params.params[0]));
  }

  write(bytes: Uint8Array): void {
    this.core._inputHandler.parse(bytes);
  }

  resize(cols: number, rows: number): void {
    this.#terminal.resize(cols, rows);
    mendResize(this.core);
  }

  /** Everything that can be seen, and everything that the future depends on. */
  look(): Record<string, unknown> {
    const { core } = this;
    const { buffers } = core._bufferService;
    const { fg, bg, extended } = core._inputHandler._curAttrData;
    const { modes, decPrivateModes, isCursorHidden } = core.coreService;
    const { rawOptions } = core.optionsService;
    const handler = core._inputHandler;
    const isAlternate = buffers.active === buffers.alt;
    return {
      isAlternate,
      normal: this.#buffer(buffers.normal, !isAlternate),
      alt: isAlternate ? this.#buffer(buffers.alt, true) : undefined,
      attributes: { sgr: sgrParams(fg, bg, extended._ext), link: this.#uri(extended._urlId) },
      charsets: [0, 1, 2, 3].map(level => charsetFinal(core._charsetService._charsets[level])).join(''),
      charset: charsetFinal(core._charsetService.charset),
      level: core._charsetService.glevel,
      modes: {
        ...modes,
        ...decPrivateModes,
        isCursorHidden,
        eol: rawOptions.convertEol,
        blink: rawOptions.cursorBlink,
      },
      mouse: [core.coreMouseService.activeProtocol, core.coreMouseService.activeEncoding],
      titles: [
        handler._windowTitle,
        handler._iconName,
        ...handler._windowTitleStack,
        '|',
        ...handler._iconNameStack,
      ],
      keyboard: this.#kept(),
      // Of the character that was printed last only the width counts.
      parser: [handler._parser.currentState, handler._parser.precedingJoinState >> 1],
    };
  }

  /**
   * Whether it is where no sequence brings a terminal: the next character wraps although the last cell of a row with other
   * characters is blank (after scrolling, or changing the buffer, right after the last column was printed), or with attributes
   * that xterm.js only has after a cursor was restored; or the character that was printed last is not there (a wide one in the
   * last column without wrapping; after a resize); or the character set is neither what is designated nor what was saved (the
   * other buffer's was restored).
   */
  get isUnreachable(): boolean {
    const { cols, buffers } = this.core._bufferService;
    const { x, y, ybase, lines, savedCharset } = buffers.active;
    const line = lines.get(ybase + y);
    const { charset, glevel, _charsets } = this.core._charsetService;
    if (charset !== _charsets[glevel] && charset !== savedCharset) return true;
    if (line === undefined) return false;
    const width = this.core._inputHandler._parser.precedingJoinState >> 1;
    if (width > 0) {
      if (cellText(line, x - width) === '' || cellWidth(line, x - width) !== width) return true;
      return !hasPresentAttributes(this.core, line, x - width);
    }
    if (x < cols) return false;
    if (!areConsistent(this.core)) return true;
    return cellText(line, cols - 1) === '' && cellWidth(line, cols - 1) === 1 && !isErased(line);
  }

  /**
   * Whether lines above the screen lose something as text: a mark that stands on its own joins what is before it, a blank with
   * attributes becomes a space.
   */
  get losesAsText(): boolean {
    const { normal } = this.core._bufferService.buffers;
    for (let row = 0; row < normal.ybase; row += 1) {
      const line = normal.lines.get(row);
      for (let col = 0; line !== undefined && col < line.length; col += 1) {
        if (isSecondHalf(line, col)) continue;
        if (hasContent(line, col) ? cellWidth(line, col) === 0 : !isNew(line, col)) return true;
      }
    }
    return false;
  }

  /** The text above the screen, row by row. */
  rowsAbove(): string[] {
    const { normal } = this.core._bufferService.buffers;
    return Array.from({ length: normal.ybase }, (_, row) => {
      const line = normal.lines.get(row);
      // What the first one went on with was erased.
      return (line?.isWrapped && row > 0 ? '+' : '') + (line === undefined ? '' : textOf(line));
    });
  }

  #erase(what: number | undefined): boolean {
    const { active } = this.core._bufferService.buffers;
    if (what === 3) active.savedY -= active.lines.length - this.core._bufferService.rows;
    return false;
  }

  #kept(): string {
    const writer = new ByteWriter();
    this.#keyboard.write(writer);
    this.#passed.write(writer);
    return Buffer.from(writer.finish()).toString('hex');
  }

  #buffer(buffer: XtermBuffer, isActive: boolean): Record<string, unknown> {
    const { cols, rows } = this.core._bufferService;
    const { savedCurAttrData: saved } = buffer;
    return {
      cells: Array.from({ length: rows }, (_, row) => this.#row(buffer.lines.get(buffer.ybase + row))),
      cursor: isActive ? [buffer.x, buffer.y] : undefined,
      margins: [buffer.scrollTop, buffer.scrollBottom],
      tabs: Array.from({ length: cols }, (_, col) => (buffer.tabs[col] ? 'T' : '.')).join(''),
      saved: [
        Math.min(buffer.savedX, cols - 1),
        Math.min(rows - 1, Math.max(0, buffer.savedY - buffer.ybase)),
        sgrParams(saved.fg, saved.bg & ~BG_EXTENDED, 0),
        charsetFinal(buffer.savedCharset),
      ],
    };
  }

  #row(line: XtermLine | undefined): string {
    if (line === undefined) return 'none';
    let last = this.core._bufferService.cols - 1;
    while (last >= 0 && isNew(line, last)) last -= 1;
    let out = line.isWrapped ? '+' : '';
    let before = '';
    for (let col = 0; col <= last; col += 1) {
      const fg = line._data[CELL_WORDS * col + 1] ?? 0;
      const bg = line._data[CELL_WORDS * col + 2] ?? 0;
      const extended = bg & BG_EXTENDED ? line._extendedAttrs[col] : undefined;
      // The colour of an underline that is not there is not seen.
      const ext = underlineStyle(fg, bg, extended?._ext ?? 0) === 0 ? 0 : (extended?._ext ?? 0);
      const sgr = `${sgrParams(fg, bg, ext)}${bg & 0x20000000 ? 'P' : ''}|${this.#uri(extended?._urlId ?? 0)}`;
      if (sgr !== before) out += `<${sgr}>`;
      before = sgr;
      out += cellText(line, col) || (cellWidth(line, col) === 0 ? '' : '·');
    }
    return out;
  }

  #uri(link: number): string {
    return link === 0 ? '' : (this.core._inputHandler._oscLinkService.getLinkData(link)?.uri ?? '?');
  }
}

function isNew(line: XtermLine, col: number): boolean {
  const at = CELL_WORDS * col;
  return line._data[at] === NULL_CONTENT && line._data[at + 1] === 0 && line._data[at + 2] === 0;
}

function textOf(line: XtermLine): string {
  let text = '';
  for (let col = 0; col < line.length; col += 1)
    text += cellText(line, col) || (cellWidth(line, col) === 0 ? '' : ' ');
  return text.trimEnd();
}
