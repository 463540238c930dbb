import type { ConnectionRow, OwnedConnection } from '../database.ts';
import { tooManyConnections } from '../write-refusals.ts';
import { advisoryKey, LOCK } from './advisory-key.ts';
import { leaseHeld } from './server-table.ts';
import { type Queries, statement } from './statement.ts';

/** Connections of users over the network. */

const LIVE = leaseHeld('connection.server_id', 'connection.incarnation');

/** A repetition is no second one. */
const COUNT = statement(
  'count_connections',
  `SELECT count(*) AS open FROM connection WHERE user_id = $1 AND id <> $2 AND ${LIVE}`,
);

/** In the order of ids, so that two servers don't wait for each other's rows. */
const PUT = statement(
  'put_connections',
  `INSERT INTO connection (id, user_id, server_id, incarnation)
  SELECT id, user_id, $3, $4::bigint FROM unnest($1::text[], $2::text[]) AS told (id, user_id) ORDER BY id
  ON CONFLICT (id) DO UPDATE SET
    user_id = excluded.user_id,
    server_id = excluded.server_id,
    incarnation = excluded.incarnation
  WHERE connection.incarnation <= excluded.incarnation`,
);

const CLOSE = statement(
  'close_connections',
  `DELETE FROM connection WHERE id IN (
    SELECT id FROM connection WHERE id = ANY ($1::text[]) ORDER BY id FOR UPDATE
  )`,
);

/** What a later incarnation has told stands against one that comes late. */
const FORGET = statement(
  'forget_connections',
  `DELETE FROM connection WHERE id IN (
    SELECT id FROM connection WHERE server_id = $1 AND incarnation <= $2 ORDER BY id FOR UPDATE
  )`,
);

/** What is not counted any more, and never will be. */
const COLLECT = statement(
  'collect_connections',
  `DELETE FROM connection WHERE id IN (SELECT id FROM connection WHERE NOT ${LIVE} FOR UPDATE SKIP LOCKED)`,
);

/** A user's take turns, so that the limit counts what the one before has entered. */
export function openConnection(
  on: Queries,
  { id, userId, serverId, incarnation }: OwnedConnection,
  limit: number,
): Promise<void> {
  return on.exclusively([advisoryKey(LOCK.connections, userId)], async within => {
    const [counted] = await within.read<{ open: number }>(COUNT, [userId, id]);
    const open = counted?.open ?? 0;
    if (open >= limit) throw tooManyConnections(userId, open, limit);
    await within.write(PUT, [[id], [userId], serverId, incarnation]);
  });
}

export async function closeConnections(on: Queries, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await on.write(CLOSE, [ids]);
}

export function replaceConnections(
  on: Queries,
  serverId: string,
  incarnation: number,
  connections: readonly ConnectionRow[],
): Promise<void> {
  // One statement can't write a row twice.
  const rows = [...new Map(connections.map(row => [row.id, row])).values()];
  return on.transaction(async within => {
    await within.write(FORGET, [serverId, incarnation]);
    if (rows.length === 0) return;
    await within.write(PUT, [
      rows.map(({ id }) => id),
      rows.map(({ userId }) => userId),
      serverId,
      incarnation,
    ]);
  });
}

export async function collectConnections(on: Queries): Promise<void> {
  await on.write(COLLECT, []);
}
