import {
  batchRows,
  DUMPED_TABLES,
  type DumpBatch,
  type DumpCounts,
  type DumpedTable,
  dumpedTables,
  NO_ROWS,
} from '../database-admin.ts';
import { SCHEMA_VERSION } from '../schema/migrations.ts';
import type { Tables } from '../schema/tables.ts';
import { docJson } from './session-rows.ts';
import { type Queries, type Statement, statement } from './statement.ts';

type ColumnType = 'text' | 'bigint';
type StoredRow = Readonly<Record<string, string | number | null>>;

/** The columns that this release knows, the key first. */
const COLUMNS: { readonly [T in DumpedTable]: Readonly<Record<keyof Tables[T] & string, ColumnType>> } = {
  session: {
    id: 'text',
    rev: 'bigint',
    user_id: 'text',
    name: 'text',
    owner_server: 'text',
    owner_epoch: 'bigint',
    state: 'text',
    primary_socket: 'text',
    doc: 'text',
    created_at: 'bigint',
    updated_at: 'bigint',
    deleted_at: 'bigint',
  },
  session_activity: { id: 'text', last_activity_at: 'bigint' },
  idempotency: { key: 'text', result: 'text', at: 'bigint' },
  token: {
    id: 'text',
    user_id: 'text',
    scope: 'text',
    session_id: 'text',
    hash: 'text',
    label: 'text',
    created_at: 'bigint',
    expires_at: 'bigint',
    revoked_at: 'bigint',
    last_used_at: 'bigint',
  },
  session_screen: {
    session_id: 'text',
    owner_epoch: 'bigint',
    stream_offset: 'bigint',
    cols: 'bigint',
    rows: 'bigint',
    content: 'text',
    at: 'bigint',
  },
};

const columnsOf = (table: DumpedTable): string => Object.keys(COLUMNS[table]).join(', ');

/** All rows of the dumped tables, batch by batch, in the transaction that is open. */
export async function* dumpedBatches(on: Queries, schema: number): AsyncGenerator<DumpBatch, void> {
  for (const table of dumpedTables(schema)) {
    const [key = ''] = Object.keys(COLUMNS[table]);
    const page = statement(
      `page_${table}`,
      `SELECT ${columnsOf(table)} FROM ${table} WHERE ${key} > $1 ORDER BY ${key} LIMIT ${batchRows(table)}`,
    );
    for (let after = ''; ; ) {
      const rows = await on.read<StoredRow>(page, [after]);
      // The columns make them rows of this table.
      if (rows.length > 0) yield { table, rows } as unknown as DumpBatch;
      if (rows.length < batchRows(table)) break;
      after = String(rows.at(-1)?.[key]);
    }
  }
}

export async function countRows(on: Queries, schema: number): Promise<DumpCounts> {
  const columns = dumpedTables(schema).map(table => `(SELECT count(*) FROM ${table}) AS ${table}`);
  const count = statement(`count_rows_${columns.length}`, `SELECT ${columns.join(', ')}`);
  const [counts] = await on.read<Partial<DumpCounts>>(count, []);
  return { ...NO_ROWS, ...counts };
}

/** Tables of this transaction alone: filling them locks nobody out. */
export async function makeStaging(on: Queries): Promise<void> {
  for (const table of DUMPED_TABLES)
    await on.write(
      statement(
        `make_staged_${table}`,
        `CREATE TEMP TABLE staged_${table} ON COMMIT DROP AS SELECT ${columnsOf(table)} FROM ${table} WHERE false`,
      ),
      [],
    );
}

export async function stage(on: Queries, batch: DumpBatch): Promise<void> {
  const { table } = batch;
  const columns = Object.entries(COLUMNS[table]);
  const rows: readonly StoredRow[] = batch.rows.map(row => ({ ...row }));
  const values = columns.map(([column]) => rows.map(row => toValue(column, row[column] ?? null)));
  await on.write(stagingOf(table, columns), values);
}

/** Writers wait from here on; readers go on with what was there. In the order in which writers take their locks. */
export async function lockWriters(on: Queries): Promise<void> {
  const tables = [...DUMPED_TABLES, 'cache_outbox'].join(', ');
  await on.write(statement('lock_writers', `LOCK TABLE ${tables} IN EXCLUSIVE MODE`), []);
}

/** Nobody who was shut out since the dump comes in by it. */
const KEEP_TOKEN =
  'ON CONFLICT (id) DO UPDATE SET revoked_at = coalesce(token.revoked_at, excluded.revoked_at)';

/** Puts what was staged in the place of what is there, and revisions above both. */
export async function replaceByStaged(on: Queries): Promise<DumpCounts> {
  for (const table of DUMPED_TABLES) {
    const columns = columnsOf(table);
    if (table !== 'token') await on.write(statement(`empty_${table}`, `DELETE FROM ${table}`), []);
    await on.write(
      statement(
        `fill_${table}`,
        `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM pg_temp.staged_${table} ${table === 'token' ? KEEP_TOKEN : ''}`,
      ),
      [],
    );
  }
  await on.write(statement('empty_outbox', 'DELETE FROM cache_outbox'), []);
  await on.write(
    statement(
      'raise_revisions',
      `SELECT setval('triterm_rev', greatest(
        (SELECT last_value FROM triterm_rev), (SELECT max(greatest(rev, owner_epoch)) FROM session)
      ))`,
    ),
    [],
  );
  return countRows(on, SCHEMA_VERSION);
}

function stagingOf(table: DumpedTable, columns: readonly (readonly [string, ColumnType])[]): Statement {
  const arrays = columns.map(([, type], i) => `$${i + 1}::${type}[]`).join(', ');
  return statement(`stage_${table}`, `INSERT INTO pg_temp.staged_${table} SELECT * FROM unnest(${arrays})`);
}

/** A document from another database may hold what JSONB can't, with which it could never be changed again. */
function toValue(column: string, value: string | number | null): string | number | null {
  return column === 'doc' && typeof value === 'string' ? docJson(value) : value;
}
