import * as z from 'zod';

/**
 * Messages about the store and what accelerates it: what an operator sees and does. Times are RFC 3339, lengths of time
 * milliseconds; what could not be learned within its deadline is null, and `troubles` says why.
 */

const count = z.int().min(0);
const ms = z.number().min(0);
/** A session's name, id, or the beginning of its id; a deleted session by its whole id. */
const target = z.string().min(1).max(128);
/** Absolute, as the daemon sees it: both ends of a unix socket are one host and one user. */
const file = z
  .string()
  .min(2)
  .max(4096)
  .regex(/^\/[^\0]*$/, 'expected an absolute path');
/** Most entries that a list answers with. */
const limit = z.int().min(1).max(10_000).default(1000);
/** What could not be learned, a sentence each. */
const troubles = z.array(z.string());
const percentiles = z.object({ p50: ms, p99: ms });

const STORE_MODES = ['hybrid', 'in-memory', 'off'] as const;
const CACHE_STATES = ['down', 'resync', 'up', 'suspect'] as const;
const cacheState = z.enum(CACHE_STATES);

const redisServer = z.object({
  topology: z.enum(['single', 'sentinel', 'cluster']),
  /** Without passwords. */
  endpoint: z.string(),
  tls: z.boolean(),
  version: z.string().nullable(),
  usedMemoryBytes: count.nullable(),
  /** 0: no limit. */
  maxMemoryBytes: count.nullable(),
  evictionPolicy: z.string().nullable(),
  reconnects: count,
});

const redisStatus = z.object({
  /** `off`: no Redis is configured; `in-memory`: there is one, but it is not used now. */
  mode: z.enum(STORE_MODES),
  /** Null when the mode is `off`. */
  state: cacheState.nullable(),
  since: z.string(),
  reason: z.string().nullable(),
  server: redisServer.nullable(),
  latencyMs: percentiles.nullable(),
  breaker: z.enum(['open', 'closed']).nullable(),
  outbox: z.object({ entries: count, oldestMs: ms }).nullable(),
  /** The last one that came to its end. */
  resync: z.object({ at: z.string(), durationMs: ms, entries: count }).nullable(),
  /** Own keys by kind. `truncated`: there are more than were counted. */
  keys: z.object({ total: count, truncated: z.boolean(), kinds: z.record(z.string(), count) }).nullable(),
  /** The last changes of state, the latest first. */
  history: z.array(
    z.object({ at: z.string(), from: cacheState, to: cacheState, reason: z.string().nullable() }),
  ),
  /** What an operator should change at Redis. */
  warnings: z.array(z.string()),
  troubles,
});

const readCounters = {
  reads: count,
  l1Hits: count,
  redisHits: count,
  tombstones: count,
  misses: count,
  coalesced: count,
  bypassed: count,
  errors: count,
};
const rates = {
  reads: ms,
  l1Hits: ms,
  redisHits: ms,
  tombstones: ms,
  misses: ms,
  coalesced: ms,
  bypassed: ms,
  errors: ms,
  writes: ms,
};

const cacheStats = z.object({
  /** When counting began. */
  since: z.string(),
  reads: z.object(readCounters),
  /** Over the last `windowMs`. */
  perSecond: z.object({ ...rates, windowMs: ms }),
  /** Answered by a tier, of the reads that asked the tiers; null before the first. */
  hitRate: z.number().min(0).max(1).nullable(),
  staleReads: count,
  writes: count,
  l1Entries: count,
  floors: count,
  puts: count,
  casRejections: count,
  fillRejections: count,
  putFailures: count,
  invalidationsReceived: count,
  invalidationLagMs: percentiles.nullable(),
  outboxDrained: count,
  resyncs: count,
});

const tierEntry = z.object({
  tier: z.enum(['l1', 'redis', 'database']),
  /** `off`: there is no such tier; `unavailable`: it did not answer. */
  state: z.enum(['present', 'deleted', 'absent', 'off', 'unavailable']),
  version: count.nullable(),
  epoch: z.string().nullable(),
  ttlMs: ms.nullable(),
  value: z.record(z.string(), z.unknown()).nullable(),
  /** Why it is unavailable, or why no read takes what it has. */
  reason: z.string().nullable(),
});

const shownEntry = z.object({
  id: z.string(),
  /** Null when this server knows no such session. */
  name: z.string().nullable(),
  /** What entries must carry to be taken for valid; null when the database does not answer. */
  epoch: z.string().nullable(),
  /** An entry below it is not served. */
  floor: count.nullable(),
  /** L1, Redis, database, in this order. */
  tiers: z.array(tierEntry),
  /** Null when it can't be said. */
  agree: z.boolean().nullable(),
  /** What does not agree, a sentence each. */
  differences: z.array(z.string()),
});

const lock = z.object({
  name: z.string(),
  /** Of a session's lock. */
  session: z.string().nullable(),
  sessionName: z.string().nullable(),
  holder: z.string(),
  tokenPrefix: z.string(),
  ageMs: ms,
  ttlMs: ms,
  waiters: count,
  /** The session's `owner_epoch`: what the database checks. */
  fence: count.nullable(),
});

const registeredSocket = z.object({
  id: z.string(),
  terminal: z.string(),
  terminalName: z.string().nullable(),
  user: z.string(),
  server: z.string(),
  incarnation: count.nullable(),
  deviceId: z.string(),
  deviceName: z.string(),
  connectedAt: z.string(),
  lastPingAt: z.string().nullable(),
  primary: z.boolean(),
});

const listedServer = z.object({
  id: z.string(),
  host: z.string(),
  incarnation: count.nullable(),
  state: z.enum(['alive', 'lapsed']),
  /** Negative: since when it has lapsed. Null: it needs no lease, because no other server shares the database. */
  leaseLeftMs: z.number().nullable(),
  sockets: count.nullable(),
  /** Where clients and other servers reach it; null when it does not listen to the network. */
  advertiseUrl: z.string().nullable().default(null),
  /** It takes no new sessions; null when the database could not be asked. */
  draining: z.boolean().nullable().default(null),
  stateDir: z.string(),
  /** The server that answers. */
  self: z.boolean(),
});

const databaseStatus = z.object({
  kind: z.enum(['sqlite', 'postgres']),
  /** A file, or a URL without its password; null when it could not be asked. */
  location: z.string().nullable(),
  state: z.enum(['ok', 'unavailable']),
  reason: z.string().nullable(),
  /** Schema version of the database, and the oldest one whose release may use it. */
  schema: z.object({ current: count, minCompatible: count }).nullable(),
  /** Generations of the data and of what caches hold of it. */
  epochs: z.object({ db: z.string(), cache: count }).nullable(),
  sizeBytes: count.nullable(),
  /** Live ones, and deleted ones that were not collected yet. */
  sessions: count.nullable(),
  deleted: count.nullable(),
  /** Writes that caches were not told of yet. */
  outbox: count.nullable(),
  /** How long it took to learn all this. */
  latencyMs: ms.nullable(),
});

/** Nobody should have to wait longer for Redis because a drill forgot it. */
const MAX_FAULT_MS = 120_000;

const transferred = {
  file: z.string(),
  /** Rows by table. */
  rows: z.record(z.string(), count),
};

/** Requests about the store, with their parameters and results. */
export const STORE_METHODS = {
  'redis.status': { params: z.object({}), result: redisStatus },
  /**
   * Lets Redis fail for this server alone, for a drill: until `drill.restore`, until the connection that asked ends, or until
   * `lapseMs` are over. One at a time.
   */
  'drill.break': {
    params: z.object({
      kind: z.enum(['down', 'hang', 'slow']),
      /** Of `slow`. */
      latencyMs: z.int().min(1).max(10_000).default(200),
      lapseMs: z.int().min(1).max(MAX_FAULT_MS),
    }),
    result: z.object({}),
  },
  'drill.restore': { params: z.object({}), result: z.object({}) },
  'cache.stats': { params: z.object({}), result: cacheStats },
  'cache.show': { params: z.object({ target }), result: shownEntry },
  /** Removes the entry from L1 and Redis, on every server. `before` is what was there. */
  'cache.invalidate': {
    params: z.object({ target }),
    result: z.object({
      id: z.string(),
      before: shownEntry,
      /** Null: Redis is not used. */
      removed: z.object({ l1: z.boolean(), redis: z.boolean().nullable() }),
    }),
  },
  'locks.list': {
    params: z.object({ limit }),
    result: z.object({ locks: z.array(lock), truncated: z.boolean(), troubles }),
  },
  /** `target` may be a lock's name too, such as `session:0123456789ab`. `lock` is null when nobody holds it. */
  'locks.show': {
    params: z.object({ target }),
    result: z.object({ name: z.string(), lock: lock.nullable() }),
  },
  'sockets.list': {
    params: z.object({ target: target.optional(), limit }),
    result: z.object({
      sockets: z.array(registeredSocket),
      truncated: z.boolean(),
      /** Where this was learned: `server` knows its own only. */
      source: z.enum(['redis', 'database', 'server']),
      troubles,
    }),
  },
  'servers.list': {
    params: z.object({}),
    result: z.object({ servers: z.array(listedServer), troubles }),
  },
  'db.status': { params: z.object({}), result: databaseStatus },
  /** Brings the schema up to this release's. */
  'db.migrate': {
    params: z.object({}),
    result: z.object({ before: count, after: count }),
  },
  /** Writes JSON lines into a new file, mode 0600; with `replace` in the place of one that is there. */
  'db.export': {
    params: z.object({ file, replace: z.boolean().default(false) }),
    result: z.object({ ...transferred, bytes: count }),
  },
  /**
   * Takes in what an export has written. Without `replace` into a database without sessions only; never while sessions run. The
   * daemon begins again afterwards.
   */
  'db.import': {
    params: z.object({ file, replace: z.boolean().default(false) }),
    result: z.object({ ...transferred, dbEpoch: z.string() }),
  },
  /** A copy of the database in its own format, in a new file. */
  'db.backup': {
    params: z.object({ file, replace: z.boolean().default(false) }),
    result: z.object({ file: z.string(), bytes: count }),
  },
} as const;
