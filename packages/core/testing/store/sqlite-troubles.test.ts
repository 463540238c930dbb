import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSqliteDatabase } from '@triterm/core/store/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canMount, ScratchDisk } from '../scratch-disk.ts';
import { exampleDoc, exampleSession, USER } from './session-examples.ts';
import { SqliteHarness, sqliteOptions } from './sqlite-harness.ts';

const ROOMY = { limit: 1000 };

/** Changes a database behind the store's back, with an implementation that is not the store's. */
function edit(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}

function readMetaValue(file: string, key: string): string {
  const database = new DatabaseSync(file, { readOnly: true });
  const row = database.prepare('SELECT v FROM meta WHERE k = ?').get(key);
  database.close();
  return String(row?.['v']);
}

describe('the SQLite store in trouble', () => {
  let harness: SqliteHarness;
  beforeEach(() => {
    harness = new SqliteHarness();
  });
  afterEach(() => harness.dispose());

  /** A closed database with sessions in it. */
  const makeDatabase = async (sessions: number): Promise<void> => {
    const store = await harness.open();
    await Promise.all(
      Array.from({ length: sessions }, (_, i) =>
        store.create(exampleSession(`s${i}`, { doc: exampleDoc({ title: 'x'.repeat(2000) }) }), ROOMY),
      ),
    );
    await store.close();
  };

  it('keeps its files to the user', async () => {
    const store = await harness.open();
    await store.create(exampleSession('work'), ROOMY);
    const modes = readdirSync(harness.dir).map(name => [
      name,
      (lstatSync(join(harness.dir, name)).mode & 0o777).toString(8),
    ]);
    expect(modes.toSorted()).toEqual([
      ['triterm.db', '600'],
      ['triterm.db-shm', '600'],
      ['triterm.db-wal', '600'],
    ]);
  });

  it('follows no symlink', async () => {
    const elsewhere = join(harness.dir, 'elsewhere.db');
    writeFileSync(elsewhere, '');
    symlinkSync(elsewhere, harness.file);
    await expect(harness.open()).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  });

  it('leaves the database of another program alone', async () => {
    edit(harness.file, 'CREATE TABLE notes (body TEXT)');
    const before = readFileSync(harness.file);
    await expect(harness.open()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(readFileSync(harness.file)).toEqual(before);
  });

  describe.each([
    ['garbage', (file: string) => writeFileSync(file, 'this is no database\n'.repeat(100))],
    [
      'a damaged page',
      (file: string) => {
        const fd = openSync(file, 'r+');
        for (let page = 1; page < lstatSync(file).size / 4096; page += 1)
          writeSync(fd, Buffer.alloc(512, 0xa5), 0, 512, page * 4096);
        closeSync(fd);
      },
    ],
    ['a file cut in the middle', (file: string) => truncateSync(file, lstatSync(file).size / 2)],
  ])('with %s', (_what, damage) => {
    it('moves the database aside untouched, says where, and begins a new one', async () => {
      await makeDatabase(20);
      damage(harness.file);
      const damaged = readFileSync(harness.file);
      const { database: store, movedAside } = await openSqliteDatabase(sqliteOptions(harness.file));
      expect(movedAside).toMatch(/triterm\.db\.corrupt-\d{8}T\d{6}Z$/);
      expect(readFileSync(movedAside ?? '')).toEqual(damaged);
      expect(await store.list(USER)).toMatchObject([]);
      const row = await store.create(exampleSession('work'), ROOMY);
      await store.close();
      const again = await openSqliteDatabase(sqliteOptions(harness.file));
      expect(again.movedAside).toBeUndefined();
      expect(await again.database.list(USER)).toMatchObject([row]);
      await again.database.close();
    });
  });

  it('moves a second corrupt database beside the first', async () => {
    const aside = new Set<string | undefined>();
    for (let round = 0; round < 3; round += 1) {
      writeFileSync(harness.file, 'not a database '.repeat(100));
      const { database: store, movedAside } = await openSqliteDatabase(sqliteOptions(harness.file));
      await store.close();
      aside.add(movedAside);
    }
    expect(aside.size).toBe(3);
    for (const file of aside) expect(existsSync(file ?? '')).toBe(true);
  });

  describe('of a newer release', () => {
    it('is refused where that release says so, and left alone', async () => {
      await makeDatabase(1);
      edit(harness.file, "UPDATE meta SET v = '99' WHERE k IN ('schema', 'min_compatible')");
      const before = readFileSync(harness.file);
      await expect(harness.open()).rejects.toMatchObject({
        code: 'STORE_TOO_NEW',
        details: { minCompatible: 99 },
      });
      expect(readFileSync(harness.file)).toEqual(before);
    });

    it('is used where that release says so, with columns and migrations that are unknown here', async () => {
      await makeDatabase(1);
      edit(
        harness.file,
        `UPDATE meta SET v = '99' WHERE k = 'schema';
         ALTER TABLE session ADD COLUMN mood TEXT;
         INSERT INTO kysely_migration VALUES ('0099-moods', '2099-01-01T00:00:00.000Z')`,
      );
      const store = await harness.open();
      await store.create(exampleSession('work'), ROOMY);
      expect(await store.list(USER)).toHaveLength(2);
    });
  });

  it('begins a new epoch after a reboot only', async () => {
    const epochs: string[] = [];
    for (const bootId of ['boot-1', 'boot-1', 'boot-2']) {
      const { database: store } = await openSqliteDatabase(sqliteOptions(harness.file, { bootId }));
      await store.close();
      epochs.push(`${readMetaValue(harness.file, 'db_epoch')} ${readMetaValue(harness.file, 'cache_epoch')}`);
    }
    expect(epochs[1]).toBe(epochs[0]);
    expect(epochs[2]).not.toBe(epochs[0]);
    expect(epochs.map(epoch => epoch.split(' ')[1])).toEqual(['1', '1', '2']);
  });

  it.skipIf(process.geteuid?.() === 0)('refuses a directory that it may not write', async () => {
    await makeDatabase(1);
    chmodSync(harness.dir, 0o500);
    await expect(harness.open()).rejects.toMatchObject({ code: 'READ_ONLY_STATE' });
    chmodSync(harness.dir, 0o700);
  });

  it('refuses writes when the database may not grow, goes on reading, and recovers by itself', async () => {
    const workerUrl = new URL('./programs/small-worker.ts', import.meta.url);
    const { database } = await openSqliteDatabase(sqliteOptions(harness.file, { workerUrl }));
    try {
      const row = await database.create(exampleSession('work'), ROOMY);
      await database.clearOutbox([row]);
      await database.collect(3);
      const large = exampleDoc({ title: 'x'.repeat(200_000) });
      const writes = [
        database.update(row.id, {}, { doc: large }),
        database.create(exampleSession('large', { doc: large }), ROOMY),
      ];
      for (const write of writes) await expect(write).rejects.toMatchObject({ code: 'DISK_FULL' });
      expect(await database.read(row.id)).toEqual(row);
      expect(await database.list(USER)).toHaveLength(1);
      expect(await database.listOutbox(0, 10)).toEqual([]);
      await database.collect(4);
      const after = await database.update(row.id, { rev: row.rev }, { doc: large });
      expect(await database.listOutbox(0, 10)).toEqual([{ id: row.id, rev: after.rev, record: after }]);
    } finally {
      await database.close();
    }
  });
});

describe.skipIf(!canMount())('the SQLite store on a disk of its own', () => {
  let disk: ScratchDisk;
  beforeEach(() => {
    disk = new ScratchDisk(512);
  });
  afterEach(() => disk.dispose());
  const open = () => openSqliteDatabase(sqliteOptions(join(disk.dir, 'triterm.db')));

  it('refuses to open on a read-only file system, new database or old', async () => {
    disk.remount('ro');
    await expect(open()).rejects.toMatchObject({ code: 'READ_ONLY_STATE' });
    disk.remount('rw');
    await (await open()).database.close();
    disk.remount('ro');
    await expect(open()).rejects.toMatchObject({ code: 'READ_ONLY_STATE' });
  });

  it('refuses to make a database on a full disk', async () => {
    disk.fill();
    await expect(open()).rejects.toMatchObject({ code: 'DISK_FULL' });
  });

  it('refuses writes while the disk is full, goes on reading, and recovers by itself', async () => {
    const { database: store } = await open();
    const row = await store.create(exampleSession('work'), ROOMY);
    disk.fill();
    const large = exampleDoc({ title: 'x'.repeat(200_000) });
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const write = store.update(row.id, {}, { doc: large });
      await expect(write).rejects.toMatchObject({ code: 'DISK_FULL' });
      expect(await store.get(row.id)).toEqual(row);
    }
    disk.drain();
    const after = await store.update(row.id, {}, { name: 'play' });
    await store.close();
    const { database: reopened } = await open();
    expect(await reopened.list(USER)).toMatchObject([after]);
    await reopened.close();
  });
});
