import assert from 'node:assert/strict';
import { StoreClient } from '../store-client.ts';
import { change, make, until, within } from './bench.ts';
import { deaf, firstReadWhenUp, hearing, ID, modeOf, NEVER_MS, type Scenarios } from './steps.ts';

/** A blocked process is not live any more after it. */
const BLOCKED_MS = 1300;

/** What may be believed by who has heard, or may have missed something. */
export const HEARING_SCENARIOS = {
  floorsHold: {
    title: 'a server that has heard of a write believes no older entry',
    invariant: 'I6',
    play: async bench => {
      const [a, b] = [await bench.node(), await bench.node()];
      await make(a, ID);
      await bench.isSettled();
      await until('it is in Redis', async () => (await bench.cached(ID)) > 0);
      const openA = a.cache.shut('putAll');
      const [openLookA, openLookB] = [a.database.shut('listOutbox'), b.database.shut('listOutbox')];
      const heard = b.store.stats().invalidationsReceived;
      const { rev } = await change(a, ID, 'newer');
      await until('the other server hears of it', () => b.store.stats().invalidationsReceived > heard);
      const { row } = await b.store.read(ID);
      openA();
      openLookA();
      openLookB();
      assert.equal(row?.rev, rev);
    },
  },

  memoryCleared: {
    title: 'what a server has in memory is forgotten when messages may have been lost',
    invariant: 'I6',
    play: async bench => {
      const [a, b] = [await bench.node(), await bench.node()];
      await make(a, ID);
      await bench.isSettled();
      await b.store.read(ID);
      await deaf(b);
      const { rev } = await change(a, ID, 'newer');
      await bench.isSettled();
      await hearing(bench, b);
      assert.equal((await b.store.read(ID)).row?.rev, rev);
    },
  },

  livenessAtTheRead: {
    title: 'a process that did not run believes nothing before it has heard again',
    invariant: 'I6',
    play: async bench => {
      const b = await bench.node();
      const { port } = bench.redis;
      const writer = new StoreClient(
        {
          server: 7,
          life: 0,
          database: { kind: 'postgres', url: bench.databaseUrl },
          redis: { topology: 'single', host: '127.0.0.1', port },
          leaseMs: 10_000,
          l1TtlMs: 30_000,
          warmEntries: 0,
        },
        { operation: () => {}, stall: () => {}, mode: () => {}, died: () => {} },
      );
      bench.onClose(() => writer.kill());
      await writer.ready();
      const { rev } = await make(b, ID);
      await bench.isSettled();
      assert.equal((await b.store.read(ID)).source, 'l1');
      // The connections of this store go through this process, those of the writer do not.
      const done = writer.send(1, { do: 'update', id: ID });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BLOCKED_MS);
      const reading = b.store.read(ID);
      const { row } = await reading;
      assert.equal((await done).outcome, 'ok');
      assert.ok(
        (row?.rev ?? 0) > rev,
        `rev ${row?.rev} was believed after ${BLOCKED_MS} ms in which nothing could be heard`,
      );
    },
  },

  rewoundRedis: {
    title: 'a Redis that comes back with an older state is believed in nothing',
    invariant: 'I6',
    play: async bench => {
      const a = await bench.node();
      await make(a, ID);
      await bench.isSettled();
      await until('it is in Redis', async () => (await bench.cached(ID)) > 0);
      await bench.redis.cli('save');
      const { rev } = await change(a, ID, 'newer');
      await bench.isSettled();
      const down = modeOf(a, 'down');
      await bench.redis.kill();
      await down;
      await bench.redis.restart();
      await bench.isUp(a);
      const c = await bench.node();
      const { row } = await c.store.read(ID);
      assert.equal(row?.rev, rev);
    },
  },

  channelsBeforeDrain: {
    title: 'the outbox is carried out after the channels were proven, so that no write falls between',
    invariant: 'I6',
    play: async bench => {
      const c = await bench.node();
      const a = await bench.node({ redisDown: true });
      const { rev: before } = await make(c, ID);
      await bench.isSettled();
      await until('it is in Redis', async () => (await bench.cached(ID)) === before);
      c.database.shut('listOutbox');
      const b = await bench.node({ isIdle: true });
      await b.listenProxy.refuse();
      const look = b.database.hold('listOutbox', 'after');
      const first = firstReadWhenUp(b);
      b.store.start();
      // Nobody may look now: what is written from here on would be missed.
      await within(3 * NEVER_MS, look.reached);
      const { rev } = await change(a, ID, 'newer');
      await b.listenProxy.heal();
      look.letGo();
      await bench.isUp(b);
      assert.equal(await first, rev);
    },
  },

  drainBeforeUp: {
    title: 'Redis is not believed before the outbox was carried out',
    invariant: 'I6',
    play: async bench => {
      const b = await bench.node();
      const a = await bench.node({ redisDown: true });
      const { rev: before } = await make(b, ID);
      await bench.isSettled();
      await until('it is in Redis', async () => (await bench.cached(ID)) === before);
      await deaf(b);
      const { rev } = await change(a, ID, 'newer');
      const open = b.database.shut('listOutbox');
      const first = firstReadWhenUp(b);
      await b.redisProxy.heal();
      await b.listenProxy.heal();
      await within(
        2 * NEVER_MS,
        until('up', () => b.store.isUp).catch(() => {}),
      );
      open();
      await bench.isUp(b);
      assert.equal(await first, rev);
    },
  },
} satisfies Scenarios;
