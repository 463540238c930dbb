import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { DatabaseAdmin } from '@triterm/core/store';
import { SCHEMA_VERSION } from '@triterm/core/store/schema';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../../src/sandbox/postgres-server.ts';
import { importDatabase } from '../../src/store/admin/index.ts';
import { PostgresAdmin } from '../../src/store/postgres/index.ts';
import { adminContract, dumpText, rowsOf } from './admin-contract.ts';
import { PostgresHarness } from './postgres-harness.ts';
import { exampleDoc, exampleSession } from './session-examples.ts';
import { SqliteHarness } from './sqlite-harness.ts';

const ROOMY = { limit: 1000 };

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.dispose());

adminContract('PostgreSQL', () => PostgresHarness.on(server));

describe('the administration of a PostgreSQL database', () => {
  let harness: PostgresHarness;
  let admin: DatabaseAdmin;
  let dir: string;
  beforeEach(async () => {
    harness = await PostgresHarness.on(server);
    admin = await harness.openAdmin();
    dir = mkdtempSync(join(tmpdir(), 'triterm-admin-'));
  });
  afterEach(async () => {
    await harness.dispose();
    rmSync(dir, { recursive: true, force: true });
  });

  it('says of an empty database that it has no tables, makes none, and tells no password', async () => {
    const status = await admin.status();
    expect(status).toMatchObject({
      kind: 'postgres',
      schema: 0,
      minCompatible: 0,
      sessions: 0,
      epochs: null,
    });
    expect(status.location).toMatch(/^postgres:\/\/triterm@127\.0\.0\.1:\d+\/test_\d+$/);
    await expect(dumpText(admin)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await admin.status()).toMatchObject({ schema: 0 });
    expect(await admin.migrate()).toEqual({ from: 0, to: SCHEMA_VERSION });
    expect(rowsOf(await dumpText(admin))).toEqual([]);
  });

  it('backs up to a new file of its user alone, which can be imported', async () => {
    const database = await harness.open();
    const row = await database.create(exampleSession('work'), ROOMY);
    const path = join(dir, 'backup');
    await admin.backup(path);
    expect(lstatSync(path).mode & 0o777).toBe(0o600);
    await expect(admin.backup(path)).rejects.toMatchObject({ code: 'FILE_EXISTS' });
    await database.delete(row.id, {});
    await importDatabase(Readable.from([readFileSync(path)]), admin, { replace: true });
    expect(await database.get(row.id)).toEqual(row);
    await expect(admin.backup(join(dir, 'nowhere', 'backup'))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    const gone = new PostgresAdmin({ url: harness.url.replace(/:\d+\//, ':1/'), serverId: 'admin' });
    await expect(gone.backup(join(dir, 'other'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(existsSync(join(dir, 'other'))).toBe(false);
    expect(readdirSync(dir)).toEqual(['backup']);
    writeFileSync(path, '');
  });

  it('takes in a dump of SQLite and gives it back, with all that can be kept', async () => {
    const sqlite = new SqliteHarness();
    try {
      const there = await sqlite.open();
      const row = await there.create(exampleSession('work'), ROOMY);
      const odd = await there.create(
        exampleSession('odd', { doc: exampleDoc({ title: 'a\0b\ud800' }) }),
        ROOMY,
      );
      const dump = await dumpText(await sqlite.openAdmin());
      await importDatabase(Readable.from([dump]), admin, { replace: false });
      const here = await harness.open();
      expect(await here.get(row.id)).toEqual(row);
      const changed = await here.update(odd.id, { rev: odd.rev }, { doc: { cols: 99 } });
      expect(changed.doc).toEqual(exampleDoc({ title: 'a\ufffdb\ufffd', cols: 99 }));
      const back = await dumpText(admin);
      await importDatabase(Readable.from([back]), await sqlite.openAdmin(), { replace: true });
      expect(await there.get(odd.id)).toEqual(changed);
    } finally {
      await sqlite.dispose();
    }
  });

  it('ends what is under way when it is closed, and takes nothing more', async () => {
    await (await harness.open()).create(exampleSession('work'), ROOMY);
    const exporting = admin.exportRows(async ({ batches }) => {
      void admin.close();
      for await (const batch of batches) return batch;
      return undefined;
    });
    await expect(exporting).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(admin.status()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
