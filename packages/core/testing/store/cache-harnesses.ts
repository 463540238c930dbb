import { changeMessage } from '../../src/store/hybrid/invalidation.ts';
import { MemorySessionCache } from '../../src/store/memory/memory-cache.ts';
import { MemoryHub } from '../../src/store/memory/memory-channel.ts';
import { DEFAULT_CACHE_TTLS, RedisSessionCache } from '../../src/store/redis/redis-cache.ts';
import { RedisEventChannel } from '../../src/store/redis/redis-channel.ts';
import type { RedisLink } from '../../src/store/redis/redis-link.ts';
import type { RedisSettings } from '../../src/store/redis/settings.ts';
import type { CacheHarness } from './cache-contract.ts';
import { connectedLink } from './redis-witness.ts';

/** Entries stand shorter than fill tokens here, so that they can go first. */
const MEMORY_TTLS = { sessionTtlMs: 400, tombstoneTtlMs: 300 };
const MEMORY_TOKEN_TTL_MS = 2000;

/** `change` makes another cache of the same entries: how a fault is put in. */
export function memoryCacheHarness(
  makeCache: (options: ConstructorParameters<typeof MemorySessionCache>[0]) => MemorySessionCache = options =>
    new MemorySessionCache(options),
): CacheHarness {
  let nowMs = 0;
  const hub = new MemoryHub();
  const sender = hub.channel();
  const cache = makeCache({
    ...MEMORY_TTLS,
    fillTokenTtlMs: MEMORY_TOKEN_TTL_MS,
    nowMs: () => nowMs,
    publish: record => void sender.publish(changeMessage(record)),
  });
  const later = async (ms: number): Promise<void> => {
    nowMs += ms;
  };
  return {
    ttls: MEMORY_TTLS,
    open: () => cache,
    channel: () => hub.channel(),
    evict: () => later(MEMORY_TTLS.sessionTtlMs),
    lapseToken: () => later(MEMORY_TOKEN_TTL_MS),
    dispose: () => sender.close(),
  };
}

/** Two links, as two servers have them, to a Redis that `start` has made. */
export async function redisCacheHarness(
  start: () => Promise<{ settings: RedisSettings; dispose(): Promise<void> }>,
): Promise<CacheHarness> {
  const server = await start();
  const links: RedisLink[] = [];
  const dispose = async (): Promise<void> => {
    await Promise.all(links.map(link => link.close()));
    await server.dispose();
  };
  try {
    // A loaded machine is no hung Redis.
    const settings = { ...server.settings, commandTimeoutMs: 2000 };
    for (let count = 0; count < 2; count += 1) links.push((await connectedLink(settings)).link);
  } catch (error) {
    await dispose();
    throw error;
  }
  const [first, second] = links;
  if (first === undefined || second === undefined) throw new Error('there are no links');
  let opened = 0;
  return {
    ttls: DEFAULT_CACHE_TTLS,
    open: () => new RedisSessionCache(opened++ % 2 === 0 ? first : second),
    channel: () => new RedisEventChannel(first),
    evict: async id => {
      await first.command('evict', client => client.del(first.keys.session(id)));
    },
    lapseToken: async id => {
      await first.command('lapse', client => client.del(first.keys.fillToken(id)));
    },
    dispose,
  };
}
