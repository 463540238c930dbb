import type { NewScreen, ScreenRow } from '../database.ts';
import { toScreenRow } from '../schema/stored-rows.ts';
import type { SessionScreenTable } from '../schema/tables.ts';
import { NOW_MS, type Queries, statement } from './statement.ts';

const COLUMNS = 'session_id, owner_epoch, stream_offset, cols, rows, content, at';

/**
 * The session's row is held meanwhile: one that is being deleted or claimed is waited for, and looked at again. In the order
 * of ids, so that two servers don't wait for each other's rows. Of several of one session the furthest is kept.
 */
const PUT = statement(
  'put_screens',
  `WITH told AS (
    SELECT told.* FROM unnest(
      $1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[]
    ) AS told (session_id, owner_epoch, stream_offset, cols, rows, content)
    JOIN session ON session.id = told.session_id
    WHERE session.deleted_at IS NULL AND session.owner_epoch = told.owner_epoch
    ORDER BY session.id FOR SHARE OF session
  )
  INSERT INTO session_screen (${COLUMNS})
  SELECT DISTINCT ON (session_id) session_id, owner_epoch, stream_offset, cols, rows, content, ${NOW_MS}
  FROM told ORDER BY session_id, stream_offset DESC
  ON CONFLICT (session_id) DO UPDATE SET
    owner_epoch = excluded.owner_epoch,
    stream_offset = excluded.stream_offset,
    cols = excluded.cols,
    rows = excluded.rows,
    content = excluded.content,
    at = excluded.at
  WHERE session_screen.owner_epoch <> excluded.owner_epoch
    OR session_screen.stream_offset <= excluded.stream_offset`,
);

/** None also where a release that knows no screens has deleted the session. */
const GET = statement(
  'get_screen',
  `SELECT ${COLUMNS} FROM session_screen WHERE session_id = $1
  AND EXISTS (SELECT FROM session WHERE session.id = session_id AND deleted_at IS NULL)`,
);

/** Also one that came in while the session was being deleted, which that did not see. */
const REMOVE = statement('remove_screen', 'DELETE FROM session_screen WHERE session_id = $1');

/** Those of sessions that are gone. */
const COLLECT = statement(
  'collect_screens',
  `DELETE FROM session_screen WHERE session_id IN (
    SELECT session_id FROM session_screen
    WHERE NOT EXISTS (SELECT FROM session WHERE session.id = session_id AND deleted_at IS NULL)
    FOR UPDATE SKIP LOCKED
  )`,
);

export async function putScreens(on: Queries, screens: readonly NewScreen[]): Promise<void> {
  if (screens.length === 0) return;
  await on.write(PUT, [
    screens.map(({ sessionId }) => sessionId),
    screens.map(({ ownerEpoch }) => ownerEpoch),
    screens.map(({ offset }) => offset),
    screens.map(({ cols }) => cols),
    screens.map(({ rows }) => rows),
    screens.map(({ content }) => content),
  ]);
}

/** Of a session that is made under an id that was there before: it is no screen of the new one. */
export async function removeScreen(on: Queries, sessionId: string): Promise<void> {
  await on.write(REMOVE, [sessionId]);
}

export async function getScreen(on: Queries, sessionId: string): Promise<ScreenRow | undefined> {
  const [stored] = await on.read<SessionScreenTable>(GET, [sessionId]);
  return stored === undefined ? undefined : toScreenRow(stored);
}

export async function collectScreens(on: Queries): Promise<void> {
  await on.write(COLLECT, []);
}
