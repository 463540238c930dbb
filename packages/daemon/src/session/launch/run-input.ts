import type { ShellKind } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';

/** What the kernel and the shells' line editors take without trouble; beyond it the argv belongs into a file. */
export const MAX_RUN_INPUT_BYTES = 64 * 1024;

const CONTROL_E = '\x05';
const CONTROL_U = '\x15';

/**
 * The bytes to type so that a shell at its prompt runs exactly `argv`.
 *
 * Every word is quoted, the command too: aliases, keywords, abbreviations and globs play no part, functions and
 * builtins do. Nothing but printable characters and Enter reaches the line editor (for fish: in UTF-8), so no key binding but Enter's
 * takes part and no argument can end the line.
 *
 * A line that was half typed is moved to the kill ring first (End, then kill to the beginning; the blank between them
 * keeps readline from ringing the bell at an empty line); a person gets it back with C-y. An unfinished command on
 * several lines cannot be seen from here: the caller refuses to run when keys were typed since the prompt's end mark.
 *
 * The line begins with a blank: fish then keeps it out of its history, bash and zsh do where HISTCONTROL or HIST_IGNORE_SPACE
 * say so, and it means nothing otherwise.
 *
 * `bracketedPaste`: whether the shell has turned mode 2004 on. The line then goes as a paste, past plug-ins that complete
 * brackets or expand abbreviations while one types.
 *
 * Throws USAGE for an empty argv, or one that holds NUL; TOO_LARGE beyond MAX_RUN_INPUT_BYTES.
 */
export function runInput(shell: ShellKind, argv: readonly string[], bracketedPaste = false): Buffer {
  const line = quoteCommand(shell, argv);
  const typed = bracketedPaste ? `\x1b[200~${line}\x1b[201~` : line;
  const bytes = Buffer.from(`${CONTROL_E} ${CONTROL_U} ${typed}\r`);
  if (bytes.length > MAX_RUN_INPUT_BYTES) {
    throw new TermError(
      'TOO_LARGE',
      `the command takes ${bytes.length} bytes to type; ${MAX_RUN_INPUT_BYTES} is the limit`,
      {
        hint: 'Put it into a script and run that.',
      },
    );
  }
  return bytes;
}

/** The command line that makes the shell run `argv` as it stands. Throws USAGE. */
export function quoteCommand(shell: ShellKind, argv: readonly string[]): string {
  if (argv.length === 0 || argv[0] === '') throw new TermError('USAGE', 'there is no command to run');
  if (argv.some(word => word.includes('\0')))
    throw new TermError('USAGE', 'an argument holds a NUL character');
  const quote = shell === 'fish' ? quoteForFish : quoteForBashAndZsh;
  return argv.map(word => quote(word.toWellFormed())).join(' ');
}

/**
 * Plain words in single quotes. A word with anything that a line editor, history expansion or a shell option (RC_QUOTES)
 * may touch becomes $'…' with octal escapes, which also makes it independent of the shell's locale.
 */
function quoteForBashAndZsh(word: string): string {
  if (/^[\x20-\x7e]*$/.test(word) && !/['!\\]/.test(word)) return `'${word}'`;
  let quoted = "$'";
  for (const byte of Buffer.from(word)) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x27 && byte !== 0x5c && byte !== 0x21;
    quoted += plain ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`;
  }
  return `${quoted}'`;
}

/**
 * fish has no escapes for control characters inside quotes, so they stand between quoted parts, byte by byte. So do characters of
 * private use and noncharacters, some of which its line editor takes for its own.
 */
function quoteForFish(word: string): string {
  const quoted = word
    .split(/([\p{Cc}\p{Co}\p{Cn}]+)/u)
    .map((part, index) => {
      if (index % 2 === 1) return Array.from(Buffer.from(part), byteForFish).join('');
      return part === '' ? '' : `'${part.replace(/[\\']/g, '\\$&')}'`;
    })
    .join('');
  return quoted === '' ? "''" : quoted;
}

function byteForFish(byte: number): string {
  return `\\X${byte.toString(16).padStart(2, '0')}`;
}
