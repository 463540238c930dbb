import { createContext, Script } from 'node:vm';
import { TermError } from '@triterm/core/errors';

const MAX_PATTERN_CHARACTERS = 4096;
const FLAGS = /^[imsu]*$/;

/** A global expression. Throws BAD_PATTERN. */
export function compilePattern(pattern: string, flags = ''): RegExp {
  if (pattern.length > MAX_PATTERN_CHARACTERS) {
    throw new TermError('BAD_PATTERN', `The pattern is longer than ${MAX_PATTERN_CHARACTERS} characters.`);
  }
  if (!FLAGS.test(flags))
    throw new TermError('BAD_PATTERN', `The flags ${flags} are not among i, m, s and u.`);
  try {
    return new RegExp(pattern, `${flags}g`);
  } catch (cause) {
    throw new TermError('BAD_PATTERN', (cause as Error).message, { cause });
  }
}

const script = new Script('run()');

/**
 * Runs `work` and interrupts it at the deadline, in the middle of an expression too. Throws TIMEOUT; then `work` was left
 * anywhere.
 */
export function runInterruptibly<T>(work: () => T, timeoutMs: number): T {
  try {
    return script.runInContext(createContext({ run: work }), { timeout: timeoutMs });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw new TermError('TIMEOUT', `The pattern took longer than ${timeoutMs} ms on one screenful.`, {
      hint: 'Give a simpler pattern, without nested repetitions.',
    });
  }
}

const SGR_AND_LINKS = /\x1b\[[0-9;:]*m|\x1b\]8;[^\x07\x1b]*(?:\x07|\x1b\\)/g;

/** A line string without its attributes and links. */
export function plainText(line: string): string {
  return line.includes('\x1b') ? line.replace(SGR_AND_LINKS, '') : line;
}
