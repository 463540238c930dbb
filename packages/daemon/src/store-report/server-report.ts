import type { Result } from '@triterm/core/protocol/messages';
import type { ServerRow } from '@triterm/core/store';
import { known, learn, troublesOf } from './learn.ts';
import type { StoreSources } from './sources.ts';

type Answer = Result<'servers.list'>;

/** The servers of the database; where none register, or it does not answer, this one. */
export async function listServers(
  sources: Pick<StoreSources, 'self' | 'database' | 'registry' | 'localSockets'>,
): Promise<Answer> {
  const { self, database, registry, localSockets } = sources;
  const [rows, stats] = await Promise.all([
    learn('Database', async () => (await database.listServers?.()) ?? null),
    learn('Registry', async () => (await registry?.getStats()) ?? null),
  ]);
  const bySocket = known(stats)?.byServer;
  const sockets = (id: string) => bySocket?.[id] ?? (id === self.id ? localSockets().length : null);
  const servers = known(rows)?.map(row => describe(row, sockets(row.id), row.id === self.id));
  return { servers: servers ?? [alone(self, sockets(self.id))], troubles: troublesOf([rows, stats]) };
}

function describe(row: ServerRow, sockets: number | null, self: boolean): Answer['servers'][number] {
  return {
    id: row.id,
    host: row.hostId,
    incarnation: row.incarnation,
    state: row.leaseLeftMs > 0 ? 'alive' : 'lapsed',
    leaseLeftMs: row.leaseLeftMs,
    sockets,
    advertiseUrl: row.advertiseUrl,
    draining: row.draining,
    stateDir: row.stateDir,
    self,
  };
}

function alone(
  { id, hostId, stateDir }: StoreSources['self'],
  sockets: number | null,
): Answer['servers'][number] {
  return {
    id,
    host: hostId,
    incarnation: null,
    state: 'alive',
    leaseLeftMs: null,
    sockets,
    advertiseUrl: null,
    draining: null,
    stateDir,
    self: true,
  };
}
