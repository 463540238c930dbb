import { Readable } from 'node:stream';
import { MIN_COMPATIBLE, SCHEMA_VERSION } from '@triterm/core/store/schema';
import SqliteDriver from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { importDatabase } from '../../src/store/admin/index.ts';
import { initial } from '../../src/store/schema/initial.ts';
import { dumpText, rowsOf } from './admin-contract.ts';
import { exampleDoc, exampleSession, USER } from './session-examples.ts';
import { SqliteHarness } from './sqlite-harness.ts';

const ROOMY = { limit: 1000 };

/** A database as the first release has left it: two sessions, one of them deleted, and its server. */
async function makeFirstRelease(file: string): Promise<void> {
  const database = new SqliteDriver(file);
  database.pragma('journal_mode = WAL');
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database }) });
  const provider = { getMigrations: async () => ({ '0001-initial': initial }) };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error !== undefined) throw error;
  const session = database.prepare(
    "INSERT INTO session VALUES (?, ?, 'user', ?, 'server-1', ?, 'running', NULL, ?, 1000, 2000, ?)",
  );
  session.run('aaaaaaaaaaaa', 41, 'work', 40, JSON.stringify(exampleDoc()), null);
  session.run('bbbbbbbbbbbb', 42, 'gone', 30, JSON.stringify(exampleDoc()), 3000);
  database.exec("INSERT INTO session_activity VALUES ('aaaaaaaaaaaa', 2500)");
  database.exec("INSERT INTO server VALUES ('server-1', 7, 'host-1', 'boot-1', '/state', NULL, 0)");
  const meta = { schema: '1', min_compatible: '1', rev: '42', db_epoch: 'old', cache_epoch: '5' };
  for (const [key, value] of Object.entries({ ...meta, boot_id: 'boot-1' }))
    database.prepare('INSERT INTO meta VALUES (?, ?)').run(key, value);
  await db.destroy();
}

describe('a SQLite database of the first release', () => {
  let harness: SqliteHarness;
  beforeEach(async () => {
    harness = new SqliteHarness();
    await makeFirstRelease(harness.file);
  });
  afterEach(() => harness.dispose());

  it('is brought up to date with all that it holds, and refused to the first release from then on', async () => {
    const database = await harness.open();
    expect(await database.list(USER)).toMatchObject([
      { id: 'aaaaaaaaaaaa', rev: 41, name: 'work', lastActivityAt: 2500, doc: exampleDoc() },
    ]);
    expect(await database.read('bbbbbbbbbbbb')).toEqual({ id: 'bbbbbbbbbbbb', rev: 42, deleted: true });
    expect(await database.epochs()).toEqual({ db: 'old', cache: 5 });
    expect(await database.listOutbox(0, 10)).toEqual([]);
    const row = await database.create(exampleSession('new'), ROOMY);
    expect(row.rev).toBe(43);
    expect(await database.listOutbox(0, 10)).toEqual([{ id: row.id, rev: 43, record: row }]);
    const identity = { hostId: 'host-1', bootId: 'boot-1', stateDir: '/state', advertiseUrl: null };
    const server = await database.registerServer({ id: 'server-1', ...identity }, 1000);
    expect(server.incarnation).toBeGreaterThan(7);
    const admin = await harness.openAdmin();
    expect(await admin.status()).toMatchObject({ schema: SCHEMA_VERSION, minCompatible: MIN_COMPATIBLE });
  });

  it('is brought up to date once by several that open it at once', async () => {
    const opened = await Promise.all([harness.open(), harness.open(), harness.open()]);
    for (const database of opened) expect(await database.list(USER)).toHaveLength(1);
  });

  it('is described and dumped as it is, and goes in where the schema is newer', async () => {
    const admin = await harness.openAdmin();
    expect(await admin.status()).toMatchObject({
      schema: 1,
      minCompatible: 1,
      sessions: 1,
      deleted: 1,
      epochs: { db: 'old', cache: 5 },
    });
    const dump = await dumpText(admin);
    expect((await admin.status()).schema).toBe(1);
    expect(await admin.migrate()).toEqual({ from: 1, to: SCHEMA_VERSION });
    const elsewhere = new SqliteHarness();
    try {
      const importing = await elsewhere.openAdmin();
      await importDatabase(Readable.from([dump]), importing, { replace: false });
      expect(rowsOf(await dumpText(importing))).toEqual(rowsOf(dump));
    } finally {
      await elsewhere.dispose();
    }
  });
});
