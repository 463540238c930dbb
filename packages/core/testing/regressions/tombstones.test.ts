/**
 * What was deleted came back: a tombstone was read as a miss, so that the database's old row, a late reader's or a repeated creation
 * took its place.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../../src/sandbox/postgres-server.ts';
import { type RedisServer, startRedis } from '../../src/sandbox/redis-server.ts';
import { TestStore } from '../store/hybrid-harness.ts';
import { exampleSession, USER } from '../store/session-examples.ts';

const ROOMY = { limit: 1000 };

describe('a session that was deleted', () => {
  let postgres: PostgresServer;
  let redis: RedisServer;
  let stores: TestStore[];
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.dispose());
  beforeEach(async () => {
    redis = await startRedis();
    const url = await postgres.createDatabase();
    stores = [];
    for (const id of ['first', 'second'])
      stores.push(await TestStore.open(id, { kind: 'postgres', url }, { port: redis.port }));
    await Promise.all(stores.map(store => store.until('up')));
  });
  afterEach(async () => {
    await Promise.all(stores.map(store => store.close()));
    await redis.dispose();
  });

  const of = (index: number) => {
    const sessions = stores[index]?.store.sessions;
    if (sessions === undefined) throw new Error('there is no such server');
    return sessions;
  };
  /** No server shows it any more. */
  const gone = async (id: string) => {
    for (const index of [0, 1]) {
      await expect.poll(() => of(index).get(id), { timeout: 5000 }).toBeUndefined();
      expect((await of(index).list(USER)).map(row => row.id)).not.toContain(id);
    }
  };

  it('is not brought back by a repetition of the request that made it', async () => {
    const session = exampleSession('work');
    const once = { ...ROOMY, idempotencyKey: 'key' };
    const { id } = await of(0).create(session, once);
    await of(0).delete(id, {});
    for (const index of [0, 1])
      await expect(of(index).create(session, once)).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
    await gone(id);
  });

  it('is not brought back by readers, though Redis loses its tombstone again and again', async () => {
    const { id } = await of(0).create(exampleSession('work'), ROOMY);
    await of(1).get(id);
    const readers = Array.from({ length: 50 }, async (_, i) => {
      await redis.cli('DEL', `triterm:session:${id}`);
      await of(i % 2).get(id);
    });
    await of(0).delete(id, {});
    expect(await of(0).get(id)).toBeUndefined();
    await Promise.all(readers);
    await redis.cli('DEL', `triterm:session:${id}`);
    await gone(id);
    const entry = (await redis.cli('GET', `triterm:session:${id}`)).trim();
    if (entry !== '') expect(JSON.parse(entry)).toMatchObject({ deleted: true });
  });
});
