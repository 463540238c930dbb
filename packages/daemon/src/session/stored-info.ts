import type { SessionInfo } from '@triterm/core/domain';
import type { SessionRow } from '@triterm/core/store';
import type { KnownServer } from './known-servers.ts';

/**
 * A session as its row has it: all that is known of one whose server is not asked. `server`: its owner; undefined when nobody knows it.
 * `lastActivityAt`: milliseconds since 1970.
 */
export function storedInfo(
  row: SessionRow,
  server: Pick<KnownServer, 'alive' | 'unreachableSince'> | undefined,
  lastActivityAt: number = row.updatedAt,
): SessionInfo {
  const { doc } = row;
  const since = server?.unreachableSince ?? null;
  return {
    id: row.id,
    name: row.name,
    state: row.state,
    command: doc.command,
    pid: row.state === 'running' ? doc.pid : null,
    cwd: doc.cwd,
    title: doc.title,
    cols: doc.cols,
    rows: doc.rows,
    clients: 0,
    exitCode: doc.exitCode,
    signal: doc.signal,
    createdAt: new Date(row.createdAt).toISOString(),
    lastActivityAt: new Date(lastActivityAt).toISOString(),
    server: row.ownerServer,
    user: row.userId,
    reachable: server?.alive ?? false,
    unreachableSince: since === null ? null : new Date(since).toISOString(),
    labels: doc.labels,
  };
}
