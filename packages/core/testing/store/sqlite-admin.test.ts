import { existsSync, lstatSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Database, DatabaseAdmin } from '@triterm/core/store';
import { SCHEMA_VERSION } from '@triterm/core/store/schema';
import { openSqliteDatabase, SqliteAdmin } from '@triterm/core/store/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { importDatabase } from '../../src/store/admin/index.ts';
import { Program } from '../program.ts';
import { canMount, ScratchDisk } from '../scratch-disk.ts';
import { adminContract, dumpText, rowsOf } from './admin-contract.ts';
import { exampleDoc, exampleSession, USER } from './session-examples.ts';
import { SqliteHarness, sqliteOptions } from './sqlite-harness.ts';

const ROOMY = { limit: 1_000_000 };

adminContract('SQLite', async () => new SqliteHarness());

describe('the administration of a SQLite database', () => {
  let harness: SqliteHarness;
  let admin: DatabaseAdmin;
  const programs: Program[] = [];
  const start = (name: string, ...args: string[]): Program => {
    const started = new Program(new URL(`./programs/${name}.ts`, import.meta.url), args);
    programs.push(started);
    return started;
  };
  beforeEach(async () => {
    harness = new SqliteHarness();
    admin = await harness.openAdmin();
  });
  afterEach(async () => {
    await Promise.all(programs.splice(0).map(started => started.dispose()));
    await harness.dispose();
  });

  /** A store on a copy. */
  const look = async <T>(file: string, work: (database: Database) => Promise<T>): Promise<T> => {
    const { database } = await openSqliteDatabase(sqliteOptions(file));
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  };

  it('says that there is no database, and makes none', async () => {
    expect(await admin.status()).toEqual({
      kind: 'sqlite',
      location: harness.file,
      schema: 0,
      minCompatible: 0,
      sizeBytes: 0,
      sessions: 0,
      deleted: 0,
      outbox: 0,
      epochs: null,
    });
    await expect(dumpText(admin)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(readdirSync(harness.dir)).toEqual([]);
  });

  it('makes a database where there is none, kept to the user', async () => {
    expect(await admin.migrate()).toEqual({ from: 0, to: SCHEMA_VERSION });
    expect(lstatSync(harness.file).mode & 0o777).toBe(0o600);
    expect(await admin.status()).toMatchObject({ schema: SCHEMA_VERSION, sessions: 0 });
    expect(rowsOf(await dumpText(admin))).toEqual([]);
  });

  it('dumps a whole state while another process writes, which goes in elsewhere', async () => {
    const writer = start('writer', harness.file, 'w', '1000000');
    await writer.until(lines => lines.length > 100);
    const acknowledged = writer.lines.slice(1, -1);
    const dump = await dumpText(admin);
    const seen = writer.lines.length;
    // It was not held up: it goes on after the dump as before.
    await writer.until(lines => lines.length > seen + 20);
    const elsewhere = new SqliteAdmin(sqliteOptions(join(harness.dir, 'elsewhere.db')));
    await importDatabase(Readable.from([dump]), elsewhere, { replace: false });
    const rows = await look(join(harness.dir, 'elsewhere.db'), database => database.list(USER));
    const revs = new Map(rows.map(({ id, rev }) => [id, rev]));
    for (const line of acknowledged) {
      const [id = '', rev] = line.split(' ');
      expect(revs.get(id)).toBe(Number(rev));
    }
    // One state: no revision is missing below the highest.
    expect(Math.max(...revs.values())).toBe(revs.size);
  });

  it('backs up a whole state while another process writes, in a file of its own that is a database', async () => {
    const store = await harness.open();
    const kept = await store.create(exampleSession('kept'), ROOMY);
    const gone = await store.create(exampleSession('gone'), ROOMY);
    const tombstone = await store.delete(gone.id, {});
    const writer = start('writer', harness.file, 'w', '1000000');
    await writer.until(lines => lines.length > 60);
    const acknowledged = writer.lines.slice(1, -1);
    const copy = join(harness.dir, 'copy.db');
    await admin.backup(copy);
    expect(lstatSync(copy).mode & 0o777).toBe(0o600);
    expect(readdirSync(harness.dir).filter(name => name.startsWith('copy'))).toEqual(['copy.db']);
    await look(copy, async database => {
      expect(await database.read(kept.id)).toEqual(kept);
      expect(await database.read(gone.id)).toEqual(tombstone);
      const ids = new Set((await database.list(USER)).map(({ id }) => id));
      for (const line of acknowledged) expect(ids.has(line.split(' ')[0] ?? '')).toBe(true);
    });
  });

  it('backs up what a dump of it says too', async () => {
    const store = await harness.open();
    for (const name of ['one', 'two']) await store.create(exampleSession(name), ROOMY);
    const copy = join(harness.dir, 'copy.db');
    await admin.backup(copy);
    const ofCopy = new SqliteAdmin(sqliteOptions(copy));
    expect(rowsOf(await dumpText(ofCopy))).toEqual(rowsOf(await dumpText(admin)));
    // Put back in the database's place, it is another state: no cache may take the one for the other.
    expect((await ofCopy.status()).epochs?.db).not.toBe((await store.epochs()).db);
  });

  it('overwrites no file with a backup, and leaves none that is not whole', async () => {
    await (await harness.open()).create(exampleSession('work'), ROOMY);
    const copy = join(harness.dir, 'copy.db');
    writeFileSync(copy, 'mine');
    await expect(admin.backup(copy)).rejects.toMatchObject({ code: 'FILE_EXISTS' });
    expect(lstatSync(copy).size).toBe(4);
    const nowhere = join(harness.dir, 'nowhere', 'copy.db');
    await expect(admin.backup(nowhere)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const missing = new SqliteAdmin(sqliteOptions(join(harness.dir, 'missing.db')));
    const other = join(harness.dir, 'other.db');
    await expect(missing.backup(other)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(existsSync(other)).toBe(false);
  });

  it.skipIf(!canMount())('says that the disk of a backup is full, and leaves nothing there', async () => {
    const disk = new ScratchDisk(64);
    try {
      const store = await harness.open();
      const doc = exampleDoc({ title: 'x'.repeat(200_000) });
      await store.create(exampleSession('large', { doc }), ROOMY);
      const backup = admin.backup(join(disk.dir, 'copy.db'));
      await expect(backup).rejects.toMatchObject({ code: 'DISK_FULL' });
      expect(readdirSync(disk.dir)).toEqual([]);
      expect(await store.list(USER)).toHaveLength(1);
    } finally {
      disk.dispose();
    }
  });

  it('imports nothing while a stopped process holds the lock, and says so', async () => {
    const store = await harness.open();
    await store.create(exampleSession('work'), ROOMY);
    const dump = await dumpText(admin);
    const before = await store.epochs();
    const holder = start('lock-holder', harness.file);
    await holder.until(lines => lines.includes('held'));
    holder.signal('SIGSTOP');
    const importing = importDatabase(Readable.from([dump]), admin, { replace: true });
    await expect(importing).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await store.epochs()).toEqual(before);
    expect(await dumpText(admin)).toContain('"work"');
  });

  it('ends what is under way when it is closed, and takes nothing more', async () => {
    await (await harness.open()).create(exampleSession('work'), ROOMY);
    const exporting = admin.exportRows(async ({ batches }) => {
      await admin.close();
      for await (const batch of batches) return batch;
      return undefined;
    });
    await expect(exporting).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(admin.status()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
