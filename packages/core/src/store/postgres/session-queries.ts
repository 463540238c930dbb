import { TermError } from '../../errors/index.ts';
import { toRecord, toRow } from '../schema/stored-rows.ts';
import type { SessionTable as StoredSession } from '../schema/tables.ts';
import {
  type CreateOptions,
  isTombstone,
  type ListedSession,
  type NewSession,
  type SessionChange,
  type SessionRecord,
  type SessionRow,
  type Tombstone,
  type WriteGuard,
} from '../session-store.ts';
import { advisoryKey, LOCK } from './advisory-key.ts';
import { COLUMNS, docJson, type ListedRow, toListed } from './session-rows.ts';
import { NOW_MS, type Queries, statement } from './statement.ts';

/** Deleted rows that one statement removes: more would not be done before the server cuts it off. */
const COLLECT_ROWS = 5000;
/** Of a write that finds its session between a deletion and a creation. */
const WRITE_ATTEMPTS = 5;

const READ = statement('read', `SELECT ${COLUMNS} FROM session WHERE id = $1`);

const BY_NAME = statement(
  'by_name',
  `SELECT ${COLUMNS} FROM session WHERE user_id = $1 AND name = $2 AND deleted_at IS NULL`,
);

const LISTED = `SELECT ${COLUMNS}, last_activity_at FROM session LEFT JOIN session_activity USING (id)`;

const LIST = statement(
  'list',
  `${LISTED} WHERE user_id = $1 AND deleted_at IS NULL ORDER BY created_at, rev`,
);

const RECENT = statement(
  'recent',
  `${LISTED} WHERE deleted_at IS NULL ORDER BY greatest(created_at, last_activity_at) DESC, rev DESC LIMIT $1`,
);

/** What a new session has to be compared with, under the lock of its user. */
const BEFORE_CREATE = statement(
  'before_create',
  `SELECT
    (SELECT result FROM idempotency WHERE key = $1) AS made,
    (SELECT id FROM session WHERE user_id = $2 AND name = $3 AND deleted_at IS NULL) AS holder,
    (SELECT count(*) FROM session WHERE user_id = $2 AND deleted_at IS NULL AND state = 'running') AS running`,
);

/** The row of the first CTE goes to the outbox in the same statement. */
const marked = (source: string): string => `marked AS (
    INSERT INTO cache_outbox (id, rev, at) SELECT id, rev, ${NOW_MS} FROM ${source}
    ON CONFLICT (id) DO UPDATE SET rev = excluded.rev, at = excluded.at
  )`;

/**
 * A deleted row of the same id is a tombstone, whose place is taken under a higher revision: its number is taken in DO UPDATE,
 * under the row's lock. `currval` is the number that `nextval` gave before it in the same row: columns are computed in their order.
 */
const CREATE = statement(
  'create',
  `WITH made AS (
    INSERT INTO session (${COLUMNS})
    SELECT $1, nextval('triterm_rev'), $2, $3, $4, currval('triterm_rev'), $5, NULL, $6, at, at, NULL
    FROM (SELECT ${NOW_MS} AS at OFFSET 0) AS clock
    ON CONFLICT (id) DO UPDATE SET
      rev = nextval('triterm_rev'),
      user_id = excluded.user_id,
      name = excluded.name,
      owner_server = excluded.owner_server,
      owner_epoch = currval('triterm_rev'),
      state = excluded.state,
      primary_socket = NULL,
      doc = excluded.doc,
      created_at = excluded.created_at,
      updated_at = excluded.updated_at,
      deleted_at = NULL
    WHERE session.deleted_at IS NOT NULL
    RETURNING ${COLUMNS}
  ), ${marked('made')}, kept AS (
    INSERT INTO idempotency (key, result, at) SELECT $7, id, created_at FROM made WHERE $7::text IS NOT NULL
    ON CONFLICT (key) DO UPDATE SET result = excluded.result, at = excluded.at
  )
  SELECT ${COLUMNS} FROM made`,
);

/**
 * The revision is taken in SET, which is computed again on the row that a wait for its lock has ended with. Taken before, it would
 * be of the time before the wait, and commit out of order.
 */
const CHANGE = statement(
  'change',
  `WITH changed AS (
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
    RETURNING id, rev
  ), ${marked('changed')}
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

const LOCK_FOR_CREATE = statement('lock_for_create', 'SELECT pg_advisory_xact_lock($1)');

/** A session or tombstone, as it was committed when the statement began. */
export async function read(on: Queries, id: string): Promise<SessionRecord | undefined> {
  const [stored] = await on.read<StoredSession>(READ, [id]);
  return stored === undefined ? undefined : toRecord(stored);
}

export async function getByName(on: Queries, userId: string, name: string): Promise<SessionRow | undefined> {
  const [stored] = await on.read<StoredSession>(BY_NAME, [userId, name]);
  return stored === undefined ? undefined : toRow(stored);
}

export async function list(on: Queries, userId: string): Promise<ListedSession[]> {
  return (await on.read<ListedRow>(LIST, [userId])).map(toListed);
}

export async function recent(on: Queries, limit: number): Promise<SessionRecord[]> {
  return (await on.read<ListedRow>(RECENT, [limit])).map(toRow);
}

/** Creations of one user take turns, so that the limit counts what the one before has made. */
export function create(on: Queries, session: NewSession, options: CreateOptions): Promise<SessionRow> {
  return on.transaction(async within => {
    const { id, userId, name, ownerServer, state, doc } = session;
    const { limit, idempotencyKey } = options;
    await within.read(LOCK_FOR_CREATE, [advisoryKey(LOCK.user, userId)]);
    // A key is used by one user; should another one use it too, he waits here.
    if (idempotencyKey !== undefined)
      await within.read(LOCK_FOR_CREATE, [advisoryKey(LOCK.idempotency, idempotencyKey)]);
    const [found] = await within.read<{ made: string | null; holder: string | null; running: number }>(
      BEFORE_CREATE,
      [idempotencyKey ?? null, userId, name],
    );
    const { made = null, holder = null, running = 0 } = found ?? {};
    if (made !== null) {
      const [stored] = await within.read<StoredSession>(READ, [made]);
      if (stored !== undefined) return stillThere(stored);
    }
    if (state === 'running' && running >= limit)
      throw new TermError(
        'TOO_MANY_SESSIONS',
        `There are ${running} running sessions, ${limit} are allowed.`,
        {
          details: { running, limit },
        },
      );
    if (holder !== null && holder !== id) throw nameTaken(name, holder);
    const values = [id, userId, name, ownerServer, state, docJson(doc), idempotencyKey ?? null];
    const [stored] = await named(name, within.write<StoredSession>(CREATE, values));
    if (stored === undefined) throw new TermError('NAME_TAKEN', `There is a session with the id ${id}.`);
    return toRow(stored);
  });
}

/** A repetition makes nothing anew, nor does it bring back what was deleted since. */
function stillThere(made: StoredSession): SessionRow {
  if (made.deleted_at !== null)
    throw new TermError(
      'SESSION_NOT_FOUND',
      `Session ${made.name} was made by this request, and removed since.`,
    );
  return toRow(made);
}

/** With `claimant`, the session's owner becomes that server, fenced by the new revision. */
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
  ];
  const changed = await guarded(on, id, guard, () => named(name, on.write<StoredSession>(CHANGE, values)));
  if (changed === undefined) throw new TermError('SESSION_NOT_FOUND', `There is no session ${id}.`);
  return toRow(changed);
}

export async function remove(on: Queries, id: string, guard: WriteGuard): Promise<Tombstone | undefined> {
  const values = [id, guard.rev ?? null, guard.ownerEpoch ?? null];
  const gone = await guarded(on, id, guard, () =>
    on.write<Pick<StoredSession, 'id' | 'rev'>>(DELETE, values),
  );
  return gone === undefined ? undefined : { id: gone.id, rev: gone.rev, deleted: true };
}

/**
 * What the write has changed; undefined when there is no such session. Rejects with STALE_REVISION when the guard does not
 * hold. The reason is read afterwards: should the session have been made again meanwhile, the write is tried again.
 */
async function guarded<T>(
  on: Queries,
  id: string,
  guard: WriteGuard,
  write: () => Promise<T[]>,
): Promise<T | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const [changed] = await write();
    if (changed !== undefined) return changed;
    const present = await read(on, id);
    if (present === undefined || isTombstone(present)) return undefined;
    if (attempt >= WRITE_ATTEMPTS || !holds(guard, present)) throw stale(present, guard);
  }
}

function holds({ rev, ownerEpoch }: WriteGuard, row: SessionRow): boolean {
  return (rev ?? row.rev) === row.rev && (ownerEpoch ?? row.ownerEpoch) === row.ownerEpoch;
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
  return total;
}

function stale(row: SessionRow, { ownerEpoch = row.ownerEpoch }: WriteGuard): TermError {
  const what =
    ownerEpoch === row.ownerEpoch ? 'was changed by somebody else' : `belongs to ${row.ownerServer} since`;
  return new TermError('STALE_REVISION', `Session ${row.name} ${what}.`, {
    details: { id: row.id, rev: row.rev, ownerEpoch: row.ownerEpoch },
  });
}

/** The unique index knows that a name is taken, and the caller which. */
async function named<T>(name: string | undefined, write: Promise<T>): Promise<T> {
  try {
    return await write;
  } catch (thrown) {
    if (name !== undefined && thrown instanceof TermError && thrown.code === 'NAME_TAKEN')
      throw nameTaken(name, undefined, thrown);
    throw thrown;
  }
}

function nameTaken(name: string, id: string | undefined, cause?: unknown): TermError {
  return new TermError('NAME_TAKEN', `There is a session named ${name}.`, {
    details: id === undefined ? { name } : { name, id },
    ...(cause === undefined ? {} : { cause }),
  });
}
