import { newSessionId } from '@triterm/core/domain';
import type { SessionCache } from '@triterm/core/store';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RedisServer } from '../../src/sandbox/redis-server.ts';
import type { CacheHarness } from './cache-contract.ts';
import { memoryCacheHarness, redisCacheHarness } from './cache-harnesses.ts';
import { anyCacheRun, checkCacheLaws, type LawSubject } from './cache-laws.ts';

const MEMORY_RUNS = 400;
const REDIS_RUNS = 60;
const LONGEST_PAUSE_TURNS = 6;
const LONGEST_PAUSE_MS = 4;

const turns = async (share: number): Promise<void> => {
  for (let left = Math.floor(share * LONGEST_PAUSE_TURNS); left > 0; left -= 1)
    await new Promise(resolve => setImmediate(resolve));
};
const time = (share: number): Promise<void> =>
  new Promise(resolve => setTimeout(resolve, share * LONGEST_PAUSE_MS));

function subjectOf(
  harness: CacheHarness,
  pause: LawSubject['pause'],
  change: (cache: SessionCache) => SessionCache = cache => cache,
): LawSubject {
  const caches = [harness.open(), harness.open()];
  const [observer] = caches;
  if (observer === undefined) throw new Error('there is no cache');
  return {
    cache: server => change(caches[server % caches.length] ?? observer),
    observer,
    evict: id => harness.evict(id),
    lapseToken: id => harness.lapseToken(id),
    pause,
    newId: newSessionId,
  };
}

const lawful = (change?: (cache: SessionCache) => SessionCache) =>
  fc.assert(
    fc.asyncProperty(anyCacheRun, run => checkCacheLaws(subjectOf(memoryCacheHarness(), turns, change), run)),
    { numRuns: MEMORY_RUNS },
  );

/** Caches without one of the safeguards. */
const NAIVE: Record<string, (cache: SessionCache) => SessionCache> = {
  'fills without a token': cache => ({
    ...bound(cache),
    fill: async (record, epochs) => {
      const outcome = await cache.put(record, epochs);
      return outcome.kind === 'absent' ? cache.fill(record, epochs, outcome.fillToken) : outcome.kind;
    },
  }),
  'stores a write where nothing is': cache => ({
    ...bound(cache),
    put: async (record, epochs) => {
      const outcome = await cache.put(record, epochs);
      if (outcome.kind !== 'absent') return outcome;
      await cache.fill(record, epochs, outcome.fillToken);
      return { kind: 'stored' };
    },
  }),
  'writes without looking': cache => ({
    ...bound(cache),
    put: async (record, epochs) => {
      await cache.invalidate(record.id);
      const outcome = await cache.put(record, epochs);
      if (outcome.kind === 'absent') await cache.fill(record, epochs, outcome.fillToken);
      return { kind: 'stored' };
    },
  }),
  'looks first and writes then': cache => ({
    ...bound(cache),
    put: async (record, epochs) => {
      const there = await cache.inspect(record.id);
      await turns(0.5);
      if (there === undefined || there.version < record.rev) await cache.invalidate(record.id);
      const outcome = await cache.put(record, epochs);
      if (outcome.kind === 'absent') await cache.fill(record, epochs, outcome.fillToken);
      return { kind: 'stored' };
    },
  }),
};

function bound(cache: SessionCache): SessionCache {
  return {
    get: (...args) => cache.get(...args),
    put: (...args) => cache.put(...args),
    putAll: (...args) => cache.putAll(...args),
    fill: (...args) => cache.fill(...args),
    inspect: id => cache.inspect(id),
    invalidate: id => cache.invalidate(id),
  };
}

describe('with late and failing calls', () => {
  it('the memory cache keeps its laws', () => lawful());

  it('the cache in Redis keeps its laws', async () => {
    const harness = await redisCacheHarness(async () => {
      const server = await RedisServer.start();
      const { host, port } = server;
      return { settings: { topology: 'single', host, port }, dispose: () => server.dispose() };
    });
    try {
      await fc.assert(
        fc.asyncProperty(anyCacheRun, run => checkCacheLaws(subjectOf(harness, time), run)),
        { numRuns: REDIS_RUNS },
      );
    } finally {
      await harness.dispose();
    }
  });

  it.each(Object.keys(NAIVE))('a cache that %s is found out', async name => {
    const error: unknown = await lawful(NAIVE[name]).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      cause: { message: expect.stringMatching(/came back|stands after|went down/) },
    });
  });
});
