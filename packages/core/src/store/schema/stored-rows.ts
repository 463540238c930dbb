import type { SessionDoc } from '../../domain/index.ts';
import type { ScreenRow, SocketRow, TokenRow } from '../database.ts';
import type { SessionHead, SessionRecord, SessionRow } from '../session-store.ts';
import type { SessionScreenTable, SessionTable, SocketTable, TokenTable } from './tables.ts';

/** Rows as every database stores them, as the interfaces have them. */

export function toRecord(stored: SessionTable): SessionRecord {
  return stored.deleted_at === null ? toRow(stored) : { id: stored.id, rev: stored.rev, deleted: true };
}

export function toRow(stored: SessionTable): SessionRow {
  return { ...toHead(stored), doc: JSON.parse(stored.doc) as SessionDoc };
}

/** What guards look at: it can be read though the document can't. */
export function toHead(stored: SessionTable): SessionHead {
  return {
    id: stored.id,
    rev: stored.rev,
    userId: stored.user_id,
    name: stored.name,
    ownerServer: stored.owner_server,
    ownerEpoch: stored.owner_epoch,
    state: stored.state,
    primarySocket: stored.primary_socket,
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

/** `nowMs`: by the database's clock. */
export function toTokenRow(stored: TokenTable, nowMs: number): TokenRow {
  return {
    id: stored.id,
    userId: stored.user_id,
    scope: stored.scope,
    sessionId: stored.session_id,
    hash: stored.hash,
    label: stored.label,
    createdAt: stored.created_at,
    expiresAt: stored.expires_at,
    revokedAt: stored.revoked_at,
    lastUsedAt: stored.last_used_at,
    expired: stored.expires_at !== null && stored.expires_at <= nowMs,
  };
}

export function toScreenRow(stored: SessionScreenTable): ScreenRow {
  return {
    sessionId: stored.session_id,
    ownerEpoch: stored.owner_epoch,
    offset: stored.stream_offset,
    cols: stored.cols,
    rows: stored.rows,
    content: stored.content,
    at: stored.at,
  };
}
