import type { Result } from '@triterm/core/protocol/messages';
import { evictionAdvice } from './eviction-advice.ts';
import { countKinds } from './key-kinds.ts';
import { known, learn, troublesOf } from './learn.ts';
import type { HealthChange, RedisSource, StoreSources } from './sources.ts';

/** SCAN goes on until it has seen so many keys of ours. */
const MAX_COUNTED_KEYS = 20_000;
const MAX_HISTORY = 20;
const NOT_CONFIGURED = 'No Redis is configured; set REDIS_HOST or REDIS_URL to use one.';

type Status = Result<'redis.status'>;

/** How Redis is. What hangs is told of after `LEARN_MS`. `startedAt`: of the process, milliseconds since 1970. */
export async function redisStatus(
  { redis, database: { outboxDepth } }: Pick<StoreSources, 'redis' | 'database'>,
  startedAt: number,
): Promise<Status> {
  const [depth, { troubles, ...status }] = await Promise.all([
    learn('Outbox', async () => (await outboxDepth?.()) ?? null),
    redis === undefined ? unusedStatus(startedAt) : usedStatus(redis),
  ]);
  return { ...status, outbox: known(depth), troubles: [...troubles, ...troublesOf([depth])] };
}

function unusedStatus(startedAt: number): Omit<Status, 'outbox'> {
  return {
    mode: 'off',
    state: null,
    since: rfc3339(startedAt),
    reason: NOT_CONFIGURED,
    server: null,
    latencyMs: null,
    breaker: null,
    resync: null,
    keys: null,
    history: [],
    warnings: [],
    troubles: [],
  };
}

async function usedStatus(redis: RedisSource): Promise<Omit<Status, 'outbox'>> {
  // One that is down is not asked: why it is down is told already.
  const isDown = redis.health().state === 'down';
  const [info, keys] = await Promise.all([
    learn('Redis', () => redis.link.info()),
    learn('Keys', async () =>
      isDown ? null : countKinds(await redis.link.scan('*', MAX_COUNTED_KEYS), MAX_COUNTED_KEYS),
    ),
  ]);
  const { mode, state, since, reason, breakerOpen, history, lastResync } = redis.health();
  const server = known(info);
  const advice = evictionAdvice(server?.maxMemoryBytes ?? null, server?.evictionPolicy ?? null);
  return {
    mode,
    state,
    since: rfc3339(since),
    reason: reason ?? (state === 'up' ? null : (server?.lastError ?? null)),
    server: server === null ? null : serverOf(server),
    latencyMs: redis.latency(),
    breaker: breakerOpen ? 'open' : 'closed',
    resync: lastResync === null ? null : { ...lastResync, at: rfc3339(lastResync.at) },
    keys: known(keys),
    history: history.slice(0, MAX_HISTORY).map(changeOf),
    warnings: advice === undefined ? [] : [advice],
    troubles: troublesOf([info, keys]),
  };
}

function serverOf({
  topology,
  endpoint,
  tls,
  version,
  usedMemoryBytes,
  maxMemoryBytes,
  evictionPolicy,
  reconnects,
}: Awaited<ReturnType<RedisSource['link']['info']>>): Status['server'] {
  return { topology, endpoint, tls, version, usedMemoryBytes, maxMemoryBytes, evictionPolicy, reconnects };
}

function changeOf({ at, ...change }: HealthChange): Status['history'][number] {
  return { at: rfc3339(at), ...change };
}

function rfc3339(at: number): string {
  return new Date(at).toISOString();
}
