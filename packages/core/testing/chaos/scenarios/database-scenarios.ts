import assert from 'node:assert/strict';
import { checkRevisionOrder } from '../check-writes.ts';
import { PostgresJournal } from '../journal.ts';
import { USER } from '../orders.ts';
import { change, make, type Node, until } from './bench.ts';
import { ID, type Scenarios, silence } from './steps.ts';

/** What the database orders, leaves word of, and has shown. */
export const DATABASE_SCENARIOS = {
  revisionsRise: {
    title: 'writes of one session at the same moment get revisions in their commit order',
    invariant: 'I2',
    play: async bench => {
      const [a, b] = [await bench.node(), await bench.node()];
      await make(a, ID);
      const journal = new PostgresJournal(bench.databaseUrl);
      bench.onClose(() => journal.close());
      await journal.begin();
      const writer = async (node: Node) => {
        for (let count = 0; count < 60; count += 1) await change(node, ID, `update-${count}`);
      };
      await Promise.all([a, b, a, b, a, b, a, b].map(writer));
      const commits = await journal.after(0);
      assert.equal(commits.length, 480);
      const [first] = checkRevisionOrder({ operations: [], commits });
      assert.equal(first, undefined, first?.message);
    },
  },

  outboxMakesGood: {
    title: 'what a writer left undone between its commit and the cache is made good by others',
    invariant: 'I6',
    play: async bench => {
      const [a, b] = [await bench.node(), await bench.node()];
      await make(a, ID);
      await bench.isSettled();
      await b.store.read(ID);
      // The writer stops right after its commit: no put, no word to anybody, no look at the outbox.
      a.cache.shut('putAll');
      a.database.shut('listOutbox');
      const silent = silence(a);
      const { rev } = await change(a, ID, 'newer');
      await until(
        'the other server knows the write',
        async () => ((await b.store.read(ID)).row?.rev ?? 0) >= rev,
        1500,
      ).finally(silent);
    },
  },

  shownIsRemembered: {
    title: 'what the database has shown is not followed by something older from memory',
    invariant: 'I5',
    play: async bench => {
      const [a, b] = [await bench.node(), await bench.node()];
      await make(a, ID);
      await bench.isSettled();
      await b.store.read(ID);
      assert.equal((await b.store.read(ID)).source, 'l1');
      const openPut = a.cache.shut('putAll');
      const [openA, openB] = [a.database.shut('listOutbox'), b.database.shut('listOutbox')];
      const silent = silence(a);
      const { rev } = await change(a, ID, 'newer');
      const [listed] = await b.store.list(USER);
      const { row } = await b.store.read(ID);
      silent();
      openPut();
      openA();
      openB();
      assert.equal(listed?.rev, rev);
      assert.equal(row?.rev, rev);
    },
  },
} satisfies Scenarios;
