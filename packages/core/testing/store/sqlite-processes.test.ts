import type { Database } from '@triterm/core/store';
import { openSqliteDatabase } from '@triterm/core/store/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Program } from '../program.ts';
import { exampleSession, USER } from './session-examples.ts';
import { SqliteHarness, sqliteOptions } from './sqlite-harness.ts';

const ROOMY = { limit: 1_000_000 };
/** Far above what a busy machine delays the event loop, far below one busy wait of the database. */
const NOT_BLOCKED_MS = 1000;
/** Two hundred reads by id; far below what they would take if each waited for a try to write. */
const POINT_READS_MS = 1000;

const program = (name: string, ...args: string[]) =>
  new Program(new URL(`./programs/${name}.ts`, import.meta.url), args);

describe('the SQLite store among processes', () => {
  let harness: SqliteHarness;
  let store: Database;
  const programs: Program[] = [];
  const start = (name: string, ...args: string[]): Program => {
    const started = program(name, ...args);
    programs.push(started);
    return started;
  };

  beforeEach(async () => {
    harness = new SqliteHarness();
    store = await harness.open();
  });
  afterEach(async () => {
    await Promise.all(programs.splice(0).map(started => started.dispose()));
    await harness.dispose();
  });

  it('is opened by many at once on a new file', async () => {
    const fresh = new SqliteHarness();
    const writers = ['a', 'b', 'c'].map(prefix => start('writer', fresh.file, prefix, '1'));
    const opened = await Promise.all([fresh.open(), fresh.open(), fresh.open()]);
    await Promise.all(writers.map(writer => writer.exited()));
    expect(writers.map(writer => writer.lines.length)).toEqual([2, 2, 2]);
    for (const each of opened) expect(await each.list(USER)).toHaveLength(3);
    await fresh.dispose();
  });

  it('gives every write of two processes a revision of its own, and loses none', async () => {
    const writers = ['a', 'b'].map(prefix => start('writer', harness.file, prefix, '100'));
    await Promise.all(writers.map(writer => writer.exited()));
    const acknowledged = writers.flatMap(({ lines }) => lines.slice(1));
    expect(acknowledged).toHaveLength(200);
    const rows = await store.list(USER);
    expect(new Set(rows.map(({ rev }) => rev)).size).toBe(200);
    expect(new Set(rows.map(({ id, rev }) => `${id} ${rev}`))).toEqual(new Set(acknowledged));
  });

  it('keeps every acknowledged write of a process that is killed in the middle of writing', async () => {
    const writer = start('writer', harness.file, 'w', '1000000');
    await writer.until(lines => lines.length > 60);
    await writer.dispose();
    const rows = new Map((await store.list(USER)).map(row => [row.id, row]));
    const acknowledged = writer.lines.slice(1, -1);
    for (const line of acknowledged) {
      const [id = '', rev] = line.split(' ');
      expect(rows.get(id)?.rev).toBe(Number(rev));
    }
    expect(rows.size).toBeGreaterThanOrEqual(acknowledged.length);
    await store.create(exampleSession('after'), ROOMY);
  });

  it('refuses writes within the deadline while a stopped process holds the lock, and blocks nobody', async () => {
    const row = await store.create(exampleSession('work'), ROOMY);
    const holder = start('lock-holder', harness.file);
    await holder.until(lines => lines.includes('held'));
    holder.signal('SIGSTOP');

    const began = performance.now();
    let lastTick = began;
    let longestGapMs = 0;
    const ticks = setInterval(() => {
      longestGapMs = Math.max(longestGapMs, performance.now() - lastTick);
      lastTick = performance.now();
    }, 5);
    const write = store.update(row.id, {}, { name: 'play' });
    const settled = write.then(
      () => 'done',
      () => 'refused',
    );
    // Reads by id don't wait at all, others only for the tries to write.
    for (let read = 0; read < 100; read += 1) {
      expect(await store.get(row.id)).toEqual(row);
      expect(await store.read(row.id)).toEqual(row);
    }
    expect(performance.now() - began).toBeLessThan(POINT_READS_MS);
    for (let read = 0; read < 3; read += 1) expect(await store.getByName(USER, 'work')).toEqual(row);
    expect(performance.now() - began).toBeLessThan(2000);
    await settled;
    clearInterval(ticks);
    await expect(write).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(performance.now() - began).toBeLessThan(2600);
    expect(longestGapMs).toBeLessThan(NOT_BLOCKED_MS);

    holder.signal('SIGCONT');
    holder.child.stdin?.end();
    await holder.exited();
    expect(await store.get(row.id)).toEqual(row);
    expect(await store.update(row.id, {}, { name: 'play' })).toMatchObject({ name: 'play' });
  });

  it('waits for a lock that is released before the deadline', async () => {
    const holder = start('lock-holder', harness.file);
    await holder.until(lines => lines.includes('held'));
    const write = store.create(exampleSession('work'), ROOMY);
    // The first tries are over when reads that were asked for later have been answered.
    for (let read = 0; read < 3; read += 1) await store.getByName(USER, 'nothing');
    holder.child.stdin?.end();
    expect(await write).toMatchObject({ name: 'work' });
  });
});

describe('the thread of the SQLite store', () => {
  const workerUrl = new URL('./programs/faulty-worker.ts', import.meta.url);
  let harness: SqliteHarness;
  let store: Database;
  beforeEach(async () => {
    harness = new SqliteHarness();
    ({ database: store } = await openSqliteDatabase(sqliteOptions(harness.file, { workerUrl })));
  });
  afterEach(async () => {
    await store.close();
    await harness.dispose();
  });

  it('is started again after it died; writes under way are unknown, reads are refused', async () => {
    const row = await store.create(exampleSession('work'), ROOMY);
    const [death, write, read] = await Promise.allSettled([
      store.collect(1),
      store.update(row.id, {}, { name: 'play' }),
      store.getByName(USER, 'work'),
    ]);
    expect(death).toMatchObject({ reason: { code: 'OUTCOME_UNKNOWN' } });
    expect(write).toMatchObject({ reason: { code: 'OUTCOME_UNKNOWN' } });
    expect(read).toMatchObject({ reason: { code: 'STORE_UNAVAILABLE' } });
    // One that dies as soon as it lives is not started again at once.
    await expect
      .poll(() => store.getByName(USER, 'work').catch(() => undefined), { timeout: 10_000 })
      .toEqual(row);
  });

  it('that hangs fails its callers at their deadline, refuses more than it may owe, and goes on afterwards', async () => {
    const row = await store.create(exampleSession('work'), ROOMY);
    const began = performance.now();
    const hung = store.collect(2);
    const reads = Promise.allSettled(Array.from({ length: 1100 }, () => store.getByName(USER, 'work')));
    await expect(hung).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect(performance.now() - began).toBeLessThan(3000);
    const refused = await reads;
    for (const result of refused) expect(result).toMatchObject({ reason: { code: 'STORE_UNAVAILABLE' } });
    const messages = new Set(refused.map(result => (result as PromiseRejectedResult).reason.message));
    expect([...messages].toSorted()).toEqual([
      '1024 requests wait for the database.',
      'The database has not answered in time (getByName).',
    ]);
    await expect
      .poll(() => store.getByName(USER, 'work').catch(() => undefined), { timeout: 10_000 })
      .toEqual(row);
  }, 20_000);
});
