import { sql } from 'kysely';
import { type Connection, query } from './connection.ts';

/** Reads a member of `meta`; undefined when there is none, or not even the table. */
export function readMeta(connection: Connection, key: string): string | undefined {
  return connection.first(query.selectFrom('meta').select('v').where('k', '=', key))?.v;
}

export function writeMeta(connection: Connection, key: string, value: string): void {
  connection.run(
    query
      .insertInto('meta')
      .values({ k: key, v: value })
      .onConflict(conflict => conflict.column('k').doUpdateSet({ v: value })),
  );
}

/**
 * The next revision. Within the transaction that uses it, so that revisions are in commit order; the counter is never set
 * back, deletes neither.
 */
export function nextRev(connection: Connection): number {
  const raised = connection.first(
    query
      .updateTable('meta')
      .set({ v: sql<string>`cast(cast(v as bigint) + 1 as text)` })
      .where('k', '=', 'rev')
      .returning('v'),
  );
  if (raised === undefined) throw new Error('meta has no revision counter');
  return Number(raised.v);
}
