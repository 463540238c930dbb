import { join } from 'node:path';
import type { DatabaseTarget, EventChannel } from '@triterm/core/store';
import { type OpenedDatabase, openSqliteDatabase } from '@triterm/core/store/sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../../src/sandbox/postgres-server.ts';
import { type RedisServer, startRedis } from '../../src/sandbox/redis-server.ts';
import { MAX_MESSAGE_BYTES } from '../../src/store/event-channel.ts';
import { FallbackChannel, MESSAGE_ID_BYTES } from '../../src/store/fallback-channel.ts';
import { RedisEventChannel } from '../../src/store/redis/redis-channel.ts';
import { eventChannelContract } from './event-channel-contract.ts';
import { Inbox } from './event-inbox.ts';
import { SqliteFile, TestStore } from './hybrid-harness.ts';
import { PostgresHarness } from './postgres-harness.ts';
import { connectedLink } from './redis-witness.ts';
import { exampleServer } from './server-examples.ts';
import { exampleSession, USER } from './session-examples.ts';
import { sqliteOptions } from './sqlite-harness.ts';

const ROOMY = { limit: 1000 };
const LISTENERS = "SELECT pid FROM pg_stat_activity WHERE query ILIKE 'LISTEN triterm_daemon_events'";

eventChannelContract('Redis with the database behind it', async () => {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  const harness = await PostgresHarness.on(postgres);
  const { openChannel } = await harness.openAll();
  const { host, port } = redis;
  const { link } = await connectedLink({ topology: 'single', host, port, commandTimeoutMs: 2000 });
  const maxBytes = MAX_MESSAGE_BYTES + MESSAGE_ID_BYTES;
  return {
    open: () =>
      new FallbackChannel({
        redis: new RedisEventChannel(link, { name: 'triterm:events:test', maxBytes }),
        database: openChannel(undefined, { name: 'triterm_test_events', maxBytes }),
        isUp: () => true,
      }),
    interrupt: async () => {
      await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    },
    dispose: async () => {
      await link.close();
      await harness.dispose();
      await Promise.all([postgres.dispose(), redis.dispose()]);
    },
  };
});

describe('what daemons tell each other', () => {
  let postgres: PostgresServer;
  let redis: RedisServer;
  let database: DatabaseTarget;
  const stores: TestStore[] = [];
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.dispose());
  beforeEach(async () => {
    redis = await startRedis();
    database = { kind: 'postgres', url: await postgres.createDatabase() };
  });
  afterEach(async () => {
    await Promise.all(stores.splice(0).map(store => store.close()));
    await redis.dispose();
  });

  const open = async (id: string, port: number | undefined): Promise<TestStore> => {
    const opened = await TestStore.open(id, database, port === undefined ? undefined : { port });
    stores.push(opened);
    if (port !== undefined) await opened.until('up');
    return opened;
  };
  const eventsOf = ({ store }: TestStore): EventChannel => {
    if (store.events === undefined) throw new Error('the store has no events');
    return store.events;
  };
  const listening = async (store: TestStore): Promise<Inbox> => {
    const inbox = new Inbox();
    await eventsOf(store).subscribe(inbox);
    return inbox;
  };

  it('goes by Redis, by the database while that is gone, and by Redis again', async () => {
    const [a, b] = [await open('a', redis.port), await open('b', redis.port)];
    const inbox = await listening(b);
    const heard = (text: string) => inbox.until(({ messages }) => messages.includes(text));
    await eventsOf(a).publish('one');
    await heard('one');
    redis.signal('SIGSTOP');
    try {
      await eventsOf(a).publish('two');
      await heard('two');
      await a.until('down');
      await eventsOf(a).publish('three');
      await heard('three');
    } finally {
      redis.signal('SIGCONT');
    }
    await a.until('up');
    await eventsOf(a).publish('four');
    await heard('four');
    expect(inbox.messages).toEqual(['one', 'two', 'three', 'four']);
  });

  it('goes by the database alone where no Redis is configured', async () => {
    const [a, b] = [await open('a', undefined), await open('b', undefined)];
    const inbox = await listening(b);
    await eventsOf(a).publish('hello');
    await inbox.until(({ messages }) => messages.includes('hello'));
  });

  it('costs no connection before somebody listens, and never disturbs the caches’ own channel', async () => {
    const [a, b] = [await open('a', redis.port), await open('b', redis.port)];
    const channels = () => redis.cli('PUBSUB', 'CHANNELS', 'triterm:events*');
    expect(await channels()).not.toContain('daemon');
    expect(await postgres.query(LISTENERS)).toEqual([]);
    const inbox = await listening(b);
    expect(await channels()).toContain('triterm:events:daemon');
    await eventsOf(a).publish('{"c":[["000000000000",9]]}');
    await inbox.until(({ messages }) => messages.length > 0);
    const row = await a.store.sessions.create(exampleSession('work'), ROOMY);
    expect(await b.store.sessions.get(row.id)).toEqual(row);
    expect(inbox.messages).toHaveLength(1);
    expect(b.store.sessions.floor('000000000000')).toBe(0);
  });

  it('keeps caches right when a write is refused to a server that has lost its lease', async () => {
    const [a, b] = [await open('a', redis.port), await open('b', redis.port)];
    const { incarnation } = a.store.lease;
    const session = exampleSession('work', { ownerServer: 'a' });
    const row = await a.store.sessions.create(session, { ...ROOMY, incarnation });
    const later = await a.store.database.registerServer(
      { ...exampleServer('a'), hostId: 'host', stateDir: '/state/a' },
      60_000,
    );
    const guard = { ownerEpoch: row.ownerEpoch, incarnation };
    const { sessions } = a.store;
    for (const refused of [
      () => sessions.update(row.id, guard, { name: 'late' }),
      () => sessions.claim(row.id, guard, 'a', {}),
      () => sessions.delete(row.id, guard),
      () => sessions.create(exampleSession('new', { ownerServer: 'a' }), { ...ROOMY, incarnation }),
    ])
      await expect(refused()).rejects.toMatchObject({ code: 'LEASE_LOST' });
    for (const { store } of [a, b]) {
      expect(await store.sessions.get(row.id)).toEqual(row);
      expect((await store.sessions.list()).map(({ id }) => id)).toEqual([row.id]);
    }
    expect(a.store.sessions.floor(row.id)).toBeLessThanOrEqual(row.rev);
    await a.store.database.releaseServer('a', later.incarnation);
    const claimed = await b.store.sessions.claim(row.id, { incarnation: b.store.lease.incarnation }, 'b', {});
    const late = a.store.sessions.update(row.id, guard, { name: 'late' });
    await expect(late).rejects.toMatchObject({ code: 'STALE_REVISION' });
    expect(await a.store.sessions.get(row.id)).toEqual(claimed);
  });
});

describe('daemons that share a SQLite file', () => {
  it('have no channel, and who watches the file hears of their writes', async () => {
    const file = new SqliteFile();
    const stores: TestStore[] = [];
    let watching: OpenedDatabase | undefined;
    try {
      for (const id of ['a', 'b']) stores.push(await TestStore.open(id, file.target, undefined));
      const [a, b] = stores.map(({ store }) => store);
      expect(b?.events).toBeUndefined();
      watching = await openSqliteDatabase(sqliteOptions(join(file.dir, 'triterm.db')));
      const heard = Promise.withResolvers<void>();
      const end = watching.watchWrites(() => void seen().then(isSeen => isSeen && heard.resolve()));
      const seen = async () => (await b?.sessions.getByName(USER, 'work')) !== undefined;
      await a?.sessions.create(exampleSession('work'), ROOMY);
      await heard.promise;
      end();
    } finally {
      await Promise.all([watching?.database.close(), ...stores.map(store => store.close())]);
      file.dispose();
    }
  });
});
