import type { Store } from '@triterm/core/store';
import type { LockFigures, RedisFigures, StoreFigures } from '../observe/metric-sources.ts';

/** Locks that are counted; a server holds a few at a time. */
const MAX_LOCKS = 1000;

/** What the store tells metrics. `sockets`: attachments of this server. What does not answer is left out. */
export async function storeFigures(store: Store, serverId: string, sockets: number): Promise<StoreFigures> {
  const [outbox, redis, locks] = await Promise.all([
    store.database.outboxDepth().catch(() => undefined),
    redisFigures(store),
    lockFigures(store, serverId),
  ]);
  return {
    stats: store.sessions.stats(),
    databaseAvailable: outbox !== undefined,
    outbox,
    redis,
    locks,
    registrySockets: sockets,
    leaseLeftMs: store.lease.leftMs,
  };
}

async function redisFigures({ sessions, link }: Store): Promise<RedisFigures | undefined> {
  const health = sessions.health();
  if (health === undefined) return undefined;
  const reconnects = await link?.info().then(
    info => info.reconnects,
    () => 0,
  );
  return { state: health.state, breakerOpen: health.breakerOpen, reconnects: reconnects ?? 0 };
}

async function lockFigures({ locks }: Store, serverId: string): Promise<LockFigures | undefined> {
  try {
    const own = (await locks.list(MAX_LOCKS)).filter(({ holder }) => holder === serverId);
    return { held: own.length, waiting: own.reduce((sum, { waiters }) => sum + waiters, 0) };
  } catch {
    return undefined;
  }
}
