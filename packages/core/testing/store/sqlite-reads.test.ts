import { renameSync } from 'node:fs';
import type { Database } from '@triterm/core/store';
import { type OpenedDatabase, openSqliteDatabase } from '@triterm/core/store/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchDataVersion } from '../../src/store/sqlite/data-version.ts';
import { driver } from '../../src/store/sqlite/driver.ts';
import { PointReader } from '../../src/store/sqlite/point-reader.ts';
import { Program } from '../program.ts';
import { exampleSession, USER } from './session-examples.ts';
import { SqliteHarness, sqliteOptions } from './sqlite-harness.ts';

const ROOMY = { limit: 1000 };

describe('reads of a SQLite database by id', () => {
  let harness: SqliteHarness;
  beforeEach(() => {
    harness = new SqliteHarness();
  });
  afterEach(() => harness.dispose());

  it('have no answer where there is no database, and have one again when there is', async () => {
    const reader = new PointReader(driver, harness.file);
    expect(reader.read('000000000000')).toBeUndefined();
    expect(reader.dataVersion()).toBeUndefined();
    const store = await harness.open();
    const row = await store.create(exampleSession('work'), ROOMY);
    await expect.poll(() => reader.read(row.id)).toEqual({ record: row });
    expect(reader.read('000000000000')).toEqual({ record: undefined });
    reader.close();
    expect(reader.read(row.id)).toBeUndefined();
  });

  it('go by the thread where the main thread can not open the database', async () => {
    const { database } = await openSqliteDatabase(sqliteOptions(harness.file));
    const row = await database.create(exampleSession('work'), ROOMY);
    await database.close();
    // The thread has it open already; the main thread opens it at its first read.
    const store = await harness.open();
    renameSync(harness.file, `${harness.file}.away`);
    expect(await store.read(row.id)).toEqual(row);
    expect(await store.get(row.id)).toEqual(row);
  });

  it('see the database that the thread has opened when another one has its name', async () => {
    const workerUrl = new URL('./programs/faulty-worker.ts', import.meta.url);
    const { database } = await openSqliteDatabase(sqliteOptions(harness.file, { workerUrl }));
    const other = new SqliteHarness();
    try {
      const before = await database.create(exampleSession('before'), ROOMY);
      expect(await database.get(before.id)).toEqual(before);
      const theirs = await other.open();
      const after = await theirs.create(exampleSession('after'), ROOMY);
      await theirs.close();
      for (const suffix of ['', '-wal', '-shm'])
        renameSync(harness.file + suffix, `${harness.file}.away${suffix}`);
      renameSync(other.file, harness.file);
      await database.collect(1).catch(() => {});
      const found = () => database.getByName(USER, 'after').catch(() => undefined);
      await expect.poll(found, { timeout: 10_000 }).toEqual(after);
      expect(await database.get(after.id)).toEqual(after);
      expect(await database.get(before.id)).toBeUndefined();
    } finally {
      await database.close();
      await other.dispose();
    }
  });
});

describe('watching a SQLite database', () => {
  let harness: SqliteHarness;
  let opened: OpenedDatabase;
  let store: Database;
  beforeEach(async () => {
    harness = new SqliteHarness();
    opened = await openSqliteDatabase(sqliteOptions(harness.file));
    store = opened.database;
  });
  afterEach(async () => {
    await store.close();
    await harness.dispose();
  });

  it('tells of what another process writes, and of nothing when nobody does', async () => {
    let changes = 0;
    const stop = opened.watchWrites(() => {
      changes += 1;
    }, 5);
    const writer = new Program(new URL('./programs/writer.ts', import.meta.url), [harness.file, 'w', '1']);
    try {
      await writer.exited();
      await expect.poll(() => changes).toBeGreaterThan(0);
      // Reads are no writes.
      const seen = changes;
      for (let read = 0; read < 10; read += 1) await store.getByName(USER, 'w0');
      expect(changes).toBe(seen);
      await store.create(exampleSession('own'), ROOMY);
      await expect.poll(() => changes).toBeGreaterThan(seen);
    } finally {
      stop();
      await writer.dispose();
    }
  });

  it('tells of what may have been written while it could not see', async () => {
    const versions = ['1 1', '1 1', undefined, '1 1', '1 1', '2 1'];
    const told: number[] = [];
    let asked = 0;
    await new Promise<void>(resolve => {
      const stop = watchDataVersion({
        dataVersion: () => {
          asked += 1;
          if (asked === versions.length) setImmediate(resolve);
          if (asked > versions.length) stop();
          return versions[Math.min(asked, versions.length) - 1];
        },
        changed: () => told.push(asked),
        intervalMs: 1,
      });
    });
    expect(told).toEqual([4, 6]);
  });
});
