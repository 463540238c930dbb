import { resolve } from 'node:path';
import { TermError } from '@triterm/core/errors';
import type { CommandContext } from './definition.ts';

/**
 * Where a new session starts: `wanted`, else here; on another machine, whose directories are not ours, else at its account's home,
 * which is told by an empty text. Throws BAD_CWD.
 */
export function startDirectory(
  wanted: string | undefined,
  { cwd, remote }: Pick<CommandContext, 'cwd' | 'remote'>,
): string {
  if (wanted?.startsWith('/') === true) return wanted;
  if (remote === undefined) return resolve(here(cwd), wanted ?? '.');
  if (wanted === undefined) return '';
  throw new TermError('BAD_CWD', `${JSON.stringify(wanted)} is no absolute path.`, {
    hint: `Name the directory of ${remote.name} from its root, or leave it out for the home directory.`,
  });
}

function here(cwd: () => string): string {
  try {
    return cwd();
  } catch (cause) {
    throw new TermError('BAD_CWD', 'The current directory is gone.', { cause });
  }
}
