import type { SessionDoc } from '../../domain/index.ts';
import { toRow } from '../schema/stored-rows.ts';
import type { SessionTable } from '../schema/tables.ts';
import type { ListedSession } from '../session-store.ts';

/** Columns of `session`. Named one by one: a newer release's columns change no prepared statement. */
export const COLUMNS =
  'id, rev, user_id, name, owner_server, owner_epoch, state, primary_socket, doc, created_at, updated_at, deleted_at';

export type ListedRow = SessionTable & { last_activity_at: number | null };

export function toListed(stored: ListedRow): ListedSession {
  return {
    ...toRow(stored),
    lastActivityAt: Math.max(stored.created_at, stored.last_activity_at ?? 0),
  };
}

/** A document, or its JSON, as JSONB takes it: neither NUL nor half a surrogate pair. */
export function docJson(doc: Partial<SessionDoc> | string): string {
  const json = typeof doc === 'string' ? doc : JSON.stringify(doc);
  return /\\u(0000|d[89a-f])/i.test(json) ? JSON.stringify(JSON.parse(json), clean) : json;
}

function clean(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll('\0', '\uFFFD').toWellFormed() : value;
}
