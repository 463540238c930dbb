import type { Stats } from 'node:fs';

/** Why a file keeps no secret, and the next step. */
export interface Exposure {
  readonly reason: string;
  readonly hint: string;
}

/**
 * What is wrong with a file that has to be a secret; undefined when it is ours alone, or root's and readable by a group, as PostgreSQL
 * has it. `stats` are those of the descriptor that is read: what the path leads to may change meanwhile.
 */
export function exposureOf(
  path: string,
  { mode, uid }: Pick<Stats, 'mode' | 'uid'>,
  ownUid = process.geteuid?.() ?? uid,
): Exposure | undefined {
  if (uid !== ownUid && uid !== 0)
    return {
      reason: `${path} belongs to another user (uid ${uid})`,
      hint: `Make it yours: chown ${ownUid} '${path}'`,
    };
  if ((mode & (uid === 0 ? 0o027 : 0o077)) === 0) return undefined;
  const shown = (mode & 0o777).toString(8).padStart(4, '0');
  return {
    reason: `${path} is open to other users (mode ${shown})`,
    hint: `Close it to them: chmod 600 '${path}'`,
  };
}
