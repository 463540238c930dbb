import { TermError } from '../../errors/index.ts';
import { toRecord, toRow } from '../schema/stored-rows.ts';
import type { SessionTable as StoredSession } from '../schema/tables.ts';
import {
  type ListedSession,
  presentRow,
  type SessionChange,
  type SessionRecord,
  type SessionRow,
  type Tombstone,
  type WriteGuard,
} from '../session-store.ts';
import { leaseLost, nameTaken, noSuchSession, ownerAlive, refuseStale, stale } from '../write-refusals.ts';
import { collectConnections } from './connection-table.ts';
import { collectScreens } from './screen-table.ts';
import { holdsLease, isOwnerAlive, isOwnerGone, leaseHeld, ownerBefore } from './server-table.ts';
import { COLUMNS, docJson, type ListedRow, toListed } from './session-rows.ts';
import { NOW_MS, type Queries, statement } from './statement.ts';
import { collectTokens } from './token-table.ts';

/** Deleted rows that one statement removes: more would not be done before the server cuts it off. */
const COLLECT_ROWS = 5000;
/** Of a write that finds its session between a deletion and a creation. */
const WRITE_ATTEMPTS = 5;

export const READ = statement('read', `SELECT ${COLUMNS} FROM session WHERE id = $1`);

const BY_NAME = statement(
  'by_name',
  `SELECT ${COLUMNS} FROM session WHERE user_id = $1 AND name = $2 AND deleted_at IS NULL`,
);

const LISTED = `SELECT ${COLUMNS}, last_activity_at FROM session LEFT JOIN session_activity USING (id)`;

const LIST = statement('list', `${LISTED} WHERE deleted_at IS NULL ORDER BY created_at, rev`);
const LIST_OF_USER = statement(
  'list_of_user',
  `${LISTED} WHERE user_id = $1 AND deleted_at IS NULL ORDER BY created_at, rev`,
);

const RECENT = statement(
  'recent',
  `${LISTED} WHERE deleted_at IS NULL ORDER BY greatest(created_at, last_activity_at) DESC, rev DESC LIMIT $1`,
);

/** The row of the first CTE goes to the outbox in the same statement. */
export const marked = (source: string): string => `marked AS (
    INSERT INTO cache_outbox (id, rev, at) SELECT id, rev, ${NOW_MS} FROM ${source}
    ON CONFLICT (id) DO UPDATE SET rev = excluded.rev, at = excluded.at
  )`;

/**
 * The revision is taken in SET, which is computed again on the row that a wait for its lock has ended with. Taken before, it would
 * be of the time before the wait, and commit out of order. In a claim the row of the owner before is locked: should that server be
 * about to come back, it waits, and finds the session claimed.
 */
const CHANGE = statement(
  'change',
  `WITH ${ownerBefore('$1', '$5::text', 'FOR SHARE OF server')}, changed AS (
    UPDATE session SET
      rev = nextval('triterm_rev'),
      name = coalesce($4, name),
      owner_server = coalesce($5::text, owner_server),
      owner_epoch = CASE WHEN $5::text IS NULL THEN owner_epoch ELSE currval('triterm_rev') END,
      state = coalesce($6, state),
      primary_socket = CASE WHEN $7::boolean THEN $8 ELSE primary_socket END,
      doc = CASE WHEN $9::text IS NULL THEN doc ELSE (doc::jsonb || $9::jsonb)::text END,
      updated_at = ${NOW_MS}
    WHERE id = $1 AND deleted_at IS NULL
      AND rev = coalesce($2, rev) AND owner_epoch = coalesce($3, owner_epoch)
      AND ($10::bigint IS NULL OR ${leaseHeld('coalesce($5::text, session.owner_server)', '$10')})
      AND ($5::text IS NULL OR ${isOwnerGone('session.owner_server')})
    RETURNING ${COLUMNS}
  ), ${marked('changed')}
  SELECT ${COLUMNS} FROM changed`,
);

const DELETE = statement(
  'delete',
  `WITH changed AS (
    UPDATE session SET
      rev = nextval('triterm_rev'),
      primary_socket = NULL,
      updated_at = ${NOW_MS},
      deleted_at = ${NOW_MS}
    WHERE id = $1 AND deleted_at IS NULL
      AND rev = coalesce($2, rev) AND owner_epoch = coalesce($3, owner_epoch)
      AND ($4::bigint IS NULL OR ${leaseHeld('session.owner_server', '$4')})
    RETURNING id, rev
  ), ${marked('changed')}, blank AS (
    DELETE FROM session_screen USING changed WHERE session_id = changed.id
  )
  SELECT id, rev FROM changed`,
);

/** In the order of ids, so that two servers don't wait for each other's rows. */
const RECORD_ACTIVITY = statement(
  'record_activity',
  `INSERT INTO session_activity (id, last_activity_at)
  SELECT * FROM unnest($1::text[], $2::bigint[]) AS told (id, at) ORDER BY id
  ON CONFLICT (id) DO UPDATE SET
    last_activity_at = greatest(session_activity.last_activity_at, excluded.last_activity_at)`,
);

const COLLECT = statement(
  'collect',
  `WITH
    old AS (SELECT id FROM session WHERE deleted_at < $1 LIMIT ${COLLECT_ROWS} FOR UPDATE SKIP LOCKED),
    gone AS (DELETE FROM session USING old WHERE session.id = old.id RETURNING session.id),
    forgotten AS (
      DELETE FROM idempotency
      WHERE key IN (SELECT key FROM idempotency WHERE at < $1 LIMIT ${COLLECT_ROWS} FOR UPDATE SKIP LOCKED)
      RETURNING key
    )
  SELECT (SELECT count(*) FROM gone) AS sessions, (SELECT count(*) FROM forgotten) AS keys`,
);

const COLLECT_ACTIVITY = statement(
  'collect_activity',
  `DELETE FROM session_activity WHERE id IN (
    SELECT a.id FROM session_activity AS a
    WHERE NOT EXISTS (SELECT FROM session AS s WHERE s.id = a.id AND s.deleted_at IS NULL)
    FOR UPDATE OF a SKIP LOCKED
  )`,
);

/** A session or tombstone, as it was committed when the statement began. */
export async function read(on: Queries, id: string): Promise<SessionRecord | undefined> {
  const [stored] = await on.read<StoredSession>(READ, [id]);
  return stored === undefined ? undefined : toRecord(stored);
}

export async function getByName(on: Queries, userId: string, name: string): Promise<SessionRow | undefined> {
  const [stored] = await on.read<StoredSession>(BY_NAME, [userId, name]);
  return stored === undefined ? undefined : toRow(stored);
}

export async function list(on: Queries, userId: string | undefined): Promise<ListedSession[]> {
  const found =
    userId === undefined
      ? await on.read<ListedRow>(LIST, [])
      : await on.read<ListedRow>(LIST_OF_USER, [userId]);
  return found.map(toListed);
}

export async function recent(on: Queries, limit: number): Promise<SessionRecord[]> {
  return (await on.read<ListedRow>(RECENT, [limit])).map(toRow);
}

/** With `claimant`, the session's owner becomes that server, fenced by the new revision; rejects with OWNER_ALIVE then, too. */
export async function change(
  on: Queries,
  id: string,
  guard: WriteGuard,
  wanted: SessionChange,
  claimant?: string,
): Promise<SessionRow> {
  const { name, state, primarySocket, doc } = wanted;
  const values = [
    id,
    guard.rev ?? null,
    guard.ownerEpoch ?? null,
    name ?? null,
    claimant ?? null,
    state ?? null,
    primarySocket !== undefined,
    primarySocket ?? null,
    doc === undefined ? null : docJson(doc),
    guard.incarnation ?? null,
  ];
  const changed = await guarded(on, id, guard, claimant, () =>
    named(name, on.write<StoredSession>(CHANGE, values)),
  );
  if (changed === undefined) throw noSuchSession(id);
  return toRow(changed);
}

export async function remove(on: Queries, id: string, guard: WriteGuard): Promise<Tombstone | undefined> {
  const values = [id, guard.rev ?? null, guard.ownerEpoch ?? null, guard.incarnation ?? null];
  const gone = await guarded(on, id, guard, undefined, () =>
    on.write<Pick<StoredSession, 'id' | 'rev'>>(DELETE, values),
  );
  return gone === undefined ? undefined : { id: gone.id, rev: gone.rev, deleted: true };
}

/**
 * What the write has changed; undefined when there is no such session. Rejects with STALE_REVISION or LEASE_LOST when the guard
 * does not hold. The reason is read afterwards: should the session have been made again meanwhile, the write is tried again.
 * `claimant` is the writing server where it is not the session's owner.
 */
async function guarded<T>(
  on: Queries,
  id: string,
  guard: WriteGuard,
  claimant: string | undefined,
  write: () => Promise<T[]>,
): Promise<T | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const [changed] = await write();
    if (changed !== undefined) return changed;
    const present = presentRow(await read(on, id));
    if (present === undefined) return undefined;
    refuseStale(present, guard);
    const { incarnation } = guard;
    const writer = claimant ?? present.ownerServer;
    if (incarnation !== undefined && !(await holdsLease(on, writer, incarnation)))
      throw leaseLost(writer, incarnation);
    if (claimant !== undefined && (await isOwnerAlive(on, id, claimant)))
      throw ownerAlive(present.name, present.ownerServer);
    if (attempt >= WRITE_ATTEMPTS) throw stale(present, guard);
  }
}

export async function recordActivity(on: Queries, activity: ReadonlyMap<string, number>): Promise<void> {
  if (activity.size > 0) await on.write(RECORD_ACTIVITY, [[...activity.keys()], [...activity.values()]]);
}

export async function collect(on: Queries, deletedBefore: number): Promise<number> {
  let total = 0;
  for (;;) {
    const [counted] = await on.write<{ sessions: number; keys: number }>(COLLECT, [deletedBefore]);
    const { sessions = 0, keys = 0 } = counted ?? {};
    total += sessions + keys;
    if (sessions < COLLECT_ROWS && keys < COLLECT_ROWS) break;
  }
  await on.write(COLLECT_ACTIVITY, []);
  await collectScreens(on);
  await collectConnections(on);
  return total + (await collectTokens(on, deletedBefore));
}

/** The unique index knows that a name is taken, and the caller which. */
export async function named<T>(name: string | undefined, write: Promise<T>): Promise<T> {
  try {
    return await write;
  } catch (thrown) {
    if (name !== undefined && thrown instanceof TermError && thrown.code === 'NAME_TAKEN')
      throw nameTaken(name, undefined, thrown);
    throw thrown;
  }
}
