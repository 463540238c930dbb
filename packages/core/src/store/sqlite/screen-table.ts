import type { NewScreen, ScreenRow } from '../database.ts';
import { toScreenRow } from '../schema/stored-rows.ts';
import { type Connection, query } from './connection.ts';

export function putScreens(connection: Connection, nowMs: number, screens: readonly NewScreen[]): void {
  for (const screen of screens) if (isNewer(connection, screen)) put(connection, nowMs, screen);
}

/** Undefined also where a release that knows no screens has deleted the session. */
export function getScreen(connection: Connection, sessionId: string): ScreenRow | undefined {
  const stored = connection.first(
    query
      .selectFrom('session_screen')
      .innerJoin('session', 'session.id', 'session_screen.session_id')
      .selectAll('session_screen')
      .where('session_id', '=', sessionId)
      .where('deleted_at', 'is', null),
  );
  return stored === undefined ? undefined : toScreenRow(stored);
}

export function removeScreen(connection: Connection, sessionId: string): void {
  connection.run(query.deleteFrom('session_screen').where('session_id', '=', sessionId));
}

/** Those of sessions that are gone. */
export function collectScreens(connection: Connection): void {
  connection.run(
    query
      .deleteFrom('session_screen')
      .where(
        'session_id',
        'not in',
        query.selectFrom('session').select('id').where('deleted_at', 'is', null),
      ),
  );
}

/** Whether it comes from the session's present owner, and is not behind what that has told already. */
function isNewer(connection: Connection, screen: NewScreen): boolean {
  const found = connection.first(
    query
      .selectFrom('session')
      .leftJoin('session_screen', join =>
        join
          .onRef('session_screen.session_id', '=', 'session.id')
          .onRef('session_screen.owner_epoch', '=', 'session.owner_epoch'),
      )
      .select('stream_offset')
      .where('session.id', '=', screen.sessionId)
      .where('session.owner_epoch', '=', screen.ownerEpoch)
      .where('deleted_at', 'is', null),
  );
  return found !== undefined && (found.stream_offset ?? 0) <= screen.offset;
}

function put(connection: Connection, nowMs: number, screen: NewScreen): void {
  const columns = {
    owner_epoch: screen.ownerEpoch,
    stream_offset: screen.offset,
    cols: screen.cols,
    rows: screen.rows,
    content: screen.content,
    at: nowMs,
  };
  connection.run(
    query
      .insertInto('session_screen')
      .values({ session_id: screen.sessionId, ...columns })
      .onConflict(conflict => conflict.column('session_id').doUpdateSet(columns)),
  );
}
