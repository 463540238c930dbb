import { toRow } from '../schema/stored-rows.ts';
import type { SessionTable as StoredSession } from '../schema/tables.ts';
import type { CreateOptions, NewSession, SessionRow } from '../session-store.ts';
import { idTaken, leaseLost, nameTaken, requireRoom, stillThere } from '../write-refusals.ts';
import { advisoryKey, LOCK, limitKeys } from './advisory-key.ts';
import { removeScreen } from './screen-table.ts';
import { holdsLease, leaseHeld } from './server-table.ts';
import { marked, named, READ } from './session-queries.ts';
import { COLUMNS, docJson } from './session-rows.ts';
import { NOW_MS, type Queries, statement } from './statement.ts';

/** What a new session has to be compared with, under the locks of its user and, where that has a limit, of its server. */
const BEFORE_CREATE = statement(
  'before_create',
  `SELECT
    (SELECT result FROM idempotency WHERE key = $1) AS made,
    (SELECT id FROM session WHERE user_id = $2 AND name = $3 AND deleted_at IS NULL) AS holder,
    (SELECT count(*) FROM session WHERE user_id = $2 AND deleted_at IS NULL AND state = 'running') AS of_user,
    CASE WHEN $5::boolean THEN
      (SELECT count(*) FROM session WHERE owner_server = $4 AND deleted_at IS NULL AND state = 'running')
    ELSE 0 END AS on_server,
    ($6::bigint IS NULL OR ${leaseHeld('$4', '$6')}) AS leased`,
);

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
    WHERE $8::bigint IS NULL OR ${leaseHeld('$4', '$8')}
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

interface BeforeCreate {
  readonly made: string | null;
  readonly holder: string | null;
  readonly of_user: number;
  readonly on_server: number;
  readonly leased: boolean;
}

/** Creations of one user take turns, so that the limit counts what the one before has made; on a server with a limit they do too. */
export function create(on: Queries, session: NewSession, options: CreateOptions): Promise<SessionRow> {
  const { id, userId, name, ownerServer, state, doc } = session;
  const { serverLimit, incarnation, idempotencyKey } = options;
  const keys = limitKeys(userId, ownerServer, options);
  // A key is used by one user; should another one use it too, he waits here.
  if (idempotencyKey !== undefined) keys.push(advisoryKey(LOCK.idempotency, idempotencyKey));
  return on.exclusively(keys, async within => {
    const [found] = await within.read<BeforeCreate>(BEFORE_CREATE, [
      idempotencyKey ?? null,
      userId,
      name,
      ownerServer,
      serverLimit !== undefined,
      incarnation ?? null,
    ]);
    const { made = null, holder = null, of_user = 0, on_server = 0, leased = false } = found ?? {};
    if (made !== null) {
      const [stored] = await within.read<StoredSession>(READ, [made]);
      if (stored !== undefined) return stillThere(stored);
    }
    if (incarnation !== undefined && !leased) throw leaseLost(ownerServer, incarnation);
    if (state === 'running')
      requireRoom(undefined, ownerServer, options, { ofUser: () => of_user, onServer: () => on_server });
    if (holder !== null && holder !== id) throw nameTaken(name, holder);
    const values = [
      id,
      userId,
      name,
      ownerServer,
      state,
      docJson(doc),
      idempotencyKey ?? null,
      incarnation ?? null,
    ];
    const [stored] = await named(name, within.write<StoredSession>(CREATE, values));
    if (stored !== undefined) {
      await removeScreen(within, id);
      return toRow(stored);
    }
    // The lease may have run out since it was looked at.
    if (incarnation !== undefined && !(await holdsLease(within, ownerServer, incarnation)))
      throw leaseLost(ownerServer, incarnation);
    throw idTaken(id);
  });
}
