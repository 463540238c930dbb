import { BG_EXTENDED, BG_PROTECTED, COMBINED_FLAG } from './cells.ts';
import type { Link } from './links.ts';
import { sgrParams } from './sgr.ts';
import type { RowCells } from './xterm-internals.ts';

export interface LinkSource {
  getLinkData(link: number): Link | undefined;
}

export const CSI = '\x1b[';
export const ST = '\x1b\\';

/** Writes text with attributes; says of them what changes. Begins with default attributes. */
export class Pen {
  readonly #links: LinkSource;
  /** Whether character protection (DECSCA) is written too. */
  readonly #protects: boolean;
  #out = '';
  #fg = 0;
  #bg = 0;
  #ext = 0;
  #link = 0;

  constructor(links: LinkSource, protects = false) {
    this.#links = links;
    this.#protects = protects;
  }

  /** Anything that leaves the attributes as they are. */
  put(text: string): void {
    this.#out += text;
  }

  /** `ext` and `link` count when `bg` has BG_EXTENDED. */
  attributes(fg: number, bg: number, ext: number, link: number): void {
    const wantedExt = bg & BG_EXTENDED ? ext : 0;
    const wantedLink = bg & BG_EXTENDED ? link : 0;
    if (fg !== this.#fg || bg !== this.#bg || wantedExt !== this.#ext) this.#sgr(fg, bg, wantedExt);
    if (wantedLink !== this.#link) this.#hyperlink(wantedLink);
  }

  /** As those of a cell. */
  attributesOf(line: RowCells, col: number): void {
    const fg = line._data[3 * col + 1] ?? 0;
    const bg = line._data[3 * col + 2] ?? 0;
    if (fg === this.#fg && bg === this.#bg && (bg & BG_EXTENDED) === 0 && this.#link === 0) return;
    const extended = bg & BG_EXTENDED ? line._extendedAttrs[col] : undefined;
    this.attributes(fg, bg, extended?._ext ?? 0, extended?._urlId ?? 0);
  }

  /** Default attributes again. */
  plain(): void {
    if (this.#fg !== 0 || this.#bg !== 0) this.#sgr(0, 0, 0);
    if (this.#link !== 0) this.#hyperlink(0);
  }

  /** What was written since the last call. */
  take(): string {
    const out = this.#out;
    this.#out = '';
    return out;
  }

  #sgr(fg: number, bg: number, ext: number): void {
    // xterm.js takes SGR 0 for an end of protection; others keep that apart.
    if (this.#protects && this.#bg & BG_PROTECTED && !(bg & BG_PROTECTED)) this.#out += `${CSI}0"q`;
    this.#out += `${CSI}${sgrParams(fg, bg, ext)}m`;
    if (this.#protects && bg & BG_PROTECTED) this.#out += `${CSI}1"q`;
    this.#fg = fg;
    this.#bg = bg;
    this.#ext = ext;
  }

  #hyperlink(link: number): void {
    this.#out += hyperlink(link, this.#links);
    this.#link = link;
  }
}

/** SGR, and protection after it: xterm.js takes SGR 0 for its end. */
export function sgrSequence(fg: number, bg: number, ext: number): string {
  return `${CSI}${sgrParams(fg, bg, ext)}m${bg & BG_PROTECTED ? `${CSI}1"q` : ''}`;
}

/** OSC 8. A link without an id gets one of its own, so that its parts stay together when it is opened again. */
export function hyperlink(link: number, links: LinkSource): string {
  const data = link === 0 ? undefined : links.getLinkData(link);
  if (data === undefined) return `\x1b]8;;${ST}`;
  return `\x1b]8;id=${data.id ?? `~${link}`};${data.uri}${ST}`;
}

/** The character of a cell, with its combining marks; '' when there is none. */
export function cellText(line: RowCells, col: number): string {
  const content = line._data[3 * col] ?? 0;
  if (content & COMBINED_FLAG) return line._combined[col] ?? '';
  const codepoint = content & 0x1fffff;
  return codepoint === 0 ? '' : String.fromCodePoint(codepoint);
}
