import { lstatSync, realpathSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { TermError } from '@triterm/core/errors';

/** From here on groups are people's; below they are the system's, whose members may do what root lets them. login.defs(5). */
const FIRST_GID_OF_PEOPLE = 1000;
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;

/** Who may write there, in words; undefined for nobody but root and that account. */
export function foreignWriter(
  { uid, gid, mode }: Pick<Stats, 'uid' | 'gid' | 'mode'>,
  accountUid: number,
): string | undefined {
  if (uid !== 0 && uid !== accountUid) return `uid ${uid}`;
  if ((mode & OTHERS_WRITE) !== 0 && (mode & STICKY) === 0) return 'everybody';
  if ((mode & GROUP_WRITES) !== 0 && gid >= FIRST_GID_OF_PEOPLE) return `gid ${gid}`;
  return undefined;
}

/**
 * Throws UNSAFE_PATH when somebody else than root and the account may change or replace one of the programs that it is to run: whoever
 * can do that is that account.
 */
export function refuseForeignPrograms(
  programs: readonly string[],
  account: string,
  accountUid: number,
): void {
  for (const program of programs) {
    for (const place of new Set([...ancestors(program), ...ancestors(realpathSync(program))])) {
      const stats = lstatSync(place);
      // A link's own mode says nothing.
      const who = stats.isSymbolicLink() ? undefined : foreignWriter(stats, accountUid);
      if (who === undefined) continue;
      throw new TermError(
        'UNSAFE_PATH',
        `${program} is to run as ${account}, and ${who} may change ${place}.`,
        {
          hint: 'Install Node and triterm where only root may write, name the account that owns them (--account NAME), or use --force.',
        },
      );
    }
  }
}

/** The path itself, and every directory above it. */
function* ancestors(path: string): Generator<string> {
  yield path;
  if (dirname(path) !== path) yield* ancestors(dirname(path));
}
