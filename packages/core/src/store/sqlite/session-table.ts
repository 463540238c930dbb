import { sql } from 'kysely';
import type { SessionDoc } from '../../domain/index.ts';
import { TermError } from '../../errors/index.ts';
import type { SessionTable } from '../schema/tables.ts';
import type {
  CreateOptions,
  ListedSession,
  NewSession,
  SessionChange,
  SessionRow,
  Tombstone,
  WriteGuard,
} from '../session-store.ts';
import { type Connection, query } from './connection.ts';
import { nextRev } from './meta.ts';
import type { Call } from './worker-messages.ts';

type StoredSession = SessionTable & { last_activity_at: number | null };

/** Runs one operation of the store within the transaction that is open. Throws the operation's own errors, and SQLite's. */
export function perform(connection: Connection, call: Call, nowMs: number): unknown {
  switch (call.op) {
    case 'create':
      return create(connection, ...call.args, nowMs);
    case 'get':
      return live(findById(connection, call.args[0]));
    case 'getByName':
      return getByName(connection, ...call.args);
    case 'list':
      return list(connection, ...call.args);
    case 'update':
      return change(connection, call.args[0], call.args[1], call.args[2], nowMs);
    case 'claim':
      return change(connection, call.args[0], call.args[1], call.args[3], nowMs, call.args[2]);
    case 'delete':
      return remove(connection, ...call.args, nowMs);
    case 'recordActivity':
      return recordActivity(connection, ...call.args);
    case 'collect':
      return collect(connection, ...call.args);
  }
}

function create(
  connection: Connection,
  session: NewSession,
  { limit, idempotencyKey }: CreateOptions,
  nowMs: number,
): SessionRow {
  const made = idempotencyKey === undefined ? undefined : findMade(connection, idempotencyKey);
  if (made !== undefined) return toRow(made);
  const { id, userId, name } = session;
  if (session.state === 'running') refuseBeyond(limit, connection, userId);
  const before = findById(connection, id);
  if (live(before) !== undefined) throw new TermError('NAME_TAKEN', `There is a session with the id ${id}.`);
  refuseTaken(connection, userId, name);
  const rev = nextRev(connection);
  // A deleted row of this id is only a tombstone; its place is taken, under a higher revision.
  if (before !== undefined) connection.run(query.deleteFrom('session').where('id', '=', id));
  const stored: SessionTable = {
    id,
    rev,
    user_id: userId,
    name,
    owner_server: session.ownerServer,
    owner_epoch: rev,
    state: session.state,
    primary_socket: null,
    doc: JSON.stringify(session.doc),
    created_at: nowMs,
    updated_at: nowMs,
    deleted_at: null,
  };
  connection.run(query.insertInto('session').values(stored));
  if (idempotencyKey !== undefined)
    connection.run(query.insertInto('idempotency').values({ key: idempotencyKey, result: id, at: nowMs }));
  return toRow({ ...stored, last_activity_at: null });
}

/** What an earlier call with this key made, deleted or not; undefined when that was collected. */
function findMade(connection: Connection, key: string): StoredSession | undefined {
  const made = connection.first(query.selectFrom('idempotency').select('result').where('key', '=', key));
  return made === undefined ? undefined : findById(connection, made.result);
}

function refuseBeyond(limit: number, connection: Connection, userId: string): void {
  const counted = connection.first(
    query
      .selectFrom('session')
      .select(e => e.fn.countAll<number>().as('running'))
      .where('user_id', '=', userId)
      .where('deleted_at', 'is', null)
      .where('state', '=', 'running'),
  );
  const running = counted?.running ?? 0;
  if (running < limit) return;
  throw new TermError('TOO_MANY_SESSIONS', `There are ${running} running sessions, ${limit} are allowed.`, {
    details: { running, limit },
  });
}

function refuseTaken(connection: Connection, userId: string, name: string): void {
  const holder = connection.first(
    query
      .selectFrom('session')
      .select('id')
      .where('user_id', '=', userId)
      .where('name', '=', name)
      .where('deleted_at', 'is', null),
  );
  if (holder === undefined) return;
  throw new TermError('NAME_TAKEN', `There is a session named ${name}.`, {
    details: { name, id: holder.id },
  });
}

const withActivity = () =>
  query
    .selectFrom('session')
    .leftJoin('session_activity', 'session_activity.id', 'session.id')
    .selectAll('session')
    .select('session_activity.last_activity_at');

function findById(connection: Connection, id: string): StoredSession | undefined {
  return connection.first(withActivity().where('session.id', '=', id));
}

function getByName(connection: Connection, userId: string, name: string): SessionRow | undefined {
  return live(
    connection.first(
      withActivity().where('user_id', '=', userId).where('name', '=', name).where('deleted_at', 'is', null),
    ),
  );
}

function list(connection: Connection, userId: string): ListedSession[] {
  return connection
    .all(
      withActivity()
        .where('user_id', '=', userId)
        .where('deleted_at', 'is', null)
        .orderBy('created_at')
        .orderBy('rev'),
    )
    .map(toListed);
}

/** With `claimant`, the session's owner becomes that server, fenced by the new revision. */
function change(
  connection: Connection,
  id: string,
  guard: WriteGuard,
  wanted: SessionChange,
  nowMs: number,
  claimant?: string,
): SessionRow {
  const before = findById(connection, id);
  if (before === undefined || before.deleted_at !== null)
    throw new TermError('SESSION_NOT_FOUND', `There is no session ${id}.`);
  refuseStale(before, guard);
  if (wanted.name !== undefined && wanted.name !== before.name)
    refuseTaken(connection, before.user_id, wanted.name);
  const rev = nextRev(connection);
  const doc: SessionDoc = { ...(JSON.parse(before.doc) as SessionDoc), ...wanted.doc };
  const after: StoredSession = {
    ...before,
    rev,
    name: wanted.name ?? before.name,
    owner_server: claimant ?? before.owner_server,
    owner_epoch: claimant === undefined ? before.owner_epoch : rev,
    state: wanted.state ?? before.state,
    primary_socket: wanted.primarySocket === undefined ? before.primary_socket : wanted.primarySocket,
    doc: JSON.stringify(doc),
    updated_at: nowMs,
  };
  const { id: _id, last_activity_at: _activity, ...columns } = after;
  connection.run(query.updateTable('session').set(columns).where('id', '=', id));
  return toRow(after);
}

function refuseStale(row: SessionTable, guard: WriteGuard): void {
  const { ownerEpoch = row.owner_epoch, rev = row.rev } = guard;
  if (ownerEpoch === row.owner_epoch && rev === row.rev) return;
  const what =
    ownerEpoch === row.owner_epoch ? 'was changed by somebody else' : `belongs to ${row.owner_server} since`;
  throw new TermError('STALE_REVISION', `Session ${row.name} ${what}.`, {
    details: { id: row.id, rev: row.rev, ownerEpoch: row.owner_epoch },
  });
}

function remove(connection: Connection, id: string, guard: WriteGuard, nowMs: number): Tombstone | undefined {
  const before = findById(connection, id);
  if (before === undefined || before.deleted_at !== null) return undefined;
  refuseStale(before, guard);
  const rev = nextRev(connection);
  connection.run(
    query
      .updateTable('session')
      .set({ rev, deleted_at: nowMs, updated_at: nowMs, primary_socket: null })
      .where('id', '=', id),
  );
  return { id, rev, deleted: true };
}

function recordActivity(connection: Connection, activity: ReadonlyMap<string, number>): void {
  for (const [id, lastActivityAt] of activity) {
    connection.run(
      query
        .insertInto('session_activity')
        .values({ id, last_activity_at: lastActivityAt })
        .onConflict(conflict =>
          conflict.column('id').doUpdateSet({
            last_activity_at: sql<number>`max(session_activity.last_activity_at, excluded.last_activity_at)`,
          }),
        ),
    );
  }
}

function collect(connection: Connection, deletedBefore: number): number {
  const rows = connection.run(query.deleteFrom('session').where('deleted_at', '<', deletedBefore));
  const keys = connection.run(query.deleteFrom('idempotency').where('at', '<', deletedBefore));
  connection.run(
    query
      .deleteFrom('session_activity')
      .where('id', 'not in', query.selectFrom('session').select('id').where('deleted_at', 'is', null)),
  );
  return rows + keys;
}

/** A stored session as the interface has it; undefined when it was deleted. */
function live(stored: StoredSession | undefined): SessionRow | undefined {
  return stored === undefined || stored.deleted_at !== null ? undefined : toRow(stored);
}

function toRow(stored: StoredSession): SessionRow {
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

function toListed(stored: StoredSession): ListedSession {
  return {
    ...toRow(stored),
    lastActivityAt: Math.max(stored.created_at, stored.last_activity_at ?? 0),
  };
}
