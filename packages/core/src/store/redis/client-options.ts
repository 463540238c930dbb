import type { ConnectionOptions } from 'node:tls';
import type { ClusterOptions, RedisOptions } from 'ioredis';
import {
  DEFAULT_COMMAND_TIMEOUT_MS,
  DEFAULT_CONNECT_TIMEOUT_MS,
  type RedisAddress,
  type RedisSettings,
} from './settings.ts';

const MAX_RETRY_DELAY_MS = 1000;
const FIRST_RETRY_DELAY_MS = 25;
/** A connection that owes answers and sends nothing for so long is given up: it is half open, or the server hangs. */
const MIN_SILENCE_MS = 1000;
/** A closed connection's other half is not waited for. */
const DISCONNECT_TIMEOUT_MS = 20;
const KEEP_ALIVE_MS = 5000;
/** A command of ours has 50 ms: there is no time for more. */
const MAX_REDIRECTIONS = 4;
const SLOTS_REFRESH_INTERVAL_MS = 1000;
const CONNECTION_NAME = 'triterm';

/** Endless; exponential with full jitter above a floor, so that many servers don't come back in step. */
export function retryDelayMs(attempt: number): number {
  const capMs = Math.min(MAX_RETRY_DELAY_MS, FIRST_RETRY_DELAY_MS * 2 ** Math.min(attempt, 10));
  return FIRST_RETRY_DELAY_MS + Math.random() * (capMs - FIRST_RETRY_DELAY_MS);
}

export function commandTimeoutMs(settings: RedisSettings): number {
  return settings.commandTimeoutMs ?? DEFAULT_COMMAND_TIMEOUT_MS;
}

export function connectTimeoutMs(settings: RedisSettings): number {
  return settings.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS;
}

/** What every connection has in common. Nothing is sent twice, and nothing waits for a connection. */
function common(settings: RedisSettings): RedisOptions {
  const tls = tlsOptions(settings);
  return {
    lazyConnect: true,
    // RESP2: pushes of RESP3 are not used, and answers come in one shape from every version.
    protocol: 2,
    disableClientInfo: true,
    connectionName: settings.connectionName ?? CONNECTION_NAME,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    keepAlive: KEEP_ALIVE_MS,
    connectTimeout: connectTimeoutMs(settings),
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    socketTimeout: Math.max(MIN_SILENCE_MS, 4 * commandTimeoutMs(settings)),
    db: settings.db ?? 0,
    ...(settings.username === undefined ? {} : { username: settings.username }),
    ...(settings.password === undefined ? {} : { password: settings.password }),
    ...(tls === undefined ? {} : { tls }),
  };
}

/** One connection to a single server, or to the master that the sentinels name. */
export function redisOptions(
  settings: Exclude<RedisSettings, { topology: 'cluster' }>,
  retryStrategy: ((attempt: number) => number) | null,
): RedisOptions {
  const options = { ...common(settings), retryStrategy };
  if (settings.topology === 'single') return { ...options, host: settings.host, port: settings.port };
  const tls = tlsOptions(settings);
  return {
    ...options,
    sentinels: settings.sentinels.map(({ host, port }) => ({ host, port })),
    name: settings.name,
    role: 'master',
    sentinelRetryStrategy: retryDelayMs,
    sentinelCommandTimeout: connectTimeoutMs(settings),
    ...(settings.sentinelUsername === undefined ? {} : { sentinelUsername: settings.sentinelUsername }),
    ...(settings.sentinelPassword === undefined ? {} : { sentinelPassword: settings.sentinelPassword }),
    ...(tls === undefined ? {} : { sentinelTLS: tls, enableTLSForSentinelMode: true }),
  };
}

/** One connection to one sentinel, for as long as it is there. */
export function sentinelOptions(
  settings: RedisSettings & { topology: 'sentinel' },
  { host, port }: RedisAddress,
): RedisOptions {
  const { username: _, password: __, ...rest } = common(settings);
  return {
    ...rest,
    db: 0,
    host,
    port,
    enableReadyCheck: false,
    retryStrategy: retryDelayMs,
    ...(settings.sentinelUsername === undefined ? {} : { username: settings.sentinelUsername }),
    ...(settings.sentinelPassword === undefined ? {} : { password: settings.sentinelPassword }),
  };
}

/** One connection to one node of a cluster. */
export function nodeOptions(settings: RedisSettings, host: string, port: number): RedisOptions {
  return { ...common(settings), host, port, retryStrategy: null };
}

export function clusterOptions(
  settings: RedisSettings,
  clusterRetryStrategy: (attempt: number) => number,
): ClusterOptions {
  const { lazyConnect: _, enableOfflineQueue: __, ...node } = common(settings);
  return {
    lazyConnect: true,
    enableOfflineQueue: false,
    clusterRetryStrategy,
    maxRedirections: MAX_REDIRECTIONS,
    // What was sent on a connection that broke may have been done: it is not sent again.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    retryDelayOnTryAgain: 10,
    slotsRefreshInterval: SLOTS_REFRESH_INTERVAL_MS,
    slotsRefreshTimeout: connectTimeoutMs(settings),
    scaleReads: 'master',
    // Names that a certificate was made out for stay what they are.
    dnsLookup: (address, callback) => callback(null, address),
    redisOptions: node,
  };
}

function tlsOptions({ tls }: RedisSettings): ConnectionOptions | undefined {
  return tls === undefined ? undefined : { ...tls };
}
