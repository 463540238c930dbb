/**
 * How many terminal cells a text takes: 2 for East Asian wide and emoji, 0 for marks that combine, 1 otherwise (UAX
 * #11 and #44 by property, the East Asian blocks by range). One grapheme takes the width of its widest character.
 */
export function displayWidth(text: string): number {
  if (PRINTABLE_ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter().segment(text)) width += graphemeWidth(segment);
  return width;
}

/** The longest beginning of `text` of at most `cells` cells; `…` stands for what was cut off. */
export function truncateEnd(text: string, cells: number): string {
  if (displayWidth(text) <= cells) return text;
  return cells < 1 ? '' : `${take(graphemes(text), cells - 1).join('')}…`;
}

/** The longest end of `text` of at most `cells` cells, for paths; `…` stands for what was cut off. */
export function truncateStart(text: string, cells: number): string {
  if (displayWidth(text) <= cells) return text;
  return cells < 1
    ? ''
    : `…${take(graphemes(text).reverse(), cells - 1)
        .reverse()
        .join('')}`;
}

export function padEnd(text: string, cells: number): string {
  return text + ' '.repeat(Math.max(0, cells - displayWidth(text)));
}

export function padStart(text: string, cells: number): string {
  return ' '.repeat(Math.max(0, cells - displayWidth(text))) + text;
}

const PRINTABLE_ASCII = /^[ -~]*$/;
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{17000}-\u{18cff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
const ZERO = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}\u200b]+$/u;

function graphemeWidth(grapheme: string): number {
  if (WIDE.test(grapheme)) return 2;
  return ZERO.test(grapheme) ? 0 : 1;
}

let shared: Intl.Segmenter | undefined;
function segmenter(): Intl.Segmenter {
  shared ??= new Intl.Segmenter();
  return shared;
}

function graphemes(text: string): string[] {
  return PRINTABLE_ASCII.test(text) ? [...text] : Array.from(segmenter().segment(text), part => part.segment);
}

function take(parts: readonly string[], cells: number): string[] {
  let left = cells;
  const end = parts.findIndex(part => (left -= displayWidth(part)) < 0);
  return end < 0 ? [...parts] : parts.slice(0, end);
}
