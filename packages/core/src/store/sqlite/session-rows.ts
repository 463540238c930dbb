import { toRecord, toRow } from '../schema/stored-rows.ts';
import type { SessionTable } from '../schema/tables.ts';
import type { ListedSession, SessionRecord, SessionRow } from '../session-store.ts';
import { type Connection, query } from './connection.ts';

/** Sessions as they are read, in the store's thread. Throws what SQLite throws. */

export function findById(connection: Connection, id: string): SessionTable | undefined {
  return connection.first(query.selectFrom('session').selectAll().where('id', '=', id));
}

export function get(connection: Connection, id: string): SessionRow | undefined {
  return live(findById(connection, id));
}

export function read(connection: Connection, id: string): SessionRecord | undefined {
  const stored = findById(connection, id);
  return stored === undefined ? undefined : toRecord(stored);
}

export function getByName(connection: Connection, userId: string, name: string): SessionRow | undefined {
  return live(
    connection.first(
      query
        .selectFrom('session')
        .selectAll()
        .where('user_id', '=', userId)
        .where('name', '=', name)
        .where('deleted_at', 'is', null),
    ),
  );
}

const withActivity = () =>
  query
    .selectFrom('session')
    .leftJoin('session_activity', 'session_activity.id', 'session.id')
    .selectAll('session')
    .select(e =>
      e.fn<number>('max', ['created_at', e.fn.coalesce('last_activity_at', e.lit(0))]).as('active_at'),
    )
    .where('deleted_at', 'is', null);

export function list(connection: Connection, userId: string | undefined): ListedSession[] {
  const all = withActivity().orderBy('created_at').orderBy('rev');
  return connection
    .all(userId === undefined ? all : all.where('user_id', '=', userId))
    .map(stored => ({ ...toRow(stored), lastActivityAt: stored.active_at }));
}

export function recent(connection: Connection, limit: number): SessionRecord[] {
  return connection
    .all(withActivity().orderBy('active_at', 'desc').orderBy('rev', 'desc').limit(limit))
    .map(toRow);
}

/** A stored session as the interface has it; undefined when it was deleted. */
export function live(stored: SessionTable | undefined): SessionRow | undefined {
  return stored === undefined || stored.deleted_at !== null ? undefined : toRow(stored);
}
