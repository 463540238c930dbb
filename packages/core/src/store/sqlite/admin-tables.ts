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
import { type Connection, query } from './connection.ts';

/** The columns that this release knows, the key first. */
const COLUMNS: { readonly [T in DumpedTable]: readonly (keyof Tables[T] & string)[] } = {
  session: [
    'id',
    'rev',
    'user_id',
    'name',
    'owner_server',
    'owner_epoch',
    'state',
    'primary_socket',
    'doc',
    'created_at',
    'updated_at',
    'deleted_at',
  ],
  session_activity: ['id', 'last_activity_at'],
  idempotency: ['key', 'result', 'at'],
  token: [
    'id',
    'user_id',
    'scope',
    'session_id',
    'hash',
    'label',
    'created_at',
    'expires_at',
    'revoked_at',
    'last_used_at',
  ],
  session_screen: ['session_id', 'owner_epoch', 'stream_offset', 'cols', 'rows', 'content', 'at'],
};

/** All rows of the dumped tables, batch by batch, in the transaction that is open. */
export function* dumpedBatches(connection: Connection, schema: number): Generator<DumpBatch, undefined> {
  for (const table of dumpedTables(schema)) {
    const [key = ''] = COLUMNS[table];
    const page = connection.database.prepare<[string, number], Record<string, string | number | null>>(
      `SELECT ${COLUMNS[table].join(', ')} FROM ${table} WHERE ${key} > ? ORDER BY ${key} LIMIT ?`,
    );
    for (let after = ''; ; ) {
      const rows = page.all(after, batchRows(table));
      // The columns make them rows of this table.
      if (rows.length > 0) yield { table, rows } as unknown as DumpBatch;
      if (rows.length < batchRows(table)) break;
      after = String(rows.at(-1)?.[key]);
    }
  }
  return undefined;
}

export function countRows(connection: Connection, schema: number): DumpCounts {
  const counts = { ...NO_ROWS };
  for (const table of dumpedTables(schema)) counts[table] = connection.first(countOf(table))?.count ?? 0;
  return counts;
}

const countOf = (table: DumpedTable) =>
  query.selectFrom(table).select(e => e.fn.countAll<number>().as('count'));

/** Tables of this connection alone, in a file of SQLite's own that goes with it: filling them locks nobody out. */
export function makeStaging(connection: Connection): void {
  for (const table of DUMPED_TABLES) {
    const columns = COLUMNS[table].join(', ');
    connection.database.exec(
      `CREATE TEMP TABLE staged_${table} AS SELECT ${columns} FROM main.${table} WHERE false`,
    );
  }
}

export function stage(connection: Connection, { table, rows }: DumpBatch): void {
  const { database } = connection;
  const values = COLUMNS[table].map(column => `@${column}`).join(', ');
  const insert = database.prepare(`INSERT INTO temp.staged_${table} VALUES (${values})`);
  database.transaction(() => {
    for (const row of rows) insert.run(row);
  })();
}

/** Nobody who was shut out since the dump comes in by it. `WHERE true` tells SQLite that no join follows. */
const KEEP_TOKEN =
  'WHERE true ON CONFLICT (id) DO UPDATE SET revoked_at = coalesce(token.revoked_at, excluded.revoked_at)';

/** Puts what was staged in the place of what is there, within the transaction that is open. */
export function replaceByStaged(connection: Connection): DumpCounts {
  const { database } = connection;
  for (const table of DUMPED_TABLES) {
    const columns = COLUMNS[table].join(', ');
    if (table !== 'token') database.exec(`DELETE FROM main.${table}`);
    database.exec(
      `INSERT INTO main.${table} (${columns}) SELECT ${columns} FROM temp.staged_${table} ${table === 'token' ? KEEP_TOKEN : ''}`,
    );
  }
  database.exec('DELETE FROM main.cache_outbox');
  database.exec(
    `UPDATE main.meta SET v = cast(max(cast(v AS INTEGER),
       coalesce((SELECT max(rev) FROM temp.staged_session), 0),
       coalesce((SELECT max(owner_epoch) FROM temp.staged_session), 0)) AS TEXT)
     WHERE k = 'rev'`,
  );
  return countRows(connection, SCHEMA_VERSION);
}
