import { openTerminal, type XtermCharset } from './xterm-internals.ts';

/** Final bytes of the sequences that designate the character sets; B is ASCII, which has no table. */
const FINALS = ['0', 'A', '4', 'C', 'R', 'Q', 'K', 'Y', 'E', 'Z', 'H', '='] as const;
const ASCII = 'B';

let known: ReadonlyMap<XtermCharset, string> | undefined;

/** The terminal keeps tables and no names; a terminal that is asked for each tells which is which. */
function charsets(): ReadonlyMap<XtermCharset, string> {
  if (known !== undefined) return known;
  const { core } = openTerminal(2, 1);
  const found = new Map<XtermCharset, string>();
  for (const final of FINALS) {
    core._inputHandler.parse(Buffer.from(`\x1b(${final}`));
    const charset = core._charsetService._charsets[0];
    if (charset !== undefined) found.set(charset, final);
  }
  known = found;
  return found;
}

/** The final byte that designates this character set. */
export function charsetFinal(charset: XtermCharset): string {
  return charset === undefined ? ASCII : (charsets().get(charset) ?? ASCII);
}

export function charsetOf(final: string): XtermCharset {
  for (const [charset, known] of charsets()) if (known === final) return charset;
  return undefined;
}
