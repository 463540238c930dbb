import type { ExpressionBuilder } from 'kysely';
import type { ConnectionRow, OwnedConnection } from '../database.ts';
import type { Tables } from '../schema/tables.ts';
import { tooManyConnections } from '../write-refusals.ts';
import { type Connection, query } from './connection.ts';

/** Connections of users over the network, in the store's thread. */

/** Whether the incarnation that has it is its server's present one, and the lease has not lapsed. */
const isLive = (e: ExpressionBuilder<Tables, 'connection'>, nowMs: number) =>
  e.exists(
    e
      .selectFrom('server')
      .select('server.id')
      .whereRef('server.id', '=', 'connection.server_id')
      .whereRef('server.incarnation', '=', 'connection.incarnation')
      .where('server.lease_until', '>', nowMs),
  );

export function openConnection(
  connection: Connection,
  nowMs: number,
  row: OwnedConnection,
  limit: number,
): void {
  const counted = connection.first(
    query
      .selectFrom('connection')
      .select(e => e.fn.countAll<number>().as('open'))
      .where('user_id', '=', row.userId)
      // A repetition is no second one.
      .where('connection.id', '!=', row.id)
      .where(e => isLive(e, nowMs)),
  );
  const open = counted?.open ?? 0;
  if (open >= limit) throw tooManyConnections(row.userId, open, limit);
  put(connection, row.serverId, row.incarnation, row);
}

export function closeConnections(connection: Connection, ids: readonly string[]): void {
  for (const id of ids) connection.run(query.deleteFrom('connection').where('id', '=', id));
}

export function replaceConnections(
  connection: Connection,
  serverId: string,
  incarnation: number,
  rows: readonly ConnectionRow[],
): void {
  connection.run(
    query
      .deleteFrom('connection')
      .where('server_id', '=', serverId)
      // What a later incarnation has told stands against one that comes late.
      .where('incarnation', '<=', incarnation),
  );
  for (const row of rows) put(connection, serverId, incarnation, row);
}

/** What is not counted any more, and never will be. */
export function collectConnections(connection: Connection, nowMs: number): void {
  connection.run(query.deleteFrom('connection').where(e => e.not(isLive(e, nowMs))));
}

function put(
  connection: Connection,
  serverId: string,
  incarnation: number,
  { id, userId }: ConnectionRow,
): void {
  const columns = { user_id: userId, server_id: serverId, incarnation };
  connection.run(
    query
      .insertInto('connection')
      .values({ id, ...columns })
      .onConflict(conflict =>
        conflict
          .column('id')
          .doUpdateSet(columns)
          .whereRef('connection.incarnation', '<=', 'excluded.incarnation'),
      ),
  );
}
