import type { SocketFilter, SocketRow } from '../database.ts';
import { toSocketRow } from '../schema/stored-rows.ts';
import type { SocketTable } from '../schema/tables.ts';
import { type Connection, query } from './connection.ts';

export function putSockets(connection: Connection, sockets: readonly SocketRow[]): void {
  for (const socket of sockets) {
    const { session_id, id, ...columns } = toStored(socket);
    connection.run(
      query
        .insertInto('socket')
        .values({ session_id, id, ...columns })
        .onConflict(conflict => conflict.columns(['session_id', 'id']).doUpdateSet(columns)),
    );
  }
}

export function removeSockets(
  connection: Connection,
  sockets: readonly Pick<SocketRow, 'socketId' | 'terminalId'>[],
): void {
  for (const { socketId, terminalId } of sockets)
    connection.run(
      query.deleteFrom('socket').where('session_id', '=', terminalId).where('id', '=', socketId),
    );
}

export function reapSockets(
  connection: Connection,
  serverId: string,
  incarnation: number | undefined,
): number {
  const ofServer = query.deleteFrom('socket').where('server_id', '=', serverId);
  return connection.run(
    incarnation === undefined ? ofServer : ofServer.where('incarnation', '<', incarnation),
  );
}

export function listSockets(connection: Connection, filter: SocketFilter, limit: number): SocketRow[] {
  const { socketId, terminalId, userId, serverId } = filter;
  let found = query.selectFrom('socket').selectAll();
  if (terminalId !== undefined) found = found.where('session_id', '=', terminalId);
  if (socketId !== undefined) found = found.where('id', '=', socketId);
  if (userId !== undefined) found = found.where('user_id', '=', userId);
  if (serverId !== undefined) found = found.where('server_id', '=', serverId);
  const inOrder = found.orderBy('connected_at').orderBy('session_id').orderBy('id').limit(limit);
  return connection.all(inOrder).map(toSocketRow);
}

function toStored(socket: SocketRow): SocketTable {
  return {
    session_id: socket.terminalId,
    id: socket.socketId,
    server_id: socket.serverId,
    incarnation: socket.incarnation,
    user_id: socket.userId,
    device_id: socket.deviceId,
    device_name: socket.deviceName,
    connected_at: socket.connectedAt,
  };
}
