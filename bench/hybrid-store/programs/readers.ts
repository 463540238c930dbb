import { randomUUID } from 'node:crypto';
import type { SessionRow } from '@triterm/core/store';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import { change } from '../../../packages/core/src/store/postgres/session-queries.ts';
import { BENTO_MEMORY, BENTO_TIERS, POSTGRES, REDIS, SUBJECT } from '../measure.ts';
import type { Place } from './place.ts';

/** Longer than a run: entries go when they are written, not by age. */
const TTL = '1h';
const MAX_ITEMS = 10_000;

/** A way to a session and its change. */
export interface Reader {
  read(id: string): Promise<unknown>;
  write(id: string): Promise<unknown>;
}

export const READERS = {
  [SUBJECT]: async ({ store: { sessions } }: Place): Promise<Reader> => ({
    read: id => sessions.get(id),
    write: id => sessions.update(id, {}, newTitle()),
  }),
  [POSTGRES]: async (place: Place): Promise<Reader> => {
    const bare = await place.bare();
    return { read: id => place.bareRow(id), write: id => change(bare, id, {}, newTitle()) };
  },
  [REDIS]: async (place: Place): Promise<Reader> => {
    const { redis } = place;
    const key = (id: string) => `bench:session:${id}`;
    for (const id of place.ids) await redis.set(key(id), JSON.stringify(await place.bareRow(id)), 'NX');
    return {
      async read(id) {
        return JSON.parse((await redis.get(key(id))) ?? '') as SessionRow;
      },
      write: async id => redis.set(key(id), JSON.stringify(await place.bareRow(id))),
    };
  },
  [BENTO_MEMORY]: async (place: Place): Promise<Reader> => bentoReader(place, bentoMemory(true)),
  [BENTO_TIERS]: async (place: Place): Promise<Reader> => {
    const connection = { host: '127.0.0.1', port: place.options.redisPort, protocol: 2 as const };
    const store = bentostore()
      .useL1Layer(memoryDriver({ maxItems: MAX_ITEMS }))
      .useL2Layer(redisDriver({ connection }))
      .useBus(redisBusDriver({ connection }));
    return bentoReader(place, new BentoCache({ default: 'main', stores: { main: store }, ttl: TTL }));
  },
};

export type ReaderName = keyof typeof READERS;

/** bentocache with its memory alone. */
export function bentoMemory(serialize: boolean) {
  const driver = serialize
    ? memoryDriver({ maxItems: MAX_ITEMS })
    : memoryDriver({ maxItems: MAX_ITEMS, serialize });
  return new BentoCache({ default: 'main', stores: { main: bentostore().useL1Layer(driver) }, ttl: TTL });
}

type Bento = ReturnType<typeof bentoMemory>;

/** As its documentation has it: read through, and set after a write. */
async function bentoReader(place: Place, cache: Pick<Bento, 'getOrSet' | 'set'>): Promise<Reader> {
  const bare = await place.bare();
  return {
    read: id => cache.getOrSet({ key: id, factory: () => place.bareRow(id) }),
    async write(id) {
      await cache.set({ key: id, value: await change(bare, id, {}, newTitle()) });
    },
  };
}

function newTitle() {
  return { doc: { title: randomUUID() } };
}
