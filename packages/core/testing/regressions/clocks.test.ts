/**
 * The version of a cached session was the clock of whoever wrote it. In a tight loop 99.9 % of the versions were equal, so that later
 * writes were taken for known; and what a server wrote whose clock was behind was taken for old.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type PostgresServer, startPostgres } from '../../src/sandbox/postgres-server.ts';
import { type RedisServer, startRedis } from '../../src/sandbox/redis-server.ts';
import { TestStore } from '../store/hybrid-harness.ts';
import { exampleSession } from '../store/session-examples.ts';

const ROOMY = { limit: 1000 };
const HOUR_MS = 3_600_000;
const WRITES = 40;

describe('versions of a session', () => {
  let postgres: PostgresServer;
  let redis: RedisServer;
  let stores: TestStore[];
  beforeEach(async () => {
    postgres = await startPostgres();
    redis = await startRedis();
    const url = await postgres.createDatabase();
    stores = [];
    for (const id of ['first', 'second'])
      stores.push(await TestStore.open(id, { kind: 'postgres', url }, { port: redis.port }));
    await Promise.all(stores.map(store => store.until('up')));
    vi.useFakeTimers({ toFake: ['Date'] });
  });
  afterEach(async () => {
    vi.useRealTimers();
    await Promise.all(stores.map(store => store.close()));
    await redis.dispose();
    await postgres.dispose();
  });

  const of = (index: number) => {
    const sessions = stores[index]?.store.sessions;
    if (sessions === undefined) throw new Error('there is no such server');
    return sessions;
  };
  const cached = async (id: string) => {
    const text = (await redis.cli('GET', `triterm:session:${id}`)).trim();
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  };
  /** Redis and every server have this. */
  const shown = async (id: string, version: number, title: string) => {
    await expect.poll(() => cached(id), { timeout: 5000 }).toMatchObject({ version, doc: { title } });
    for (const index of [0, 1])
      await expect
        .poll(() => of(index).get(id), { timeout: 5000 })
        .toMatchObject({ rev: version, doc: { title } });
  };

  it('rise with every write of one millisecond, and the last one is what Redis has', async () => {
    const { id, rev: created } = await of(0).create(exampleSession('work'), ROOMY);
    const revs = [created];
    for (let write = 1; write <= WRITES; write += 1)
      revs.push((await of(write % 2).update(id, {}, { doc: { title: `title ${write}` } })).rev);
    expect(revs).toEqual([...new Set(revs)].toSorted((a, b) => a - b));
    await shown(id, revs.at(-1) ?? 0, `title ${WRITES}`);
  });

  it('rise whatever the clocks of the servers say', async () => {
    const { id } = await of(0).create(exampleSession('work'), ROOMY);
    const now = Date.now();
    vi.setSystemTime(now + HOUR_MS);
    const ahead = await of(0).update(id, {}, { doc: { title: 'from the one that is ahead' } });
    await shown(id, ahead.rev, 'from the one that is ahead');
    vi.setSystemTime(now - HOUR_MS);
    const behind = await of(1).update(id, {}, { doc: { title: 'from the one that is behind' } });
    expect(behind.rev).toBeGreaterThan(ahead.rev);
    await shown(id, behind.rev, 'from the one that is behind');
  });
});
