import { once } from 'node:events';
import type { Database } from '@triterm/core/store';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../../src/sandbox/postgres-server.ts';
import { AdvisoryLockManager } from '../../src/store/postgres/advisory-lock-manager.ts';
import type { OpenedPostgres } from '../../src/store/postgres/index.ts';
import { awakeMs } from '../awake-time.ts';
import { PostgresHarness } from './postgres-harness.ts';
import { exampleSession } from './session-examples.ts';

const ROOMY = { limit: 1000 };
const NAME = 'session:0123456789ab';
const PATIENT = { waitMs: 10_000 };

describe('advisory locks', () => {
  let server: PostgresServer;
  let harness: PostgresHarness;
  let one: OpenedPostgres;
  let two: OpenedPostgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.dispose());
  beforeEach(async () => {
    harness = await PostgresHarness.on(server);
    one = await harness.openAll({ maxConnections: 1 });
    two = await harness.openAll({ maxConnections: 1, serverId: 'server-2' });
  });
  afterEach(() => harness.dispose());

  it('let one at a time read, compute and write', async () => {
    const row = await one.database.create(exampleSession('work'), ROOMY);
    let inside = 0;
    const increment = ({ locks }: OpenedPostgres) =>
      locks.tryWithAdvisoryLock(NAME, PATIENT, async store => {
        inside += 1;
        expect(inside).toBe(1);
        const seen = await store.get(row.id);
        await store.update(row.id, {}, { doc: { cols: (seen?.doc.cols ?? 0) + 1 } });
        inside -= 1;
      });
    await Promise.all(Array.from({ length: 20 }, (_, i) => increment(i % 2 === 0 ? one : two)));
    expect((await one.database.get(row.id))?.doc.cols).toBe(row.doc.cols + 20);
  });

  it('are given up at their deadline or on request, and don’t keep another name waiting', async () => {
    const letGo = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const holding = one.locks.tryWithAdvisoryLock(NAME, PATIENT, async () => {
      held.resolve();
      await letGo.promise;
    });
    await held.promise;
    const began = performance.now();
    const beganAwake = awakeMs();
    const late = two.locks.tryWithAdvisoryLock(NAME, { waitMs: 200 }, async () => {});
    await expect(late).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
    expect(performance.now() - began).toBeGreaterThanOrEqual(200);
    expect(awakeMs() - beganAwake).toBeLessThan(1500);
    const giveUp = new AbortController();
    const aborted = two.locks.tryWithAdvisoryLock(
      NAME,
      { ...PATIENT, signal: giveUp.signal },
      async () => {},
    );
    giveUp.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await two.locks.tryWithAdvisoryLock('other', { waitMs: 0 }, async () => 7)).toBe(7);
    letGo.resolve();
    await holding;
    expect(await two.locks.tryWithAdvisoryLock(NAME, { waitMs: 0 }, async () => 8)).toBe(8);
  });

  it('write all or nothing, and nothing that others see before', async () => {
    const row = await one.database.create(exampleSession('work'), ROOMY);
    const write = async (store: Omit<Database, 'close'>) => {
      await store.update(row.id, {}, { name: 'play' });
      expect(await store.get(row.id)).toMatchObject({ name: 'play' });
      expect(await one.database.get(row.id)).toEqual(row);
    };
    const failing = one.locks.tryWithAdvisoryLock(NAME, PATIENT, async store => {
      await write(store);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await two.database.get(row.id)).toEqual(row);
    await one.locks.tryWithAdvisoryLock(NAME, PATIENT, write);
    expect(await two.database.get(row.id)).toMatchObject({ name: 'play' });
  });

  it('let the work go on after a write that was refused', async () => {
    const row = await one.database.create(exampleSession('work'), ROOMY);
    await one.database.create(exampleSession('taken'), ROOMY);
    await one.locks.tryWithAdvisoryLock(NAME, PATIENT, async store => {
      await expect(store.update(row.id, {}, { name: 'taken' })).rejects.toMatchObject({ code: 'NAME_TAKEN' });
      await expect(store.create(exampleSession('taken'), ROOMY)).rejects.toMatchObject({
        code: 'NAME_TAKEN',
      });
      await Promise.all([
        store.update(row.id, {}, { name: 'free' }),
        store.create(exampleSession('more'), ROOMY),
      ]);
    });
    expect((await one.database.recent(10)).map(found => ('name' in found ? found.name : ''))).toEqual(
      expect.arrayContaining(['free', 'taken', 'more']),
    );
  });

  it('end with their connection: nothing was written, and the next one gets them', async () => {
    const row = await one.database.create(exampleSession('work'), ROOMY);
    const cut = one.locks.tryWithAdvisoryLock(NAME, PATIENT, async store => {
      await store.update(row.id, {}, { name: 'cut' });
      await server.query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'");
      await store.update(row.id, {}, { name: 'after' });
    });
    await expect(cut).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    let late: Omit<Database, 'close'> | undefined;
    const idle = one.locks.tryWithAdvisoryLock(NAME, PATIENT, async (store, lost) => {
      late = store;
      await store.update(row.id, {}, { name: 'idle' });
      await server.query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'");
      await new Promise(() => lost.addEventListener('abort', () => {}));
    });
    await expect(idle).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(late?.update(row.id, {}, { name: 'late' })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect(await two.locks.tryWithAdvisoryLock(NAME, PATIENT, async store => store.get(row.id))).toEqual(row);
  });

  it('are held between calls too: by one server at a time, until they are given back or their connection is cut', async () => {
    const [first, second] = [one, two].map(({ locks }, i) => new AdvisoryLockManager(locks, `server-${i}`));
    if (first === undefined || second === undefined) throw new Error('no managers');
    const held = await first.acquire(NAME, PATIENT);
    expect(held.lost.aborted).toBe(false);
    await expect(second.acquire(NAME, { waitMs: 100 })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
    const waiting = second.acquire(NAME, PATIENT);
    await held.release();
    const taken = await waiting;
    const lost = once(taken.lost, 'abort');
    await server.query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'");
    await lost;
    await (await first.acquire(NAME, PATIENT)).release();
    await taken.release();
    await Promise.all([first.close(), second.close()]);
  });
});
