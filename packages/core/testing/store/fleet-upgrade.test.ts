import SqliteDriver from 'better-sqlite3';
import { type Dialect, Kysely, PostgresDialect, SqliteDialect, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../../src/sandbox/postgres-server.ts';
import { hybrid } from '../../src/store/schema/hybrid.ts';
import { initial } from '../../src/store/schema/initial.ts';
import { type AdminHarness, dumpText } from './admin-contract.ts';
import { PostgresHarness } from './postgres-harness.ts';
import { exampleScreen } from './screen-table-contract.ts';
import { exampleServer, LONG_MS } from './server-examples.ts';
import { exampleDoc, USER } from './session-examples.ts';
import { SqliteHarness } from './sqlite-harness.ts';
import { exampleToken } from './token-table-contract.ts';

const ID = 'aaaaaaaaaaaa';

interface Made {
  readonly harness: AdminHarness;
  /** As a release of schema 2 talks to the database. */
  readonly earlier: Kysely<unknown>;
}

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.dispose());

const DATABASES: Readonly<Record<'sqlite' | 'postgres', () => Promise<Made>>> = {
  sqlite: async () => {
    const harness = new SqliteHarness();
    const database = new SqliteDriver(harness.file);
    database.pragma('journal_mode = WAL');
    return { harness, earlier: await makeSecondRelease('sqlite', new SqliteDialect({ database })) };
  },
  postgres: async () => {
    const harness = await PostgresHarness.on(postgres);
    const pool = new pg.Pool({ connectionString: harness.url, max: 1 });
    return { harness, earlier: await makeSecondRelease('postgres', new PostgresDialect({ pool })) };
  },
};

/** Leaves a database as the release of schema 2 does: a session, and a server that runs. */
async function makeSecondRelease(kind: 'sqlite' | 'postgres', dialect: Dialect): Promise<Kysely<unknown>> {
  const db = new Kysely<unknown>({ dialect });
  const provider = { getMigrations: async () => ({ '0001-initial': initial, '0002-hybrid': hybrid(kind) }) };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error !== undefined) throw error;
  await sql`INSERT INTO session VALUES
    (${ID}, 41, ${USER}, 'work', 'server-1', 40, 'running', NULL, ${JSON.stringify(exampleDoc())}, 1000, 2000, NULL)`.execute(
    db,
  );
  await registerAsBefore(db, 7);
  await sql`INSERT INTO meta VALUES ('schema', '2'), ('min_compatible', '2')`.execute(db);
  return db;
}

/** What a release that knows no `draining` writes. */
async function registerAsBefore(db: Kysely<unknown>, incarnation: number): Promise<void> {
  await sql`INSERT INTO server (id, incarnation, host_id, boot_id, state_dir, advertise_url, lease_until)
    VALUES ('server-1', ${incarnation}, 'host-1', 'boot-1', '/state', NULL, 9000000000000)
    ON CONFLICT (id) DO UPDATE SET incarnation = excluded.incarnation`.execute(db);
}

describe.each(['sqlite', 'postgres'] as const)('a database of schema 2 on %s', kind => {
  const having = async (work: (made: Made) => Promise<void>): Promise<void> => {
    const made = await DATABASES[kind]();
    try {
      await work(made);
    } finally {
      await made.harness.dispose();
      await made.earlier.destroy();
    }
  };

  it('keeps what it holds, and takes tokens, connections and screens from then on', () =>
    having(async ({ harness }) => {
      const database = await harness.open();
      const [row] = await database.list();
      expect(row).toMatchObject({ id: ID, rev: 41, ownerEpoch: 40, doc: exampleDoc() });
      expect(await database.listServers()).toMatchObject([
        { id: 'server-1', incarnation: 7, draining: false },
      ]);
      await database.createToken(exampleToken('t1'));
      await database.putScreens([exampleScreen({ id: ID, ownerEpoch: 40 }, 5)]);
      expect(await database.getScreen(ID)).toMatchObject({ offset: 5 });
      const server = { serverId: 'server-1', incarnation: 7 };
      await database.openConnection({ id: 'c1', userId: USER, ...server }, 1);
      await expect(database.openConnection({ id: 'c2', userId: USER, ...server }, 1)).rejects.toMatchObject({
        code: 'TOO_MANY_CONNECTIONS',
      });
      const admin = await harness.openAdmin();
      expect(await admin.status()).toMatchObject({ schema: 3, minCompatible: 2, sessions: 1 });
    }));

  it('is used on by a server of that release, whose ways do no harm', () =>
    having(async ({ harness, earlier }) => {
      const database = await harness.open();
      const { incarnation } = await database.registerServer(exampleServer('server-1'), LONG_MS);
      await database.putScreens([exampleScreen({ id: ID, ownerEpoch: 40 }, 5)]);
      await registerAsBefore(earlier, incarnation + 1);
      expect(await database.listServers()).toMatchObject([{ incarnation: incarnation + 1, draining: false }]);
      const late = database.update(ID, { ownerEpoch: 40, incarnation }, { name: 'late' });
      await expect(late).rejects.toMatchObject({ code: 'LEASE_LOST' });
      // It knows no screen that would have to go.
      await sql`UPDATE session SET deleted_at = 3000, rev = 42 WHERE id = ${ID}`.execute(earlier);
      expect(await database.getScreen(ID)).toBeUndefined();
      await database.collect(0);
      const { rows } = await sql`SELECT session_id FROM session_screen`.execute(earlier);
      expect(rows).toEqual([]);
    }));

  it('is described and dumped as it is', () =>
    having(async ({ harness }) => {
      const admin = await harness.openAdmin();
      const [head, row] = (await dumpText(admin))
        .split('\n')
        .map(line => (line === '' ? {} : JSON.parse(line)));
      expect(head).toMatchObject({ schema: 2, counts: { session: 1, token: 0, session_screen: 0 } });
      expect(row).toMatchObject({ table: 'session', row: { id: ID } });
      expect((await admin.status()).schema).toBe(2);
      expect(await admin.migrate()).toEqual({ from: 2, to: 3 });
    }));
});
