import { sql } from 'kysely';
import type { SessionDoc } from '../../domain/index.ts';
import { toHead, toRow } from '../schema/stored-rows.ts';
import type { SessionTable } from '../schema/tables.ts';
import type {
  CreateOptions,
  NewSession,
  RunningLimits,
  SessionChange,
  SessionHead,
  SessionRow,
  Tombstone,
  WriteGuard,
} from '../session-store.ts';
import {
  idTaken,
  leaseLost,
  nameTaken,
  noSuchSession,
  ownerAlive,
  type RunningCounts,
  refuseStale,
  requireRoom,
  stillThere,
} from '../write-refusals.ts';
import { type Connection, query } from './connection.ts';
import { collectConnections } from './connection-table.ts';
import { nextRev } from './meta.ts';
import { noteWrite } from './outbox.ts';
import { collectScreens, removeScreen } from './screen-table.ts';
import { holdsLease, isAliveElsewhere } from './server-table.ts';
import { findById, live } from './session-rows.ts';
import { collectTokens } from './token-table.ts';

/**
 * Writes of sessions within the transaction that is open: all that a write has is decided and written there, its outbox
 * entry too. Throws the operations' own errors, and SQLite's.
 */

export function create(
  connection: Connection,
  nowMs: number,
  session: NewSession,
  options: CreateOptions,
): SessionRow {
  const { incarnation, idempotencyKey } = options;
  const made = idempotencyKey === undefined ? undefined : findMade(connection, idempotencyKey);
  if (made !== undefined) return stillThere(made);
  const { id, userId, name, ownerServer } = session;
  refuseLapsed(connection, nowMs, ownerServer, incarnation);
  if (session.state === 'running')
    requireRoom(undefined, ownerServer, options, countsOfRunning(connection, userId, ownerServer));
  const before = findById(connection, id);
  if (live(before) !== undefined) throw idTaken(id);
  refuseTaken(connection, userId, name);
  const rev = nextRev(connection);
  // A deleted row of this id is only a tombstone; its place is taken, under a higher revision.
  if (before !== undefined) connection.run(query.deleteFrom('session').where('id', '=', id));
  const stored: SessionTable = {
    id,
    rev,
    user_id: userId,
    name,
    owner_server: ownerServer,
    owner_epoch: rev,
    state: session.state,
    primary_socket: null,
    doc: JSON.stringify(session.doc),
    created_at: nowMs,
    updated_at: nowMs,
    deleted_at: null,
  };
  connection.run(query.insertInto('session').values(stored));
  noteWrite(connection, id, rev, nowMs);
  if (idempotencyKey !== undefined)
    connection.run(query.insertInto('idempotency').values({ key: idempotencyKey, result: id, at: nowMs }));
  return toRow(stored);
}

/** What an earlier call with this key made, deleted or not; undefined when that was collected. */
function findMade(connection: Connection, key: string): SessionTable | undefined {
  const made = connection.first(query.selectFrom('idempotency').select('result').where('key', '=', key));
  return made === undefined ? undefined : findById(connection, made.result);
}

function countRunning(connection: Connection, column: 'user_id' | 'owner_server', value: string): number {
  const counted = connection.first(
    query
      .selectFrom('session')
      .select(e => e.fn.countAll<number>().as('running'))
      .where(column, '=', value)
      .where('deleted_at', 'is', null)
      .where('state', '=', 'running'),
  );
  return counted?.running ?? 0;
}

function countsOfRunning(connection: Connection, userId: string, serverId: string): RunningCounts {
  return {
    ofUser: () => countRunning(connection, 'user_id', userId),
    onServer: () => countRunning(connection, 'owner_server', serverId),
  };
}

/** A server that others may take for dead writes nothing. */
function refuseLapsed(
  connection: Connection,
  nowMs: number,
  serverId: string,
  incarnation: number | undefined,
): void {
  if (incarnation !== undefined && !holdsLease(connection, nowMs, serverId, incarnation))
    throw leaseLost(serverId, incarnation);
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
  if (holder !== undefined) throw nameTaken(name, holder.id);
}

/** Who is to own a session from now on. */
interface Claim {
  readonly server: string;
  readonly limits: RunningLimits | undefined;
}

/** With `claim`, the session's owner becomes that server, fenced by the new revision. */
export function change(
  connection: Connection,
  nowMs: number,
  id: string,
  guard: WriteGuard,
  wanted: SessionChange,
  claim?: Claim,
): SessionRow {
  const before = findById(connection, id);
  if (before === undefined || before.deleted_at !== null) throw noSuchSession(id);
  const head = toHead(before);
  refuseStale(head, guard);
  refuseLapsed(connection, nowMs, claim?.server ?? head.ownerServer, guard.incarnation);
  if (claim !== undefined) refuseClaim(connection, nowMs, head, wanted, claim);
  if (wanted.name !== undefined && wanted.name !== head.name)
    refuseTaken(connection, head.userId, wanted.name);
  const rev = nextRev(connection);
  const doc: SessionDoc = { ...(JSON.parse(before.doc) as SessionDoc), ...wanted.doc };
  const after: SessionTable = {
    ...before,
    rev,
    name: wanted.name ?? before.name,
    owner_server: claim?.server ?? before.owner_server,
    owner_epoch: claim === undefined ? before.owner_epoch : rev,
    state: wanted.state ?? before.state,
    primary_socket: wanted.primarySocket === undefined ? before.primary_socket : wanted.primarySocket,
    doc: JSON.stringify(doc),
    updated_at: nowMs,
  };
  const { id: _id, ...columns } = after;
  connection.run(query.updateTable('session').set(columns).where('id', '=', id));
  noteWrite(connection, id, rev, nowMs);
  return toRow(after);
}

/** Nobody claims what a server has that is alive, nor more running sessions than there may be. */
function refuseClaim(
  connection: Connection,
  nowMs: number,
  before: SessionHead,
  wanted: SessionChange,
  { server, limits }: Claim,
): void {
  if (isAliveElsewhere(connection, nowMs, before.ownerServer, server))
    throw ownerAlive(before.name, before.ownerServer);
  if (limits === undefined || wanted.state !== 'running') return;
  requireRoom(before, server, limits, countsOfRunning(connection, before.userId, server));
}

export function remove(
  connection: Connection,
  nowMs: number,
  id: string,
  guard: WriteGuard,
): Tombstone | undefined {
  const before = findById(connection, id);
  if (before === undefined || before.deleted_at !== null) return undefined;
  refuseStale(toHead(before), guard);
  refuseLapsed(connection, nowMs, before.owner_server, guard.incarnation);
  const rev = nextRev(connection);
  connection.run(
    query
      .updateTable('session')
      .set({ rev, deleted_at: nowMs, updated_at: nowMs, primary_socket: null })
      .where('id', '=', id),
  );
  removeScreen(connection, id);
  noteWrite(connection, id, rev, nowMs);
  return { id, rev, deleted: true };
}

export function recordActivity(connection: Connection, activity: ReadonlyMap<string, number>): void {
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

export function collect(connection: Connection, nowMs: number, deletedBefore: number): number {
  const rows = connection.run(query.deleteFrom('session').where('deleted_at', '<', deletedBefore));
  const keys = connection.run(query.deleteFrom('idempotency').where('at', '<', deletedBefore));
  connection.run(
    query
      .deleteFrom('session_activity')
      .where('id', 'not in', query.selectFrom('session').select('id').where('deleted_at', 'is', null)),
  );
  collectScreens(connection);
  collectConnections(connection, nowMs);
  return rows + keys + collectTokens(connection, deletedBefore);
}
