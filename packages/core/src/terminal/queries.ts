/**
 * Which sequences ask a terminal for an answer (VT510 manual, xterm's ctlseqs, the kitty protocols). A session's own
 * terminal model answers them; a person's terminal must not do so a second time.
 */

/** Reports that `CSI n t` asks for: window state, place, sizes in pixels and cells, titles. */
const WINDOW_REPORTS: ReadonlySet<number> = new Set([11, 13, 14, 15, 16, 18, 19, 20, 21]);

/** Final bytes of the control sequences that may be queries. */
export const CSI_QUERY_FINALS = 'RSgcmnpqtuvwxy|';

/**
 * Whether `CSI body final` is a query. The body is everything between: a private prefix, parameters, intermediates.
 */
export function isCsiQuery(body: string, final: string): boolean {
  const [, prefix = '', parameters = '', intermediates = ''] =
    /^([<=>?]*)([0-9:;]*)([ -/]*)/.exec(body) ?? [];
  const kind = prefix + intermediates;
  switch (final) {
    case 'c': // DA1, DA2, DA3
      return kind === '' || kind === '>' || kind === '=';
    case 'n': // DSR
      return kind === '' || kind === '?';
    case 'p': // DECRQM
      return kind === '$' || kind === '?$';
    case 'q': // XTVERSION
      return kind === '>';
    case 'u': // kitty keyboard flags, DECRQTSR, DECRQUPSS
      return kind === '?' || kind === '$' || kind === '&';
    case 't':
      return kind === '' && WINDOW_REPORTS.has(Number.parseInt(parameters, 10));
    case 'x': // DECREQTPARM
      return kind === '';
    case 'y': // DECRQCRA
      return kind === '*';
    case 'w': // DECRQPSR
      return kind === '$';
    case 'v': // DECRQDE
      return kind === '"';
    case '|': // DECRQLP, XTREPORTSGR
      return kind === "'" || kind === '#';
    case 'S': // XTSMGRAPHICS
    case 'm': // XTQMODKEYS
    case 'g': // XTQFMTKEYS
      return kind === '?';
    case 'R': // XTREPORTCOLORS
      return kind === '#';
    default:
      return false;
  }
}

/** Whether a device control string is a query, by what stands between DCS and its text: DECRQSS, XTGETTCAP, XTGETXRES. */
export function isDcsQuery(introducer: string): boolean {
  return /^[0-9:;]*(?:\$q|\+[qQ])$/.test(introducer);
}

/** Whether kitty graphics control data (behind `APC G`, up to `;`) asks whether graphics are understood. */
export function isGraphicsQuery(control: string): boolean {
  return control.split(',').includes('a=q');
}

/** Operating system commands that may be queries; of others nothing but the number need be looked at. */
export const OSC_QUERY_NUMBERS: ReadonlySet<number> = new Set([
  ...[3, 4, 5, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 50, 52, 60, 61, 99, 1337, 5522],
]);

/**
 * What is left of an operating system command (number and text, without introducer and terminator) when its queries
 * are taken out: the command itself when there are none, and several when a list of colours is torn apart.
 */
export function withoutOscQueries(body: string): readonly string[] {
  const [head = '', ...fields] = body.split(';');
  const number = Number(head);
  if (number === 4 || number === 5) return withoutColourQueries(body, head, fields);
  if (number >= 10 && number <= 19) return withoutDynamicColourQueries(body, number, fields);
  if (number === 21) {
    const kept = fields.filter(field => !field.endsWith('=?'));
    if (kept.length === fields.length) return [body];
    return kept.length === 0 ? [] : [[head, ...kept].join(';')];
  }
  return isOscQuery(number, fields) ? [] : [body];
}

function isOscQuery(number: number, fields: readonly string[]): boolean {
  const [first = ''] = fields;
  switch (number) {
    case 3: // X property
    case 22: // pointer shape
    case 50: // font
      return first.startsWith('?');
    case 52: // clipboard
      return fields[1] === '?';
    case 60: // allowed and disallowed operations
    case 61:
      return true;
    case 99: // notifications
      return first.split(':').includes('p=?');
    case 1337:
      return /^(?:Report|Capabilities|RequestUpload)/.test(first);
    case 5522: // clipboard
      return first.split(':').includes('type=read');
    default:
      return false;
  }
}

/** `4;index;colour;index;colour…` */
function withoutColourQueries(body: string, head: string, fields: readonly string[]): readonly string[] {
  let kept = '';
  let found = false;
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at + 1] === '?') found = true;
    else kept += `;${fields.slice(at, at + 2).join(';')}`;
  }
  if (!found) return [body];
  return kept === '' ? [] : [head + kept];
}

/** `10;colour;colour…`: each further colour belongs to the next number. */
function withoutDynamicColourQueries(
  body: string,
  number: number,
  fields: readonly string[],
): readonly string[] {
  if (!fields.includes('?')) return [body];
  return fields.flatMap((field, index) => (field === '?' ? [] : [`${number + index};${field}`]));
}
