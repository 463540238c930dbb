import { readdir } from 'node:fs/promises';
import { isSessionId } from '@triterm/core/domain';
import { errnoName } from '@triterm/core/errors';
import { isTombstone, type SessionTable } from '@triterm/core/store';

export interface LeftoverFilesOptions {
  /** The directory of this server's sessions. */
  readonly sessionsDir: string;
  readonly database: Pick<SessionTable, 'read'>;
  /** Ids under which this server is, or was, known in the store. */
  readonly ownIds: ReadonlySet<string>;
  /** A session or a PTY here is called so. */
  isUsed(ptyId: string): boolean;
  discard(ptyId: string): Promise<void>;
}

/**
 * Removes what sessions have left here that were deleted, or moved to other servers, while this one was away. What the database does
 * not know stays: it may be another database than before. Rejects as the database and the file system do.
 */
export async function removeLeftoverFiles(options: LeftoverFilesOptions): Promise<void> {
  const { sessionsDir, database, ownIds, isUsed, discard } = options;
  for (const name of await namesIn(sessionsDir)) {
    if (!isSessionId(name) || isUsed(name)) continue;
    const record = await database.read(name);
    if (record === undefined || (!isTombstone(record) && ownIds.has(record.ownerServer))) continue;
    if (!isUsed(name)) await discard(name);
  }
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (errnoName(error) === 'ENOENT') return [];
    throw error;
  }
}
