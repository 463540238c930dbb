import assert from 'node:assert/strict';
import { RedisLockManager } from '../../../src/store/redis/redis-lock-manager.ts';
import { isTombstone } from '../../../src/store/session-store.ts';
import { change, make, until, within } from './bench.ts';
import { ID, type Scenarios } from './steps.ts';

/** What stands in Redis, and locks. */
export const CACHE_SCENARIOS = {
  fillToken: {
    title: 'a reader that slept over a write and its eviction fills nothing',
    invariant: 'I4',
    play: async bench => {
      const [a, b] = [await bench.node(), await bench.node()];
      await make(a, ID);
      await bench.isSettled();
      await bench.evict(ID);
      const slow = b.database.hold('read', 'after');
      const fill = b.cache.hold('fill', 'after');
      const reading = b.store.read(ID);
      await slow.reached;
      const { rev } = await change(a, ID, 'newer');
      await until('the write is in Redis', async () => (await bench.cached(ID)) === rev);
      await bench.evict(ID);
      slow.letGo();
      await reading;
      await within(1000, fill.reached);
      fill.letGo();
      const found = await bench.cached(ID);
      assert.ok(found === 0 || found >= rev, `rev ${found} was put back after rev ${rev}`);
    },
  },

  putOnAbsent: {
    title: 'a writer that slept over a newer write and its eviction stores nothing',
    invariant: 'I4',
    play: async bench => {
      const [a, b] = [await bench.node(), await bench.node()];
      await make(a, ID);
      await bench.isSettled();
      const put = a.cache.hold('putAll', 'before');
      const openA = a.database.shut('listOutbox');
      const openB = b.database.shut('listOutbox');
      await change(a, ID, 'older');
      await put.reached;
      const { rev } = await change(b, ID, 'newer');
      await until('the write is in Redis', async () => (await bench.cached(ID)) === rev);
      await bench.evict(ID);
      const fill = a.cache.hold('fill', 'before');
      put.letGo();
      await put.over;
      const found = await bench.cached(ID);
      fill.letGo();
      openA();
      openB();
      assert.ok(found === 0 || found >= rev, `rev ${found} was put back after rev ${rev}`);
    },
  },

  atomicPut: {
    title: 'two puts at once leave the newer one',
    invariant: 'I3',
    play: async bench => {
      const [a, b] = [await bench.node(), await bench.node()];
      await make(a, ID);
      await bench.isSettled();
      await until('it is in Redis', async () => (await bench.cached(ID)) > 0);
      const [openA, openB] = [a.database.shut('listOutbox'), b.database.shut('listOutbox')];
      const slow = b.cache.hold('putAll', 'before');
      const older = a.cache.hold('putAll', 'after');
      older.letGo();
      a.redisProxy.set({ kind: 'delay', ms: 350, direction: 'toServer' });
      await bench.redis.cli('config', 'resetstat');
      await change(a, ID, 'older');
      const { rev } = await change(b, ID, 'newer');
      await slow.reached;
      await until('the older one has come to Redis', async () => {
        const stats = await bench.redis.cli('info', 'commandstats');
        return /cmdstat_(evalsha|get):calls=[1-9]/.test(stats);
      });
      slow.letGo();
      await slow.over;
      await older.over;
      const found = await bench.cached(ID);
      openA();
      openB();
      assert.ok(found >= rev, `rev ${found} stands in Redis, and rev ${rev} was there`);
    },
  },

  tombstoneAnswers: {
    title: 'a deleted session is told from one that is not cached',
    invariant: 'I7',
    play: async bench => {
      const [a, b] = [await bench.node(), await bench.node()];
      await make(a, ID);
      await bench.isSettled();
      const gone = await a.store.delete(ID, {});
      assert.ok(gone !== undefined && isTombstone(gone));
      await bench.isSettled();
      await until('the tombstone is in Redis', async () => (await bench.cached(ID)) === gone.rev);
      const before = b.store.stats().reads;
      const { row, source } = await b.store.read(ID);
      const after = b.store.stats().reads;
      assert.equal(row, undefined);
      assert.equal(source, 'redis', 'the database was asked for what Redis knows to be deleted');
      assert.equal(after.tombstones, before.tombstones + 1);
    },
  },

  strangersLock: {
    title: 'a holder that lost its lock does not free the next one’s',
    invariant: 'I10',
    play: async bench => {
      const [a, b] = [await bench.node(), await bench.node()];
      const [first, second] = [a, b].map(
        ({ link }, index) => new RedisLockManager({ link, serverId: `node-${index}`, ttlMs: 10_000 }),
      );
      assert.ok(first !== undefined && second !== undefined);
      bench.onClose(() => Promise.all([first.close(), second.close()]));
      const name = `session:${ID}`;
      const mine = await first.acquire(name, { waitMs: 1000 });
      await bench.redis.cli('del', `triterm:lock:${name}`);
      const theirs = await second.acquire(name, { waitMs: 1000 });
      await mine.release();
      const shown = await second.show(name);
      assert.ok(
        shown !== undefined && theirs.token.startsWith(shown.tokenPrefix),
        'the lock of another holder was freed',
      );
      await theirs.release();
    },
  },
} satisfies Scenarios;
