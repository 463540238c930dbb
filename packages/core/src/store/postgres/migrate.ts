import { Kysely, PostgresDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import type pg from 'pg';
import { TermError } from '../../errors/index.ts';
import { MIN_COMPATIBLE, migrationProvider, SCHEMA_VERSION } from '../schema/migrations.ts';
import { advisoryKey, LOCK } from './advisory-key.ts';
import { describe, type Endpoint } from './settings.ts';

/** Another server that migrates holds the lock so long. */
const LOCK_TIMEOUT_MS = 30_000;
/** One statement of a migration, on tables of any size. */
const STATEMENT_TIMEOUT_MS = 60_000;

/** What `meta` says of the schema; 0 where there is none. */
export interface SchemaState {
  readonly schema: number;
  readonly minCompatible: number;
}

/**
 * Brings the schema up to date. `meta` is read first: a newer release's schema is left alone, and refused only where that
 * release says so. Returns the version before. Rejects with STORE_TOO_NEW, or what node-pg rejects with.
 */
export async function migrate(client: pg.ClientBase, endpoint: Endpoint): Promise<number> {
  const before = await readSchema(client);
  refuseNewer(before, endpoint);
  if (before.schema >= SCHEMA_VERSION) return before.schema;
  await client.query('BEGIN');
  try {
    // All in one transaction, so that the lock holds through a pooler that gives each of them another connection.
    await client.query(
      `SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}; SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS}`,
    );
    await client.query('SELECT pg_advisory_xact_lock($1)', [advisoryKey(LOCK.migration, '')]);
    const from = await readSchema(client);
    refuseNewer(from, endpoint);
    if (from.schema < SCHEMA_VERSION) await migrateToLatest(client);
    await client.query('COMMIT');
    return from.schema;
  } catch (thrown) {
    // One whose connection broke was taken back already.
    await client.query('ROLLBACK').catch(() => {});
    throw thrown;
  }
}

export async function readSchema(client: pg.ClientBase): Promise<SchemaState> {
  const { rows: tables } = await client.query<{ meta: boolean }>(
    "SELECT to_regclass('meta') IS NOT NULL AS meta",
  );
  if (tables[0]?.meta !== true) return { schema: 0, minCompatible: 0 };
  const { rows } = await client.query<{ k: string; v: string }>(
    "SELECT k, v FROM meta WHERE k IN ('schema', 'min_compatible')",
  );
  const number = (key: string): number => Number(rows.find(({ k }) => k === key)?.v ?? 0);
  return { schema: number('schema'), minCompatible: number('min_compatible') };
}

export function refuseNewer({ minCompatible }: SchemaState, endpoint: Endpoint): void {
  if (minCompatible <= SCHEMA_VERSION) return;
  const where = describe(endpoint);
  throw new TermError(
    'STORE_TOO_NEW',
    `The database ${where} needs a triterm of schema ${minCompatible} or later; this one has schema ${SCHEMA_VERSION}.`,
    { details: { database: where, minCompatible, schema: SCHEMA_VERSION } },
  );
}

async function migrateToLatest(client: pg.ClientBase): Promise<void> {
  const connection = { query: client.query.bind(client), release: () => {} };
  const pool = { connect: async () => connection, end: async () => {}, options: {} };
  let first: unknown;
  const db = new Kysely<unknown>({
    dialect: new PostgresDialect({ pool }),
    // After an error the transaction takes nothing more, which the migrator would report in its stead.
    log: event => {
      if (event.level === 'error') first ??= event.error;
    },
  });
  const migrator = new Migrator({ db, provider: migrationProvider('postgres'), disableTransactions: true });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw first ?? error;
  await client.query(
    `INSERT INTO meta (k, v) VALUES ('schema', $1), ('min_compatible', $2)
    ON CONFLICT (k) DO UPDATE SET v = excluded.v`,
    [String(SCHEMA_VERSION), String(MIN_COMPATIBLE)],
  );
}
