import { chownSync, statSync } from 'node:fs';
import type { Database } from '@triterm/core/store';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../../src/sandbox/postgres-server.ts';
import { awakeMs } from '../awake-time.ts';
import { canMount, ScratchDisk } from '../scratch-disk.ts';
import { PostgresHarness } from './postgres-harness.ts';
import { exampleDoc, exampleSession } from './session-examples.ts';

const ROOMY = { limit: 1_000_000 };
/** The client's deadline, and what a busy machine adds. */
const DEADLINE_MS = 2500;
const MARGIN_MS = 700;

let server: PostgresServer;
let harness: PostgresHarness;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.dispose());
beforeEach(async () => {
  harness = await PostgresHarness.on(server);
});
afterEach(() => harness.dispose());

const settled = (promises: readonly Promise<unknown>[]) =>
  Promise.all(
    promises.map(promise =>
      promise.then(
        () => 'done',
        (error: { code?: string }) => error.code,
      ),
    ),
  );

describe('PostgreSQL in trouble', () => {
  let database: Database;
  beforeEach(async () => {
    database = await harness.open();
  });

  it('that is stopped fails every call at the deadline, and goes on when it runs again', async () => {
    const row = await database.create(exampleSession('work'), ROOMY);
    await server.signal('SIGSTOP');
    const began = awakeMs();
    let outcomes: (string | undefined)[];
    try {
      outcomes = await settled([
        database.get(row.id),
        database.update(row.id, {}, { name: 'play' }),
        database.create(exampleSession('more'), ROOMY),
        ...Array.from({ length: 30 }, () => database.read(row.id)),
      ]);
      expect(awakeMs() - began).toBeLessThan(DEADLINE_MS + MARGIN_MS);
    } finally {
      await server.signal('SIGCONT');
    }
    expect(outcomes[0]).toBe('STORE_UNAVAILABLE');
    expect(outcomes[1]).toMatch(/OUTCOME_UNKNOWN|STORE_UNAVAILABLE/);
    expect(outcomes.slice(2)).toEqual(outcomes.slice(2).map(() => 'STORE_UNAVAILABLE'));
    await expect
      .poll(() => database.get(row.id).catch(() => undefined), { timeout: 5000 })
      .toMatchObject({ id: row.id });
    expect(await database.update(row.id, {}, { name: 'after' })).toMatchObject({ name: 'after' });
  });

  it('takes no more calls than it may owe, and closes while it hangs', async () => {
    await server.signal('SIGSTOP');
    try {
      const began = awakeMs();
      const outcomes = await Promise.allSettled(Array.from({ length: 1200 }, () => database.read('x')));
      const messages = outcomes.map(outcome =>
        outcome.status === 'rejected' ? outcome.reason.message : 'done',
      );
      expect(messages.filter(message => /^1024 requests wait/.test(message)).length).toBeGreaterThan(100);
      expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
      await database.close();
      expect(awakeMs() - began).toBeLessThan(DEADLINE_MS + 5000 + MARGIN_MS);
    } finally {
      await server.signal('SIGCONT');
    }
  });

  it('that was ended and is back is used again by itself', async () => {
    const row = await database.create(exampleSession('work'), ROOMY);
    await Promise.all(Array.from({ length: 10 }, () => database.read(row.id)));
    await server.stop();
    expect(await settled([database.get(row.id), database.update(row.id, {}, { name: 'x' })])).toEqual([
      'STORE_UNAVAILABLE',
      'STORE_UNAVAILABLE',
    ]);
    await server.start();
    expect(await database.get(row.id)).toEqual(row);
    expect(await database.update(row.id, {}, { name: 'play' })).toMatchObject({ name: 'play' });
  });

  it('reads over a connection that was broken meanwhile', async () => {
    const row = await database.create(exampleSession('work'), ROOMY);
    await Promise.all(Array.from({ length: 10 }, () => database.read(row.id)));
    for (let round = 0; round < 5; round += 1) {
      const reads = Promise.all(Array.from({ length: 5 }, () => database.read(row.id)));
      const [read] = await Promise.all([reads, server.query(TERMINATE)]);
      expect(read).toEqual(Array(5).fill(row));
    }
  });

  it('says of a write whose connection was cut that it is not known, of one that waits too long that it was not done', async () => {
    const row = await database.create(exampleSession('work'), ROOMY);
    const holder = await harness.openAll();
    const held = Promise.withResolvers<void>();
    const letGo = Promise.withResolvers<void>();
    const holding = holder.locks.tryWithAdvisoryLock('holder', { waitMs: 0 }, async store => {
      await store.update(row.id, {}, { doc: { title: 'held' } });
      held.resolve();
      await letGo.promise;
    });
    await held.promise;
    await expect(database.update(row.id, {}, { name: 'late' })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      details: { sqlstate: '55P03' },
    });
    const cut = settled([database.update(row.id, {}, { name: 'cut' })]);
    await expect
      .poll(
        () =>
          server.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
          ),
        {
          interval: 10,
        },
      )
      .toHaveLength(1);
    expect(await cut).toEqual(['OUTCOME_UNKNOWN']);
    letGo.resolve();
    await holding;
    expect(await database.get(row.id)).toMatchObject({ name: 'work', doc: { title: 'held' } });
  });

  it('never says that a write failed that was done, nor the other way round, while connections are cut', async () => {
    const told = new Map<string, string>();
    let writing = true;
    const cutting = (async () => {
      while (writing) await server.query(TERMINATE);
    })();
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let round = 0; round < 40; round += 1) {
          const session = exampleSession(`s${writer}-${round}`, { userId: `user-${writer}` });
          const [outcome = ''] = await settled([database.create(session, ROOMY)]);
          told.set(session.id, outcome);
        }
      }),
    ).finally(() => {
      writing = false;
    });
    await cutting;
    const there = new Set((await server.query('SELECT id FROM session', harness.url)).map(({ id }) => id));
    const outcomes = new Set(told.values());
    expect([...outcomes].filter(outcome => !OUTCOMES.has(outcome))).toEqual([]);
    for (const [id, outcome] of told) {
      if (outcome === 'done') expect(there).toContain(id);
      if (outcome === 'STORE_UNAVAILABLE') expect(there).not.toContain(id);
    }
    expect(outcomes.size).toBeGreaterThan(1);
  });

  it('that takes no writes any more is told so, and used again when it does', async () => {
    const row = await database.create(exampleSession('work'), ROOMY);
    const set = async (command: string) => {
      await server.query(`ALTER SYSTEM ${command}`);
      await server.query('SELECT pg_reload_conf()');
    };
    const update = () => settled([database.update(row.id, {}, { doc: { cols: 1 } })]);
    await set('SET default_transaction_read_only = on');
    try {
      await expect.poll(update, { timeout: 5000 }).toEqual(['STORE_NOT_PRIMARY']);
      expect(await settled([database.get(row.id)])).toEqual(['STORE_NOT_PRIMARY']);
    } finally {
      await set('RESET default_transaction_read_only');
    }
    await expect.poll(update, { timeout: 5000 }).toEqual(['done']);
    expect(await settled([database.get(row.id)])).toEqual(['done']);
  });

  it('whose disk is full is told so, and nothing is changed', async () => {
    const row = await database.create(exampleSession('work'), ROOMY);
    await server.query(
      `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;
      CREATE TRIGGER full_disk BEFORE UPDATE ON session FOR EACH ROW EXECUTE FUNCTION full_disk()`,
      harness.url,
    );
    await expect(database.update(row.id, {}, { name: 'play' })).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(await database.get(row.id)).toEqual(row);
    await server.query('DROP TRIGGER full_disk ON session', harness.url);
    expect(await database.update(row.id, {}, { name: 'play' })).toMatchObject({ name: 'play' });
  });

  it.skipIf(!canMount())(
    'on a disk that really is full says so, and goes on when there is room',
    async () => {
      const disk = new ScratchDisk(4096);
      const own = await startPostgres();
      const ours = await PostgresHarness.on(own);
      try {
        const { uid, gid } = statSync(own.data);
        chownSync(disk.dir, uid, gid);
        const { database } = await ours.openAll();
        await own.query(`CREATE TABLESPACE small LOCATION '${disk.dir}'`);
        await own.query('ALTER TABLE session SET TABLESPACE small', ours.url);
        const row = await database.create(exampleSession('work'), ROOMY);
        disk.fill();
        const large = Array.from({ length: 4000 }, (_, i) => `${i * 7919}-${Math.random()}`).join(' ');
        const doc = exampleDoc({ title: large });
        const writes = Array.from({ length: 30 }, (_, i) =>
          database.create(exampleSession(`s${i}`, { doc }), ROOMY),
        );
        expect(await settled(writes)).toContain('DISK_FULL');
        expect(await database.get(row.id)).toEqual(row);
        disk.drain();
        expect(await database.update(row.id, {}, { doc })).toMatchObject({ doc });
      } finally {
        await ours.dispose();
        await own.dispose();
        disk.dispose();
      }
    },
  );
});

/** Cuts every connection of ours. */
const TERMINATE =
  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'triterm %'";
const OUTCOMES: ReadonlySet<string> = new Set(['done', 'OUTCOME_UNKNOWN', 'STORE_UNAVAILABLE']);
