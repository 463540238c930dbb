import * as z from 'zod';

const HOUR_MS = 3_600_000;
/** The longest time that a timer can measure: 24 days. */
export const MAX_TIMER_MS = 2 ** 31 - 1;
/** What a server keeps in its own memory is trusted no longer than this, whatever was missed. */
const MAX_L1_TTL_MS = 30_000;

const text = z.string().default('');
const port = z.int().min(1).max(65_535);
const ttlMs = z.int().min(1000).max(MAX_TIMER_MS);

/** Where sessions are kept, what accelerates it and how it is watched: a part of `configSchema`. */
export const STORE_SHAPE = {
  databaseUrl: text.describe(
    'The database that decides: `sqlite:/absolute/path`, or `postgres://user:password@host/name`. When empty, SQLite in the state directory.',
  ),
  databaseListenUrl: text.describe(
    'PostgreSQL again, directly, for LISTEN: needed when `databaseUrl` leads through a pooler in transaction mode, such as PgBouncer.',
  ),
  redisUrl: text.describe(
    'Redis as `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS. Redis is used when this, `redisHost`, `redisSentinels` or `redisClusterNodes` is set; give one of them.',
  ),
  redisHost: text.describe('Host of a single Redis.'),
  redisPort: port
    .nullable()
    .default(null)
    .describe('Port at `redisHost`; 6379 when null. The other ways to name Redis carry their ports.'),
  redisUsername: text.describe('ACL user; the default user when empty.'),
  redisPassword: text.describe('Password at Redis.'),
  redisDb: z
    .int()
    .min(0)
    .nullable()
    .default(null)
    .describe('Database number; 0 when null. A cluster has only 0.'),
  redisTls: z
    .boolean()
    .default(false)
    .describe('Speak TLS to Redis, and to its Sentinels. `rediss://` says so too.'),
  redisTlsCa: text.describe(
    'File (PEM) with the authorities to trust for Redis; those of Node.js when empty.',
  ),
  redisTlsCert: text.describe('File (PEM) with our certificate for Redis, where it asks for one.'),
  redisTlsKey: text.describe('File (PEM) with the key of `redisTlsCert`.'),
  redisTlsServerName: text.describe('Name that the certificate of Redis must have; its host when empty.'),
  redisTlsRejectUnauthorized: z
    .boolean()
    .default(true)
    .describe('Refuse a Redis whose certificate is not to be trusted. Switched off, anybody can pose as it.'),
  redisSentinels: z
    .array(z.string())
    .default([])
    .describe('Sentinels that know the master, as `host` or `host:port` (26379).'),
  redisSentinelName: text.describe('What the Sentinels call the master, such as `mymaster`.'),
  redisSentinelPassword: text.describe('Password at the Sentinels themselves.'),
  redisClusterNodes: z
    .array(z.string())
    .default([])
    .describe('Some nodes of a Redis Cluster, as `host` or `host:port` (6379); the others are found.'),
  sessionCacheTtlMs: ttlMs
    .default(HOUR_MS)
    .describe('How long a session stays in Redis after it was written there, in milliseconds.'),
  tombstoneTtlMs: ttlMs
    .default(HOUR_MS)
    .describe('How long Redis remembers that a session was deleted, in milliseconds.'),
  lockTtlMs: z
    .int()
    .min(1000)
    .max(HOUR_MS)
    .default(10_000)
    .describe('After this time a lock of a holder that is gone lapses, in milliseconds.'),
  leaseMs: z
    .int()
    .min(2000)
    .max(HOUR_MS)
    .default(15_000)
    .describe(
      'How long other servers take this one for alive without a word, in milliseconds; it is renewed three times as often. Let all servers of a fleet have the same.',
    ),
  l1Entries: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(10_000)
    .describe("Sessions that are kept in the daemon's own memory, about 1 KB each."),
  l1TtlMs: z
    .int()
    .min(1)
    .max(MAX_L1_TTL_MS)
    .default(MAX_L1_TTL_MS)
    .describe("How long a session is kept in the daemon's own memory, in milliseconds."),
  warmEntries: z
    .int()
    .min(0)
    .max(10_000_000)
    .default(1000)
    .describe('Sessions that are put into the caches beforehand, the most recently active first.'),
  metricsSocket: z
    .string()
    .default('metrics.sock')
    .describe(
      'Unix socket that answers `GET /metrics` for Prometheus: a name in the run directory, or an absolute path; none when empty.',
    ),
  metricsListen: text.describe(
    'The same over plain HTTP, on the loopback interface only: `127.0.0.1:PORT` or `[::1]:PORT`; off when empty.',
  ),
};
