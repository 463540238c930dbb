import type { RedisServer } from '@triterm/core/sandbox/redis-server';
import type { Stage } from '../../stage.ts';

/** What others may write before something is evicted. */
const ROOM_BYTES = 200_000;
/** Writes 2000 keys of somebody else's. */
const FILL = `for n = 1, 2000 do redis.call('SET', 'drill-filler:' .. ARGV[1] .. ':' .. n, string.rep('x', 100)) end`;

/** Redis has hardly any memory left, and others write until it has evicted all of these keys. */
export async function evict(stage: Stage, redis: RedisServer, keys: readonly string[]): Promise<void> {
  const used = await figure(redis, 'memory', 'used_memory');
  await redis.cli('config', 'set', 'maxmemory-policy', 'allkeys-lru');
  await redis.cli('config', 'set', 'maxmemory', String(used + ROOM_BYTES));
  let round = 0;
  await stage.until('Redis has evicted their entries', async () => {
    round += 1;
    await redis.cli('eval', FILL, '0', String(round));
    return (await redis.cli('exists', ...keys)) === '0';
  });
  stage.measure('keys that were evicted', await figure(redis, 'stats', 'evicted_keys'));
}

/** It may evict nothing, and has no room: every write is refused with OOM. */
export async function refuseWrites(redis: RedisServer): Promise<void> {
  await redis.cli('config', 'set', 'maxmemory-policy', 'noeviction');
  await redis.cli('config', 'set', 'maxmemory', '1');
}

/** As much as it wants. */
export async function giveMemory(redis: RedisServer): Promise<void> {
  await redis.cli('config', 'set', 'maxmemory', '0');
}

async function figure(redis: RedisServer, section: string, name: string): Promise<number> {
  const [, value] = new RegExp(`^${name}:(\\d+)`, 'm').exec(await redis.cli('info', section)) ?? [];
  return Number(value);
}
