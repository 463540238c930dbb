import { FallbackChannel } from './fallback-channel.ts';
import { HybridStore } from './hybrid/hybrid-store.ts';
import { FallbackLockManager } from './locks/fallback-lock-manager.ts';
import { QueuedLockManager } from './locks/queued-lock-manager.ts';
import { observedDatabase } from './observed-database.ts';
import { type OpenedDatabase, openDatabase } from './open-database.ts';
import { type OpenedRedis, openRedis } from './open-redis.ts';
import type { RedisLockManager } from './redis/redis-lock-manager.ts';
import { HybridRegistry } from './registry/hybrid-registry.ts';
import { Reaper } from './registry/reaper.ts';
import { LeaseKeeper } from './servers/lease-keeper.ts';
import type { Store, StoreOptions } from './store.ts';

export { exportDatabase, importDatabase } from './admin/index.ts';
export { openAdmin } from './open-admin.ts';

/** Nobody else takes it. */
const PROBE_WAIT_MS = 1000;

/**
 * Opens the store of one server: database, and Redis where it is configured. Never waits for Redis. Rejects as the
 * database does when it can't be opened, with SERVER_ID_TAKEN, and with BAD_CONFIG.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const opened = await openDatabase(options.database, options.server, thrown =>
    options.hooks?.trouble?.('listening to the database', thrown),
  );
  let redis: OpenedRedis | undefined;
  try {
    redis = options.redis && (await openRedis(options.redis, options.server.id, options.settings));
    return await assemble(options, opened, redis);
  } catch (thrown) {
    await Promise.allSettled([opened.changes?.close(), opened.locks.close(), redis?.link.close()]);
    await opened.database.close();
    throw thrown;
  }
}

async function assemble(
  { server, settings, hooks = {} }: StoreOptions,
  opened: OpenedDatabase,
  redis: OpenedRedis | undefined,
): Promise<Store> {
  const { databaseCall, redisCommand, trouble, traced } = hooks;
  const database =
    databaseCall === undefined ? opened.database : observedDatabase(opened.database, databaseCall);
  const lease = new LeaseKeeper({
    table: database,
    identity: server,
    leaseMs: settings.leaseMs,
    renewMs: settings.leaseRenewMs,
    reincarnated: incarnation => registry.adoptIncarnation(incarnation),
    trouble: thrown => trouble?.('renewing the lease of this server', thrown),
  });
  const epochs = await database.epochs();
  await lease.start();
  if (redisCommand !== undefined)
    redis?.link.observe({
      connected() {},
      disconnected() {},
      topologyChanged() {},
      settled: (outcome, latencyMs) => redisCommand(outcome, latencyMs / 1000),
    });
  const registry = new HybridRegistry({
    serverId: server.id,
    redis: redis?.registry,
    table: database,
    isUp: () => sessions.isUp,
    renewEveryMs: settings.leaseRenewMs,
    onTrouble: error => trouble?.('telling of attachments', error),
  });
  const sessions: HybridStore = new HybridStore(
    {
      sender: `${server.id}/${lease.incarnation}`,
      database,
      changes: opened.changes,
      redis,
      settings: {
        l1Entries: settings.l1Entries,
        l1TtlMs: settings.l1TtlMs,
        entryTtlMs: Math.max(settings.sessionTtlMs, settings.tombstoneTtlMs),
        warmEntries: settings.warmEntries,
      },
      republish: () => registry.republishAll(),
      ...(redis === undefined ? {} : { tryLocks: () => tryLocks(redis.locks, server.id) }),
      modeChanged: change => hooks.modeChanged?.(change),
      redisUnusable: reason => hooks.redisUnusable?.(reason),
      resynced: report => hooks.resynced?.(report),
      ...(traced === undefined ? {} : { traced }),
    },
    epochs,
  );
  const locks = new QueuedLockManager(
    redis === undefined
      ? opened.locks
      : new FallbackLockManager({ redis: redis.locks, database: opened.locks, isUp: () => sessions.isUp }),
    { serverId: server.id },
  );
  const { daemons } = opened;
  const events =
    daemons === undefined && redis === undefined
      ? undefined
      : new FallbackChannel({ redis: redis?.daemons, database: daemons, isUp: () => sessions.isUp });
  const reaper = new Reaper({
    serverId: server.id,
    servers: database,
    table: database,
    redis: redis?.registry,
    isUp: () => sessions.isUp,
    onTrouble: error => trouble?.('removing the attachments of servers that are gone', error),
  });
  sessions.start();
  let closing: Promise<void> | undefined;
  const close = async () => {
    reaper.close();
    registry.close();
    // One that can't be closed properly keeps none of the others open.
    await Promise.allSettled([locks.close(), lease.close(), events?.close()]);
    await Promise.allSettled([sessions.close()]);
    await Promise.allSettled([redis?.link.close()]);
  };
  return {
    sessions,
    locks,
    registry,
    servers: database,
    lease,
    database,
    tokens: database,
    connections: database,
    screens: database,
    events,
    link: redis?.link,
    cache: redis?.cache,
    movedAside: opened.movedAside,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** What was lost of earlier releases is made good, and a right that locks need and that is missing shows before anybody needs one. */
async function tryLocks(locks: RedisLockManager, serverId: string): Promise<void> {
  await locks.releaseAgain();
  const lock = await locks.acquire(`probe:${serverId}`, { waitMs: PROBE_WAIT_MS });
  await lock.release();
}
