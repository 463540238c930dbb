import type { SocketFilter, SocketRow } from '../database.ts';
import { toSocketRow } from '../schema/stored-rows.ts';
import type { SocketTable } from '../schema/tables.ts';
import { type Queries, statement } from './statement.ts';

const COLUMNS = 'session_id, id, server_id, incarnation, user_id, device_id, device_name, connected_at';

/** In the order of their keys, so that two servers don't wait for each other's rows. */
const PUT = statement(
  'put_sockets',
  `INSERT INTO socket (${COLUMNS})
  SELECT * FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::bigint[]
  ) AS told (${COLUMNS}) ORDER BY session_id, id
  ON CONFLICT (session_id, id) DO UPDATE SET
    server_id = excluded.server_id,
    incarnation = excluded.incarnation,
    user_id = excluded.user_id,
    device_id = excluded.device_id,
    device_name = excluded.device_name,
    connected_at = excluded.connected_at`,
);

const REMOVE = statement(
  'remove_sockets',
  `DELETE FROM socket WHERE (session_id, id) IN (
    SELECT socket.session_id, socket.id FROM socket
    JOIN unnest($1::text[], $2::text[]) AS gone (session_id, id) USING (session_id, id)
    ORDER BY 1, 2 FOR UPDATE OF socket
  )`,
);

const REAP = statement(
  'reap_sockets',
  `WITH reaped AS (
    DELETE FROM socket WHERE (session_id, id) IN (
      SELECT session_id, id FROM socket
      WHERE server_id = $1 AND ($2::bigint IS NULL OR incarnation < $2)
      ORDER BY session_id, id FOR UPDATE
    ) RETURNING id
  ) SELECT count(*) AS count FROM reaped`,
);

export async function putSockets(on: Queries, sockets: readonly SocketRow[]): Promise<void> {
  // One statement can't write a row twice; the last word counts.
  const rows = [
    ...new Map(sockets.map(row => [JSON.stringify([row.terminalId, row.socketId]), row])).values(),
  ];
  if (rows.length === 0) return;
  await on.write(PUT, [
    rows.map(row => row.terminalId),
    rows.map(row => row.socketId),
    rows.map(row => row.serverId),
    rows.map(row => row.incarnation),
    rows.map(row => row.userId),
    rows.map(row => row.deviceId),
    rows.map(row => row.deviceName),
    rows.map(row => row.connectedAt),
  ]);
}

export async function removeSockets(
  on: Queries,
  sockets: readonly Pick<SocketRow, 'socketId' | 'terminalId'>[],
): Promise<void> {
  if (sockets.length === 0) return;
  await on.write(REMOVE, [sockets.map(row => row.terminalId), sockets.map(row => row.socketId)]);
}

export async function reapSockets(
  on: Queries,
  serverId: string,
  incarnation: number | undefined,
): Promise<number> {
  const [reaped] = await on.write<{ count: number }>(REAP, [serverId, incarnation ?? null]);
  return reaped?.count ?? 0;
}

export async function listSockets(on: Queries, filter: SocketFilter, limit: number): Promise<SocketRow[]> {
  const { terminalId, socketId, userId, serverId } = filter;
  const columns = { session_id: terminalId, id: socketId, user_id: userId, server_id: serverId };
  const given = Object.entries(columns).flatMap(([column, value]) =>
    value === undefined ? [] : [{ column, value }],
  );
  // One statement for each set of columns, so that each can use its index.
  const list = statement(
    `list_sockets_by_${given.map(({ column }) => column).join('_')}`,
    `SELECT ${COLUMNS} FROM socket
    WHERE ${['true', ...given.map(({ column }, i) => `${column} = $${i + 2}`)].join(' AND ')}
    ORDER BY connected_at, session_id, id LIMIT $1`,
  );
  const found = await on.read<SocketTable>(list, [limit, ...given.map(({ value }) => value)]);
  return found.map(toSocketRow);
}
