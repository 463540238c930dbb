import { TermError } from '@triterm/core/errors';
import type { StoreControl } from './server/handlers/store.ts';
import { CounterWindow } from './store-report/counter-window.ts';
import { entryReport, resolveSession } from './store-report/entry-report.ts';
import { hitRate } from './store-report/hit-rate.ts';
import { known, learn } from './store-report/learn.ts';
import { listLocks, showLock } from './store-report/lock-report.ts';
import { writeNewFile } from './store-report/new-file.ts';
import { redisStatus } from './store-report/redis-status.ts';
import { listServers } from './store-report/server-report.ts';
import { listSockets } from './store-report/socket-report.ts';
import type { StoreSources } from './store-report/sources.ts';

/** The operator's view of the store, made of whatever the daemon runs with. */
export function createStoreControl(sources: StoreSources): StoreControl {
  const { database, cache, sessions, stats } = sources;
  const startedAt = Date.now();
  const window = new CounterWindow(performance.now(), stats());
  const transfers = new OneAtATime();
  return {
    redisStatus: () => redisStatus(sources, startedAt),
    cacheStats: async () => {
      const counters = stats();
      return {
        since: new Date(startedAt).toISOString(),
        ...counters,
        hitRate: hitRate(counters.reads),
        perSecond: window.look(performance.now(), counters),
      };
    },
    showEntry: async ({ target }) => entryReport(sources, resolveSession(sessions, target)),
    invalidateEntry: async ({ target }) => {
      const session = resolveSession(sessions, target);
      const before = await entryReport(sources, session);
      return { id: session.id, before, removed: await cache.invalidate(session.id) };
    },
    listLocks: ({ limit }) => listLocks(sources, limit),
    showLock: ({ target }) => showLock(sources, target),
    listSockets: ({ target, limit }) => listSockets(sources, target, limit),
    listServers: () => listServers(sources),
    databaseStatus: () => databaseStatus(sources),
    migrateDatabase: () =>
      transfers.run(async () => {
        const { from, to } = await database.admin.migrate();
        return { before: from, after: to };
      }),
    exportDatabase: ({ file, replace }) =>
      transfers.run(async () => {
        const { result, bytes } = await writeNewFile(file, replace, draft => database.files.exportTo(draft));
        return { file, rows: { ...result }, bytes };
      }),
    importDatabase: ({ file, replace }) =>
      transfers.run(async () => {
        await refuseWhileInUse(sources);
        const { rows, dbEpoch } = await database.files.importFrom(file, { replace });
        sources.restart();
        return { file, rows: { ...rows }, dbEpoch };
      }),
    backUpDatabase: ({ file, replace }) =>
      transfers.run(async () => {
        const { bytes } = await writeNewFile(file, replace, draft => database.files.backUpTo(draft));
        return { file, bytes };
      }),
  };
}

/** Work on the whole database; a second one meanwhile is refused, not queued. */
class OneAtATime {
  #isBusy = false;

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isBusy)
      throw new TermError('TOO_MANY_WAITING', 'An export, import, backup or migration is under way.');
    this.#isBusy = true;
    try {
      return await work();
    } finally {
      this.#isBusy = false;
    }
  }
}

/** Sessions that run would write into what was imported, and lose what the import takes away. */
async function refuseWhileInUse(sources: StoreSources): Promise<void> {
  const running = sources.sessions.running();
  if (running > 0)
    throw new TermError(
      'SESSION_RUNNING',
      running === 1 ? 'A session runs on this server.' : `${running} sessions run on this server.`,
      {
        hint: 'End them first: triterm kill --all',
      },
    );
  const servers = (await sources.database.listServers?.()) ?? [];
  const others = servers
    .filter(({ id, leaseLeftMs }) => id !== sources.self.id && leaseLeftMs > 0)
    .map(({ id }) => id);
  if (others.length > 0)
    throw new TermError('SESSION_RUNNING', `Other servers use the database: ${others.join(', ')}.`, {
      hint: 'Stop them first, and wait until their leases have run out: triterm servers ls',
    });
}

async function databaseStatus({ database }: StoreSources): ReturnType<StoreControl['databaseStatus']> {
  const startedMs = performance.now();
  const learned = await learn('Database', () => database.admin.status());
  const status = known(learned);
  return {
    kind: database.kind,
    location: status?.location ?? null,
    state: status === null ? 'unavailable' : 'ok',
    reason: 'trouble' in learned ? learned.trouble : null,
    schema: status === null ? null : { current: status.schema, minCompatible: status.minCompatible },
    epochs: status?.epochs ?? null,
    sizeBytes: status?.sizeBytes ?? null,
    sessions: status?.sessions ?? null,
    deleted: status?.deleted ?? null,
    outbox: status?.outbox ?? null,
    latencyMs: status === null ? null : performance.now() - startedMs,
  };
}
