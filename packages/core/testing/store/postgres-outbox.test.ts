import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../../src/sandbox/postgres-server.ts';
import { PostgresHarness } from './postgres-harness.ts';
import { exampleSession } from './session-examples.ts';

const ROOMY = { limit: 1000 };

describe('the outbox in PostgreSQL', () => {
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

  it('keeps what was put into a cache that is no longer the noted one, also while another one is being noted', async () => {
    const { database, locks } = await harness.openAll();
    const { id, rev } = await database.create(exampleSession('work'), ROOMY);
    const entry = { id, rev };
    await database.adoptCache('run-1');
    expect(await database.clearOutbox([entry], 'run-0')).toBe(false);
    expect((await database.outboxDepth()).entries).toBe(1);

    let clearing: Promise<boolean> | undefined;
    await locks.tryWithAdvisoryLock('adopting', { waitMs: 0 }, async store => {
      await store.adoptCache('run-2');
      clearing = database.clearOutbox([entry], 'run-1');
      const waits =
        "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
      await expect.poll(() => server.query(waits, harness.url), { interval: 5 }).toHaveLength(1);
    });
    expect(await clearing).toBe(false);
    expect((await database.outboxDepth()).entries).toBe(1);
    expect(await database.clearOutbox([entry], 'run-2')).toBe(true);
    expect((await database.outboxDepth()).entries).toBe(0);
    expect(await database.clearOutbox([], 'run-2')).toBe(true);
  });

  it('is cleared, written and dropped by many at once without waiting for each other in a circle', async () => {
    const [one, two, three] = [await harness.open(), await harness.open(), await harness.open()];
    const rows = await Promise.all(
      Array.from({ length: 30 }, (_, i) => one.create(exampleSession(`s${i}`), ROOMY)),
    );
    const update = (index: number) =>
      (index % 2 === 0 ? one : two).update(
        rows[index % rows.length]?.id ?? '',
        {},
        { doc: { cols: index + 1 } },
      );
    const clear = async (reversed: boolean) => {
      const listed = await three.listOutbox(0, 100);
      await three.clearOutbox(reversed ? listed.toReversed() : listed, '');
    };
    for (let round = 0; round < 10; round += 1)
      await Promise.all([
        ...Array.from({ length: 30 }, (_, i) => update(round * 7 + i)),
        clear(false),
        clear(true),
        two.dropOutbox(5),
      ]);
    await clear(false);
    expect((await one.outboxDepth()).entries).toBe(0);
  });
});
