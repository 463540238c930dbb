import type { Result } from '@triterm/core/protocol';

const ID = '0123456789ab';
const AT = '2026-01-01T00:00:00.000Z';
const COUNTERS = {
  reads: 100,
  l1Hits: 80,
  redisHits: 10,
  tombstones: 1,
  misses: 4,
  coalesced: 1,
  bypassed: 3,
  errors: 1,
};

/** What a daemon with Redis answers to requests about the store. */
export const REDIS_STATUS: Result<'redis.status'> = {
  mode: 'hybrid',
  state: 'up',
  since: AT,
  reason: null,
  server: {
    topology: 'single',
    endpoint: 'rediss://cache:6379/0',
    tls: true,
    version: '7.0.15',
    usedMemoryBytes: 1.5 * 2 ** 20,
    maxMemoryBytes: 100 * 2 ** 20,
    evictionPolicy: 'noeviction',
    reconnects: 2,
  },
  latencyMs: { p50: 0.084, p99: 1.2 },
  breaker: 'closed',
  outbox: { entries: 1, oldestMs: 150 },
  resync: { at: AT, durationMs: 12, entries: 40 },
  keys: { total: 42, truncated: true, kinds: { session: 40, lock: 2 } },
  history: [{ at: AT, from: 'resync', to: 'up', reason: 'probe answered' }],
  warnings: ['maxmemory-policy noeviction'],
  troubles: ['Keys: no answer within 2000 ms.'],
};

export const REDIS_OFF: Result<'redis.status'> = {
  mode: 'off',
  state: null,
  since: AT,
  reason: 'No Redis is configured.',
  server: null,
  latencyMs: null,
  breaker: null,
  outbox: { entries: 0, oldestMs: 0 },
  resync: null,
  keys: null,
  history: [],
  warnings: [],
  troubles: [],
};

export const CACHE_STATS: Result<'cache.stats'> = {
  since: AT,
  reads: COUNTERS,
  perSecond: { ...COUNTERS, reads: 12.55, writes: 0.25, windowMs: 10_000 },
  hitRate: 0.9479,
  staleReads: 5,
  writes: 7,
  l1Entries: 11,
  floors: 2,
  puts: 8,
  casRejections: 3,
  fillRejections: 4,
  putFailures: 6,
  invalidationsReceived: 9,
  invalidationLagMs: { p50: 0.5, p99: 4 },
  outboxDrained: 13,
  resyncs: 1,
};

export const CACHE_ENTRY: Result<'cache.show'> = {
  id: ID,
  name: 'work',
  epoch: 'e.1',
  floor: 7,
  tiers: [
    { tier: 'l1', state: 'absent', version: null, epoch: null, ttlMs: null, value: null, reason: null },
    {
      tier: 'redis',
      state: 'present',
      version: 6,
      epoch: 'e.1',
      ttlMs: 3_500_000,
      value: { name: 'old', doc: { cwd: '/tmp' } },
      reason: null,
    },
    {
      tier: 'database',
      state: 'present',
      version: 7,
      epoch: null,
      ttlMs: null,
      value: { name: 'work', doc: { cwd: '/tmp', argv: ['sh'] } },
      reason: null,
    },
  ],
  agree: false,
  differences: ['Redis has version 6, the database 7.'],
};

export const LOCK: Result<'locks.list'>['locks'][number] = {
  name: `session:${ID}`,
  session: ID,
  sessionName: 'work',
  holder: 'alpha',
  tokenPrefix: 'abcd1234',
  ageMs: 1500,
  ttlMs: 8500,
  waiters: 2,
  fence: 3,
};

export const SOCKETS: Result<'sockets.list'> = {
  sockets: [
    {
      id: 'aabbccdd',
      terminal: ID,
      terminalName: 'work',
      user: 'local',
      server: 'alpha',
      incarnation: 4,
      deviceId: 'd1',
      deviceName: 'laptop',
      connectedAt: AT,
      lastPingAt: AT,
      primary: true,
    },
  ],
  truncated: false,
  source: 'redis',
  troubles: [],
};

export const SERVERS: Result<'servers.list'> = {
  servers: [
    {
      id: 'alpha',
      host: 'alpha.example',
      incarnation: 4,
      state: 'alive',
      leaseLeftMs: 12_000,
      sockets: 1,
      advertiseUrl: 'wss://alpha.example/',
      draining: false,
      stateDir: '/s',
      self: true,
    },
    {
      id: 'beta',
      host: 'beta.example',
      incarnation: 2,
      state: 'lapsed',
      leaseLeftMs: -3000,
      sockets: null,
      advertiseUrl: null,
      draining: true,
      stateDir: '/s',
      self: false,
    },
  ],
  troubles: [],
};

export const DB_STATUS: Result<'db.status'> = {
  kind: 'sqlite',
  location: '/s/triterm.db',
  state: 'ok',
  reason: null,
  schema: { current: 2, minCompatible: 2 },
  epochs: { db: 'e', cache: 1 },
  sizeBytes: 4096,
  sessions: 3,
  deleted: 1,
  outbox: 0,
  latencyMs: 0.4,
};
