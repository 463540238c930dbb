import assert from 'node:assert/strict';
import { change, make, until, within } from './bench.ts';
import { deaf, hearing, ID, NEVER_MS, type Scenarios } from './steps.ts';

/** Answers that come late. */
export const LATE_SCENARIOS = {
  flightsAndFloors: {
    title: 'a read does not join one that began before a write was heard of',
    invariant: 'I6',
    play: async bench => {
      const [a, b] = [await bench.node(), await bench.node()];
      await make(a, ID);
      await bench.isSettled();
      await bench.evict(ID);
      const slow = b.database.hold('read', 'after');
      const earlier = b.store.read(ID);
      await slow.reached;
      const heard = b.store.stats().invalidationsReceived;
      const { rev } = await change(a, ID, 'newer');
      await until('the other server hears of it', () => b.store.stats().invalidationsReceived > heard);
      const later = b.store.read(ID);
      await within(NEVER_MS, later);
      slow.letGo();
      await earlier;
      assert.equal((await later).row?.rev, rev);
    },
  },

  flightsAndMemory: {
    title: 'a read does not join one that began before messages were lost',
    invariant: 'I6',
    play: async bench => {
      const [a, b] = [await bench.node(), await bench.node()];
      await make(a, ID);
      await bench.isSettled();
      await bench.evict(ID);
      const slow = b.database.hold('read', 'after');
      const earlier = b.store.read(ID);
      await slow.reached;
      await deaf(b);
      const { rev } = await change(a, ID, 'newer');
      await bench.isSettled();
      await hearing(bench, b);
      const later = b.store.read(ID);
      await within(NEVER_MS, later);
      slow.letGo();
      await earlier;
      assert.equal((await later).row?.rev, rev);
    },
  },

  lateReadKept: {
    title: 'a read that began before memory was emptied is not kept in it',
    invariant: 'I6',
    play: async bench => {
      const [a, b] = [await bench.node(), await bench.node()];
      await make(a, ID);
      await bench.isSettled();
      await bench.evict(ID);
      const slow = b.database.hold('read', 'after');
      const reading = b.store.read(ID);
      await slow.reached;
      await deaf(b);
      const { rev } = await change(a, ID, 'newer');
      await bench.isSettled();
      await hearing(bench, b);
      slow.letGo();
      await reading;
      assert.equal((await b.store.read(ID)).row?.rev, rev);
    },
  },

  lateOwnWrite: {
    title: 'an own write whose answer comes late is not kept over a newer one that was heard of',
    invariant: 'I6',
    play: async bench => {
      const [a, b] = [await bench.node(), await bench.node()];
      await make(a, ID);
      await bench.isSettled();
      const slow = b.database.hold('update', 'after');
      const heard = b.store.stats().invalidationsReceived;
      const own = change(b, ID, 'older');
      await slow.reached;
      const { rev } = await change(a, ID, 'newer');
      await until('the other server hears of it', () => b.store.stats().invalidationsReceived > heard);
      slow.letGo();
      await own;
      assert.equal((await b.store.read(ID)).row?.rev, rev);
    },
  },

  lateOwnWriteAfterGap: {
    title: 'an own write whose answer comes after messages were lost is not kept',
    invariant: 'I6',
    play: async bench => {
      const [a, b] = [await bench.node(), await bench.node()];
      await make(a, ID);
      await bench.isSettled();
      const slow = b.database.hold('update', 'after');
      const own = change(b, ID, 'older');
      await slow.reached;
      await deaf(b);
      const { rev } = await change(a, ID, 'newer');
      await bench.isSettled();
      await hearing(bench, b);
      slow.letGo();
      await own;
      assert.equal((await b.store.read(ID)).row?.rev, rev);
    },
  },
} satisfies Scenarios;
