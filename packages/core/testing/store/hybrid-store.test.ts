import { readFileSync } from 'node:fs';
import type { DatabaseTarget } from '@triterm/core/store';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../../src/sandbox/postgres-server.ts';
import { eventually } from '../../src/sandbox/redis-process.ts';
import { type RedisServer, startRedis } from '../../src/sandbox/redis-server.ts';
import { awakeMs } from '../awake-time.ts';
import { type RedisPlaceOptions, SqliteFile, TestStore } from './hybrid-harness.ts';
import { exampleSession, USER } from './session-examples.ts';

const ROOMY = { limit: 1000 };
/** Deadline of a call of the database, with what a busy machine adds. */
const CALL_MS = 2500 + 2000;

describe('the hybrid store on PostgreSQL and Redis', () => {
  let postgres: PostgresServer;
  let redis: RedisServer;
  let database: DatabaseTarget;
  let stores: TestStore[];
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.dispose());
  beforeEach(async () => {
    redis = await startRedis();
    database = { kind: 'postgres', url: await postgres.createDatabase() };
    stores = [];
  });
  afterEach(async () => {
    await Promise.all(stores.map(store => store.close()));
    await redis.dispose();
  });

  const open = async (id: string, options: Partial<RedisPlaceOptions> = {}) => {
    const opened = await TestStore.open(id, database, { port: redis.port, ...options });
    stores.push(opened);
    return opened;
  };
  const openUp = async (id: string) => {
    const opened = await open(id);
    await opened.until('up');
    return opened;
  };
  /** The value in Redis as an operator sees it. */
  const inRedis = async (id: string): Promise<{ version?: number; deleted?: boolean } | undefined> => {
    const text = (await redis.cli('GET', `triterm:session:${id}`)).trim();
    return text === '' ? undefined : (JSON.parse(text) as { version?: number; deleted?: boolean });
  };

  it('answers from the database, then from Redis, then from memory', async () => {
    const a = await openUp('a');
    const row = await a.store.sessions.create(exampleSession('work'), ROOMY);
    await eventually('the session is in Redis', async () => (await inRedis(row.id)) !== undefined);
    expect(await inRedis(row.id)).toMatchObject({ version: row.rev, id: row.id, name: 'work' });
    const b = await openUp('b');
    expect(await b.store.sessions.read(row.id)).toEqual({ row, source: 'redis', stale: false });
    expect(await b.store.sessions.read(row.id)).toEqual({ row, source: 'l1', stale: false });
    expect(b.store.sessions.stats().reads).toMatchObject({ reads: 2, redisHits: 1, l1Hits: 1 });
  });

  it('reads its own writes at once, and others soon', async () => {
    const [a, b] = [await openUp('a'), await openUp('b')];
    let row = await a.store.sessions.create(exampleSession('work'), ROOMY);
    for (let i = 0; i < 20; i++) {
      await b.store.sessions.get(row.id);
      row = await a.store.sessions.update(row.id, { rev: row.rev }, { doc: { title: `t${i}` } });
      expect(await a.store.sessions.get(row.id)).toEqual(row);
      const { rev } = row;
      await eventually(
        'the other server has it',
        async () => (await b.store.sessions.get(row.id))?.rev === rev,
      );
    }
  });

  it('answers a deleted session from its tombstone, in Redis and in memory', async () => {
    const [a, b] = [await openUp('a'), await openUp('b')];
    const row = await a.store.sessions.create(exampleSession('work'), ROOMY);
    await b.store.sessions.get(row.id);
    await a.store.sessions.delete(row.id, {});
    await eventually('Redis has the tombstone', async () => (await inRedis(row.id))?.deleted === true);
    await eventually(
      'the other server knows',
      async () => (await b.store.sessions.get(row.id)) === undefined,
    );
    const before = b.store.sessions.stats().reads.tombstones;
    expect(await b.store.sessions.get(row.id)).toBeUndefined();
    expect(b.store.sessions.stats().reads.tombstones).toBe(before + 1);
  });

  it('counts every read once', async () => {
    const a = await openUp('a');
    const row = await a.store.sessions.create(exampleSession('work'), ROOMY);
    await Promise.all(Array.from({ length: 50 }, () => a.store.sessions.get(row.id)));
    await Promise.all(Array.from({ length: 50 }, () => a.store.sessions.get('000000000000')));
    const { reads, ...sources } = a.store.sessions.stats().reads;
    expect(reads).toBe(100);
    expect(Object.values(sources).reduce((sum, count) => sum + count, 0)).toBe(100);
  });

  it('goes on with the database while Redis hangs, and serves from it again when it answers', async () => {
    const a = await openUp('a');
    const row = await a.store.sessions.create(exampleSession('work'), ROOMY);
    redis.signal('SIGSTOP');
    const startedAtMs = awakeMs();
    const renamed = await a.store.sessions.update(row.id, {}, { name: 'play' });
    expect(await a.store.sessions.get(row.id)).toEqual(renamed);
    expect(awakeMs() - startedAtMs).toBeLessThan(CALL_MS);
    await a.until('down');
    expect(await a.store.sessions.read(row.id)).toEqual({ row: renamed, source: 'database', stale: false });
    expect(await a.store.database.outboxDepth()).toMatchObject({ entries: 1 });
    redis.signal('SIGCONT');
    await a.until('up');
    expect(await a.store.database.outboxDepth()).toMatchObject({ entries: 0 });
    await eventually('Redis has the new state', async () => (await inRedis(row.id))?.version === renamed.rev);
  });

  it('starts without Redis, finds it when it comes, and again after it was gone', async () => {
    await redis.kill();
    const a = await open('a');
    const row = await a.store.sessions.create(exampleSession('work'), ROOMY);
    expect(await a.store.sessions.read(row.id)).toEqual({ row, source: 'database', stale: false });
    for (let i = 0; i < 2; i++) {
      await redis.restart();
      await a.until('up');
      await redis.kill();
      await a.until('down');
    }
  });

  it('believes nothing that a Redis holds which comes back with an older state', async () => {
    const [a, b] = [await openUp('a'), await openUp('b')];
    const row = await a.store.sessions.create(exampleSession('work'), ROOMY);
    await eventually('Redis has it', async () => (await inRedis(row.id)) !== undefined);
    await redis.cli('SAVE');
    const renamed = await a.store.sessions.update(row.id, {}, { name: 'play' });
    await eventually('Redis has the new state', async () => (await inRedis(row.id))?.version === renamed.rev);
    await redis.kill();
    await redis.restart();
    await Promise.all([a.until('up'), b.until('up')]);
    for (const { store } of [a, b]) expect((await store.sessions.read(row.id)).row).toEqual(renamed);
  });

  it('marks what it answers while the database is away, refuses writes, and recovers', async () => {
    const a = await openUp('a');
    const row = await a.store.sessions.create(exampleSession('work'), ROOMY);
    await a.store.sessions.get(row.id);
    await postgres.signal('SIGKILL');
    await a.until('down');
    expect(await a.store.sessions.read(row.id)).toMatchObject({ row, stale: true });
    await expect(a.store.sessions.create(exampleSession('other'), ROOMY)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect(a.store.sessions.stats().staleReads).toBe(1);
    await postgres.start();
    await a.until('up');
    expect(await a.store.sessions.read(row.id)).toMatchObject({ row, stale: false });
  });

  it('ends every call within the deadlines while the database hangs', async () => {
    const a = await openUp('a');
    const row = await a.store.sessions.create(exampleSession('work'), ROOMY);
    await postgres.signal('SIGSTOP');
    try {
      const startedAtMs = awakeMs();
      const answers = await Promise.allSettled([
        a.store.sessions.update(row.id, {}, { name: 'play' }),
        a.store.sessions.create(exampleSession('other'), ROOMY),
        a.store.sessions.list(USER),
        a.store.sessions.read(row.id),
      ]);
      expect(awakeMs() - startedAtMs).toBeLessThan(CALL_MS);
      for (const answer of answers.slice(0, 3)) expect(answer.status).toBe('rejected');
    } finally {
      await postgres.signal('SIGCONT');
    }
    await a.until('up');
    const row2 = await a.store.sessions.get(row.id);
    expect(['work', 'play']).toContain(row2?.name);
  });

  it('says why it does not use a Redis that refuses it', async () => {
    await redis.cli('CONFIG', 'SET', 'requirepass', 'secret');
    const a = await open('a', { password: 'wrong' });
    const row = await a.store.sessions.create(exampleSession('work'), ROOMY);
    expect(await a.store.sessions.get(row.id)).toEqual(row);
    await eventually('the reason is known', async () =>
      /password|WRONGPASS|auth/i.test(
        (await a.store.link?.info())?.lastError ?? a.store.sessions.health()?.lastFailure ?? '',
      ),
    );
    expect(a.state).toBe('down');
    expect(JSON.stringify(a.store.sessions.health())).not.toContain('wrong"');
  });

  /** The rights that the documentation gives an ACL user, each as redis-cli takes it. */
  const documentedRights = () => {
    const page = readFileSync(new URL('../../../../docs/store.md', import.meta.url), 'utf8');
    const line = /^ACL SETUSER triterm on >PASSWORD (.*)$/m.exec(page)?.[1];
    if (line === undefined) throw new Error('docs/store.md names no rights');
    return line.split(' ');
  };

  it('needs no more rights than the documentation gives its user', async () => {
    await redis.cli('ACL', 'SETUSER', 'triterm', 'on', '>secret', ...documentedRights());
    const a = await open('a', { username: 'triterm', password: 'secret' });
    await a.until('up');
    const row = await a.store.sessions.create(exampleSession('work'), ROOMY);
    await eventually('Redis has it', async () => (await inRedis(row.id)) !== undefined);
    const lock = await a.store.locks.acquire(`session:${row.id}`, { waitMs: 1000 });
    expect((await redis.cli('GET', `triterm:lock:session:${row.id}`)).trim()).toContain('"server":"a"');
    await lock.release();
    const socket = { socketId: 's1', terminalId: row.id, userId: USER, serverId: 'a', incarnation: 1 };
    await a.store.registry.addSocket({
      ...socket,
      deviceId: 'd',
      deviceName: 'laptop',
      connectedAt: Date.now(),
    });
    await a.store.registry.setPrimarySocket(row.id, 's1');
    expect(await a.store.registry.getPrimarySocket(row.id)).toBe('s1');
    expect(await a.store.link?.scan('sockets:*', 10)).toHaveLength(1);
    expect((await a.store.link?.info())?.version).toMatch(/^\d+\./);
    expect(a.state).toBe('up');
  });

  it('names the right that is missing', async () => {
    const rights = documentedRights().filter(right => !right.startsWith('&'));
    await redis.cli('ACL', 'SETUSER', 'triterm', 'on', '>secret', 'resetchannels', ...rights);
    const a = await open('a', { username: 'triterm', password: 'secret' });
    await eventually('the reason is known', async () =>
      /NOPERM|channel/i.test(a.store.sessions.health()?.lastFailure ?? ''),
    );
    expect(a.state).not.toBe('up');
  });

  it('drops an entry from every server on request', async () => {
    const [a, b] = [await openUp('a'), await openUp('b')];
    const row = await a.store.sessions.create(exampleSession('work'), ROOMY);
    await eventually('Redis has it', async () => (await inRedis(row.id)) !== undefined);
    await b.store.sessions.get(row.id);
    await b.store.sessions.get(row.id);
    expect(b.store.sessions.inspectL1(row.id)).toMatchObject({ version: row.rev });
    expect(await a.store.sessions.invalidate(row.id)).toMatchObject({ redis: true });
    await eventually(
      'the other server has dropped it',
      async () => b.store.sessions.inspectL1(row.id) === undefined,
    );
    expect(await b.store.sessions.get(row.id)).toEqual(row);
  });

  it('makes good what a writer that was killed left undone', async () => {
    const [a, b] = [await openUp('a'), await openUp('b')];
    const row = await a.store.sessions.create(exampleSession('work'), ROOMY);
    await eventually('Redis has it', async () => (await inRedis(row.id)) !== undefined);
    // Written past the hybrid store: committed, and nothing of what follows a commit.
    const left = await a.store.database.update(row.id, {}, { name: 'left' });
    await eventually(
      'the other server has it',
      async () => (await b.store.sessions.get(row.id))?.rev === left.rev,
    );
    await eventually('Redis has it', async () => (await inRedis(row.id))?.version === left.rev);
    await eventually('the outbox is empty', async () => (await b.store.database.outboxDepth()).entries === 0);
  });

  it('gives a server that comes back a new incarnation', async () => {
    const first = await openUp('a');
    const second = await openUp('a');
    expect(second.store.lease.incarnation).toBeGreaterThan(first.store.lease.incarnation);
  });

  it('is closed in time whatever is away', async () => {
    const a = await openUp('a');
    redis.signal('SIGSTOP');
    const startedAtMs = awakeMs();
    await a.close();
    expect(awakeMs() - startedAtMs).toBeLessThan(CALL_MS);
    redis.signal('SIGCONT');
  });
});

describe('the hybrid store on SQLite', () => {
  let file: SqliteFile;
  let stores: TestStore[];
  beforeEach(() => {
    file = new SqliteFile();
    stores = [];
  });
  afterEach(async () => {
    await Promise.all(stores.map(store => store.close()));
    file.dispose();
  });
  const open = async (id: string, redis?: { port: number }) => {
    const opened = await TestStore.open(id, file.target, redis);
    stores.push(opened);
    return opened;
  };

  it('reads the database directly, without Redis and with it', async () => {
    const redis = await startRedis();
    try {
      const [a, b] = [await open('a'), await open('b', { port: redis.port })];
      await b.until('up');
      const row = await a.store.sessions.create(exampleSession('work'), ROOMY);
      expect(await b.store.sessions.read(row.id)).toEqual({ row, source: 'database', stale: false });
      expect(b.store.sessions.stats().reads).toMatchObject({ reads: 1, bypassed: 1 });
      const renamed = await b.store.sessions.update(row.id, {}, { name: 'play' });
      expect(await a.store.sessions.get(row.id)).toEqual(renamed);
      await eventually('Redis has what was written', async () =>
        (await redis.cli('GET', `triterm:session:${row.id}`)).includes(`"version":${renamed.rev}`),
      );
      await Promise.all(stores.splice(0).map(store => store.close()));
    } finally {
      await redis.dispose();
    }
  });

  it('leaves its outbox to servers with a Redis, bounded by the number of sessions', async () => {
    const a = await open('a');
    const row = await a.store.sessions.create(exampleSession('work'), ROOMY);
    for (let i = 0; i < 10; i++) await a.store.sessions.update(row.id, {}, { doc: { title: `t${i}` } });
    expect(await a.store.database.outboxDepth()).toMatchObject({ entries: 1 });
  });
});
