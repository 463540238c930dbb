/**
 * Manual pages in the macros of man(7). Texts are plain, with code in backticks. Every text is escaped: nothing of it is
 * a request, an escape or another character than it says (groff_char(7), "The minus sign").
 */

export interface Section {
  readonly name: string;
  /** Requests and text lines. A section without any is left out. */
  readonly lines: readonly string[];
}

export interface Page {
  readonly title: string;
  /** Of the manual: 1 commands, 5 files, 8 daemons. */
  readonly section: number;
  readonly version: string;
  readonly sections: readonly Section[];
}

/** Two texts that belong together, such as a term and its meaning. */
type Pair = readonly [string, string];

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\(rs',
  '-': '\\-',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
};

/** Command lines and paths are not divided, and no line is stretched. Terminals of ASCII alone know no ellipsis. */
const LAYOUT = ['.nh', '.ad l', '.fchar \\[u2026] ...'];

/** A text as one line. */
export function plain(text: string): string {
  return guarded(escaped(text));
}

/** A text as one line, in which code, in backticks, is bold. */
export function prose(text: string): string {
  const parts = text.split('`');
  // An odd one is a backtick like any other.
  if (parts.length % 2 === 0) return plain(text);
  const shown = parts.map((part, at) => (at % 2 === 1 ? `\\fB${escaped(part)}\\fR` : escaped(part)));
  return guarded(shown.join(''));
}

/** A text as one line, all of it bold. */
export function bold(text: string): string {
  return `\\fB${escaped(text)}\\fR`;
}

/** No date stands in it: the same sources make the same page. */
export function page({ title, section, version, sections }: Page): string {
  const head = [title.toUpperCase(), String(section), '', `triterm ${version}`, 'triterm'];
  const body = sections
    .filter(({ lines }) => lines.length > 0)
    .flatMap(({ name, lines }) => [`.SH ${escaped(name)}`, ...lines]);
  return [
    '.\\" Made by scripts/generate-man-pages.mjs; do not edit it.',
    `.TH ${head.map(word => `"${escaped(word)}"`).join(' ')}`,
    ...LAYOUT,
    ...body,
    '',
  ].join('\n');
}

/** Paragraphs of a text in which empty lines divide them. */
export function paragraphs(text: string): string[] {
  return text.split('\n\n').flatMap((part, at) => (at === 0 ? [prose(part)] : ['.PP', prose(part)]));
}

/** Terms, in bold, each with what it means. */
export function definitions(pairs: readonly Pair[]): string[] {
  return pairs.flatMap(([term, meaning]) => ['.TP', bold(term), prose(meaning)]);
}

/** Command lines, each below what it does. */
export function examples(pairs: readonly Pair[]): string[] {
  return pairs.flatMap(([line, meaning]) => [
    '.PP',
    `${prose(`${meaning.charAt(0).toUpperCase()}${meaning.slice(1)}`)}:`,
    '.PP',
    '.in +4n',
    '.EX',
    `$ ${escaped(line)}`,
    '.EE',
    '.in',
  ]);
}

/** References to other pages: `name(section)`, with commas between. */
export function references(pages: readonly (readonly [name: string, section: number])[]): string[] {
  return pages.map(([name, section], at) => {
    const comma = at < pages.length - 1 ? ',' : '';
    return `.BR ${escaped(name)} (${section})${comma}`;
  });
}

/** The same characters in one line, wherever in it they stand. */
function escaped(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\\\-'`^~]/g, char => ESCAPES[char] ?? char)
    .replaceAll(/[^\x20-\x7e]/gu, char => `\\[u${hexadecimal(char)}]`);
}

/** A dot at the beginning of a line would make it a request. */
function guarded(line: string): string {
  return line.startsWith('.') ? `\\&${line}` : line;
}

function hexadecimal(char: string): string {
  return (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
