import { SESSION_STATES } from '@triterm/core/domain';
import type { StoreStats } from '@triterm/core/store';
import type { Measurements } from './measurements.ts';
import type { DaemonFigures, RedisFigures, StoreFigures } from './metric-sources.ts';

/** Everything that one answer is made of. */
export interface Figures {
  readonly version: string;
  readonly serverId: string;
  /** Undefined when it could not be had. */
  readonly daemon: DaemonFigures | undefined;
  readonly store: StoreFigures | undefined;
  readonly measurements: Pick<Measurements, 'modeChanges' | 'databaseErrors'>;
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric whose value somebody else keeps. */
export interface PulledMetric {
  readonly type: 'gauge' | 'counter';
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Empty when nothing is known. */
  samples(figures: Figures): Sample[];
}

type Value = number | boolean | null | undefined;

const one = (value: Value): Sample[] =>
  value === undefined || value === null ? [] : [{ labels: {}, value: Number(value) }];

function metric(
  type: PulledMetric['type'],
  name: string,
  help: string,
  read: (figures: Figures) => Value,
): PulledMetric {
  return { type, name, help, labelNames: [], samples: figures => one(read(figures)) };
}

function labelled(
  type: PulledMetric['type'],
  name: string,
  help: string,
  labelNames: readonly string[],
  samples: (figures: Figures) => Sample[],
): PulledMetric {
  return { type, name, help, labelNames, samples };
}

const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000);

const daemonMetrics: readonly PulledMetric[] = [
  labelled(
    'gauge',
    'triterm_build_info',
    'Always 1; tells release and name of this server.',
    ['version', 'server'],
    ({ version, serverId }) => [{ labels: { version, server: serverId }, value: 1 }],
  ),
  labelled('gauge', 'triterm_sessions', 'Sessions of this daemon by state.', ['state'], ({ daemon }) =>
    daemon === undefined
      ? []
      : SESSION_STATES.map(state => ({ labels: { state }, value: daemon.sessions[state] })),
  ),
  metric('gauge', 'triterm_clients', 'Clients that are attached, over all sessions.', f => f.daemon?.clients),
  metric('gauge', 'triterm_pty_hosts', 'Processes that hold PTYs.', f => f.daemon?.ptyHosts),
  metric(
    'gauge',
    'triterm_state_dir_free_bytes',
    'Space left on the file system of the state directory.',
    f => f.daemon?.stateDirFreeBytes,
  ),
];

/** What answered a read. They are all reads, each counted once. */
const READ_SOURCES: Readonly<Record<string, (reads: StoreStats['reads']) => number>> = {
  l1: reads => reads.l1Hits,
  redis: reads => reads.redisHits,
  tombstone: reads => reads.tombstones,
  miss: reads => reads.misses,
  coalesced: reads => reads.coalesced,
  bypass: reads => reads.bypassed,
  error: reads => reads.errors,
};

function stat(type: PulledMetric['type'], name: string, help: string, read: (stats: StoreStats) => number) {
  return metric(type, name, help, ({ store }) => (store === undefined ? undefined : read(store.stats)));
}

const storeMetrics: readonly PulledMetric[] = [
  labelled(
    'counter',
    'triterm_store_reads_total',
    'Reads of sessions by what answered them: l1 (memory), redis, tombstone (deleted), miss and coalesced (database), bypass (caches not usable), error.',
    ['source'],
    ({ store }) =>
      store === undefined
        ? []
        : Object.entries(READ_SOURCES).map(([source, read]) => ({
            labels: { source },
            value: read(store.stats.reads),
          })),
  ),
  stat(
    'counter',
    'triterm_store_stale_reads_total',
    'Reads answered by a cache, and marked as such, while the database was away.',
    stats => stats.staleReads,
  ),
  stat('counter', 'triterm_store_writes_total', 'Writes that the database acknowledged.', s => s.writes),
  stat('gauge', 'triterm_store_l1_entries', "Sessions in the daemon's own memory.", s => s.l1Entries),
  stat(
    'gauge',
    'triterm_store_floors',
    'Sessions of which a newer revision is known than Redis was seen to hold.',
    stats => stats.floors,
  ),
  stat('counter', 'triterm_store_puts_total', 'Entries offered to Redis after a write.', s => s.puts),
  stat(
    'counter',
    'triterm_store_cas_rejections_total',
    'Entries that Redis refused because it held something as new or newer.',
    stats => stats.casRejections,
  ),
  stat(
    'counter',
    'triterm_store_fill_rejections_total',
    'Entries that Redis refused because the reader had no valid token to fill with.',
    stats => stats.fillRejections,
  ),
  stat(
    'counter',
    'triterm_store_put_failures_total',
    'Puts that failed; the outbox makes them good.',
    stats => stats.putFailures,
  ),
  stat(
    'counter',
    'triterm_store_invalidations_total',
    'Invalidations received from all servers.',
    stats => stats.invalidationsReceived,
  ),
  labelled(
    'gauge',
    'triterm_store_invalidation_lag_seconds',
    'From the commit of a write until its invalidation came back to this server, recent median and 99th percentile.',
    ['quantile'],
    ({ store }) => {
      const lag = store?.stats.invalidationLagMs ?? undefined;
      if (lag === undefined) return [];
      return [
        { labels: { quantile: '0.5' }, value: lag.p50 / 1000 },
        { labels: { quantile: '0.99' }, value: lag.p99 / 1000 },
      ];
    },
  ),
  metric(
    'gauge',
    'triterm_store_outbox_entries',
    'Sessions whose entry in Redis may be behind the database, over all servers.',
    f => f.store?.outbox?.entries,
  ),
  metric(
    'gauge',
    'triterm_store_outbox_oldest_age_seconds',
    'Age of the oldest entry of the outbox; 0 when it is empty.',
    f => seconds(f.store?.outbox?.oldestMs),
  ),
  stat(
    'counter',
    'triterm_store_outbox_drained_total',
    'Entries of the outbox that this server made good.',
    stats => stats.outboxDrained,
  ),
  metric(
    'gauge',
    'triterm_database_available',
    'Whether the database answers, asked at each scrape, 1 or 0.',
    f => f.store?.databaseAvailable,
  ),
  labelled(
    'counter',
    'triterm_database_errors_total',
    'Calls of the database that failed, by operation and error code.',
    ['operation', 'code'],
    ({ measurements }) =>
      measurements
        .databaseErrors()
        .map(({ operation, code, count }) => ({ labels: { operation, code }, value: count })),
  ),
  metric('gauge', 'triterm_locks_held', 'Locks that this server holds.', f => f.store?.locks?.held),
  metric(
    'gauge',
    'triterm_locks_waiting',
    'Callers of this server that wait for a lock.',
    f => f.store?.locks?.waiting,
  ),
  metric(
    'gauge',
    'triterm_registry_sockets',
    'Attachments of this server in the registry of sockets.',
    f => f.store?.registrySockets,
  ),
  metric(
    'gauge',
    'triterm_server_lease_left_seconds',
    "Time until this server's lease lapses unless it is renewed; negative once it has.",
    f => seconds(f.store?.leaseLeftMs),
  ),
];

const HEALTH_STATES: Readonly<Record<RedisFigures['state'], true>> = {
  down: true,
  resync: true,
  up: true,
  suspect: true,
};

const redisMetrics: readonly PulledMetric[] = [
  metric(
    'gauge',
    'triterm_redis_configured',
    'Whether the configuration names a Redis, 1 or 0.',
    ({ store }) => (store === undefined ? undefined : store.redis !== undefined),
  ),
  labelled(
    'gauge',
    'triterm_redis_state',
    'State of the link to Redis: 1 for the present one, 0 for the others.',
    ['state'],
    ({ store }) => {
      const redis = store?.redis;
      if (redis === undefined) return [];
      return Object.keys(HEALTH_STATES).map(state => ({
        labels: { state },
        value: Number(state === redis.state),
      }));
    },
  ),
  labelled(
    'counter',
    'triterm_redis_mode_changes_total',
    'Changes of the state of the link to Redis.',
    ['from', 'to'],
    ({ measurements }) =>
      measurements.modeChanges().map(({ from, to, count }) => ({ labels: { from, to }, value: count })),
  ),
  metric(
    'gauge',
    'triterm_redis_breaker_open',
    'Whether commands are held back from Redis, 1 or 0.',
    f => f.store?.redis?.breakerOpen,
  ),
  metric(
    'counter',
    'triterm_redis_reconnects_total',
    'Connections to Redis that were made anew.',
    f => f.store?.redis?.reconnects,
  ),
  stat(
    'counter',
    'triterm_redis_resyncs_total',
    'Times that the caches were brought in line after Redis came back.',
    stats => stats.resyncs,
  ),
];

export const PULLED_METRICS: readonly PulledMetric[] = [...daemonMetrics, ...storeMetrics, ...redisMetrics];
