import { hostname } from 'node:os';

/** OSC 133, as told while parsing. */
export type ModelMark =
  | { readonly kind: 'promptStart' | 'promptEnd' }
  | { readonly kind: 'commandStarted'; readonly command: string }
  | { readonly kind: 'commandFinished'; readonly exitCode: number | null };

const MAX_COMMAND_LENGTH = 4096;
const MAX_STATUS = 255;

/** The text after `133;`: a letter, then fields divided by semicolons. Undefined for what is not told. */
export function parseMark(text: string): ModelMark | undefined {
  const [letter, ...fields] = text.split(';');
  switch (letter) {
    case 'A':
    case 'N':
      return { kind: 'promptStart' };
    case 'B':
      return { kind: 'promptEnd' };
    case 'C':
      return { kind: 'commandStarted', command: commandOf(fields) };
    case 'D':
      return { kind: 'commandFinished', exitCode: statusOf(fields[0]) };
    default:
      return undefined;
  }
}

/** `cmdline_url=` is percent-encoded, `cmdline=` quoted for a shell (`printf %q`). */
function commandOf(fields: readonly string[]): string {
  for (const field of fields) {
    if (field.startsWith('cmdline_url=')) return command(percentDecoded(field.slice(12)) ?? '');
  }
  const at = fields.findIndex(field => field.startsWith('cmdline='));
  return at < 0 ? '' : command(unquoted(fields.slice(at).join(';').slice(8)));
}

function command(text: string): string {
  return text
    .replace(/[\x00-\x08\x0b-\x1f\x7f]/g, '')
    .trim()
    .slice(0, MAX_COMMAND_LENGTH);
}

function statusOf(field: string | undefined): number | null {
  if (field === undefined || !/^\d{1,3}$/.test(field)) return null;
  const status = Number(field);
  return status <= MAX_STATUS ? status : null;
}

/** What bash's `printf %q` and zsh's `${(q)…}` write: backslashes, single quotes, `$'…'`. */
function unquoted(text: string): string {
  return text.replace(/\$'((?:[^'\\]|\\.)*)'|'([^']*)'|\\(.)/gs, (_whole, ansi, single, escaped) => {
    if (ansi !== undefined) return String(ansi).replace(/\\(.)/gs, (_pair, char) => ESCAPES[char] ?? char);
    return single ?? escaped ?? '';
  });
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  e: '\x1b',
  E: '\x1b',
  a: '\x07',
};

/** The path of an OSC 7 URL when it is a local absolute one; undefined for another host's. */
export function localPath(url: string): string | undefined {
  const match = /^file:\/\/([^/]*)(\/.*)$/is.exec(url);
  if (match === null || !isThisHost(match[1] ?? '')) return undefined;
  const path = percentDecoded(match[2] ?? '');
  return path === undefined || /[\x00-\x1f\x7f]/.test(path) ? undefined : path;
}

function isThisHost(host: string): boolean {
  const name = host.toLowerCase();
  if (name === '' || name === 'localhost') return true;
  const own = hostname().toLowerCase();
  return name === own || name.startsWith(`${own}.`) || own.startsWith(`${name}.`);
}

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
