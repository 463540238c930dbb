import type { Paths } from '@triterm/core/config';
import { type Config, databaseSettings, networkSettings, redisSettings } from '@triterm/core/config/load';
import { type ErrorCode, isErrorCode } from '@triterm/core/errors';
import type {
  DatabaseAdmin,
  DatabaseTarget,
  HealthState,
  ServerRow,
  Store,
  StoreSettings,
} from '@triterm/core/store';
import { DEFAULT_STORE_SETTINGS, modeOf, type StoreMode } from '@triterm/core/store';
import { openAdmin, openStore } from '@triterm/core/store/open-store';
import { ENTRY_POINT_OPTIONS, entryPoint } from './entry-points.ts';
import { machineId } from './host-facts.ts';
import { databaseOperation } from './observe/database-operation.ts';
import type { Log } from './observe/log.ts';
import type { CommandOutcome, Measurements } from './observe/measurements.ts';
import { troubleLog } from './observe/trouble.ts';
import type { EventBus } from './session/event-bus.ts';

export interface DaemonStoreOptions {
  readonly paths: Paths;
  readonly config: Config;
  readonly serverId: string;
  readonly bootId: string;
  readonly log: Log;
  readonly measurements: Measurements;
  readonly bus: EventBus;
}

export interface DaemonStore {
  readonly store: Store;
  readonly admin: DatabaseAdmin;
  /** Ids under which this state directory's server is, or was, known: a host that was renamed is the same server. */
  readonly ownIds: ReadonlySet<string>;
  /** Whether a row of one of these ids is this server's: another host may be called as this one was before. */
  isSelf(server: Pick<ServerRow, 'id' | 'hostId' | 'stateDir'>): boolean;
}

/**
 * The store as it is configured, with log, metrics and events told of what happens in it. Rejects as `openStore`, and with
 * BAD_CONFIG.
 */
export async function openDaemonStore(options: DaemonStoreOptions): Promise<DaemonStore> {
  const { paths, config, serverId, bootId, log } = options;
  const database = targetOf(config, paths);
  const redis = redisSettings(config);
  const hostId = machineId();
  const advertiseUrl = networkSettings(config).advertiseUrl ?? null;
  const store = await openStore({
    database,
    redis,
    server: { id: serverId, hostId, bootId, stateDir: paths.stateDir, advertiseUrl },
    settings: settingsOf(config),
    hooks: hooksOf(options),
  });
  if (redis === undefined) log.info({}, 'no Redis is configured - using in-memory mode');
  if (store.movedAside !== undefined)
    log.error(
      { movedAside: store.movedAside },
      'the database was corrupt; it was moved aside and a new one begun; nothing was deleted',
    );
  // On SQLite all servers are on one host, whatever it was called when they registered.
  const isSelf = (server: Pick<ServerRow, 'id' | 'hostId' | 'stateDir'>): boolean =>
    server.id === serverId ||
    (server.stateDir === paths.stateDir && (database.kind === 'sqlite' || server.hostId === hostId));
  try {
    const own = (await store.servers.listServers()).filter(isSelf);
    return {
      store,
      admin: await openAdmin(database),
      ownIds: new Set([serverId, ...own.map(({ id }) => id)]),
      isSelf,
    };
  } catch (thrown) {
    await store.close();
    throw thrown;
  }
}

function targetOf(config: Config, paths: Paths): DatabaseTarget {
  const database = databaseSettings(config, paths);
  if (database.kind === 'postgres') return database;
  return { ...database, workerUrl: entryPoint('store-worker'), execArgv: ENTRY_POINT_OPTIONS };
}

function settingsOf(config: Config): StoreSettings {
  const { l1Entries, l1TtlMs, sessionCacheTtlMs, tombstoneTtlMs, lockTtlMs, leaseMs, warmEntries } = config;
  return {
    ...DEFAULT_STORE_SETTINGS,
    l1Entries,
    l1TtlMs,
    sessionTtlMs: sessionCacheTtlMs,
    tombstoneTtlMs,
    lockTtlMs,
    warmEntries,
    leaseMs,
    leaseRenewMs: leaseMs / 3,
  };
}

/** The lines that operators look for stand here; the rest is detail. */
function hooksOf({ log, measurements, bus }: DaemonStoreOptions) {
  let mode: StoreMode | undefined;
  const tell = (next: StoreMode, reason: string) => {
    if (next === mode) return;
    mode = next;
    if (next === 'hybrid') log.info({ reason }, 'Redis connected successfully - using hybrid cache mode');
    else log.warn({ reason }, 'Redis connection failed - using in-memory mode');
    bus.emitOfServer('cacheMode', { mode: next, reason });
  };
  return {
    modeChanged: ({ from, to, reason }: { from: HealthState; to: HealthState; reason: string }) => {
      measurements.modeChanged(from, to);
      log.debug({ from, to, reason }, 'the state of Redis has changed');
      // On its way up for the first time it is no news.
      if (mode !== undefined || to !== 'resync') tell(modeOf(to), reason);
    },
    redisUnusable: (reason: string) => tell('in-memory', reason),
    resynced: ({ drained, durationMs }: { drained: number; durationMs: number }) => {
      measurements.observeResync(durationMs / 1000);
      log.info({ drained, durationMs }, 'Redis agrees with the database');
    },
    trouble: troubleLog(log),
    databaseCall: (operation: string, outcome: string, seconds: number) => {
      const code: 'ok' | ErrorCode = outcome === 'ok' || isErrorCode(outcome) ? outcome : 'INTERNAL';
      measurements.observeDatabase(databaseOperation(operation), code, seconds);
    },
    redisCommand: (outcome: CommandOutcome, seconds: number) => measurements.observeCommand(outcome, seconds),
    traced: (outcome: 'HIT' | 'MISS', session: string) => log.debug({ session }, `Session cache ${outcome}`),
  };
}
