import { TermError } from '@triterm/core/errors';

/**
 * Text as it may stand in a unit, its own `%` doubled; `%h` in it is a specifier of systemd.unit(5). What is put into a
 * unit has been through `unitText`, or was written as unit text by hand.
 */
export type UnitText = string;

/** What no quoting expresses in all places where a path may stand: some take escapes, some take them literally. */
const UNSPEAKABLE = /["\\\u0000-\u001f\u007f]/;

/** A path or other value as unit text. Throws SERVICE_FAILED where systemd could not be told it. */
export function unitText(value: string): UnitText {
  if (UNSPEAKABLE.test(value) || value !== value.trim())
    throw new TermError('SERVICE_FAILED', `A unit cannot express this path: ${JSON.stringify(value)}`, {
      hint: 'Use a path without quotes, backslashes, control characters, and spaces at its ends.',
    });
  return value.replaceAll('%', '%%');
}

/** A word where several are separated by spaces, such as in ReadWritePaths=. */
export function quoted(text: UnitText): string {
  return /[\s';#]/.test(text) ? `"${text}"` : text;
}

/**
 * An ExecStart= line (systemd.service(5), “Command lines”). Variables are expanded in arguments, so a `$` is doubled
 * there, and not in the program's own path.
 */
export function execLine([program = '', ...args]: readonly UnitText[]): string {
  return [quoted(program), ...args.map(arg => quoted(arg.replaceAll('$', '$$$$')))].join(' ');
}

/** `NAME=value` of Environment=, which expands specifiers and nothing else. */
export function assignment(name: string, text: UnitText): string {
  return quoted(`${name}=${text}`);
}

/** A directive; a list is written as several lines of the same name. */
export type Directive = readonly [name: string, value: string | readonly string[]];

/** Of unit files: `[Name]`, a comment above a directive where there is one, and a line a directive. */
export interface Section {
  readonly name: string;
  readonly lines: readonly (Directive | string)[];
}

/** A line that is no directive is a comment. */
export function unitFile(sections: readonly Section[]): string {
  return sections.map(({ name, lines }) => `[${name}]\n${lines.flatMap(lineTexts).join('\n')}\n`).join('\n');
}

function lineTexts(line: Directive | string): string[] {
  if (typeof line === 'string') return [`# ${line}`];
  const [name, value] = line;
  return (typeof value === 'string' ? [value] : value).map(text => `${name}=${text}`);
}
