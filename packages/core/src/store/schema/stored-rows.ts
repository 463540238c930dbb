import type { SessionDoc } from '../../domain/index.ts';
import type { SocketRow } from '../database.ts';
import type { SessionRecord, SessionRow } from '../session-store.ts';
import type { SessionTable, SocketTable } from './tables.ts';

/** Rows as every database stores them, as the interfaces have them. */

export function toRecord(stored: SessionTable): SessionRecord {
  return stored.deleted_at === null ? toRow(stored) : { id: stored.id, rev: stored.rev, deleted: true };
}

export function toRow(stored: SessionTable): SessionRow {
  return {
    id: stored.id,
    rev: stored.rev,
    userId: stored.user_id,
    name: stored.name,
    ownerServer: stored.owner_server,
    ownerEpoch: stored.owner_epoch,
    state: stored.state,
    primarySocket: stored.primary_socket,
    doc: JSON.parse(stored.doc) as SessionDoc,
    createdAt: stored.created_at,
    updatedAt: stored.updated_at,
  };
}

export function toSocketRow(stored: SocketTable): SocketRow {
  return {
    socketId: stored.id,
    terminalId: stored.session_id,
    userId: stored.user_id,
    serverId: stored.server_id,
    incarnation: stored.incarnation,
    deviceId: stored.device_id,
    deviceName: stored.device_name,
    connectedAt: stored.connected_at,
  };
}
