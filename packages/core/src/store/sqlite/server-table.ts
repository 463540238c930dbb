import { TermError } from '../../errors/index.ts';
import type { ServerIdentity, ServerRow } from '../database.ts';
import type { ServerTable } from '../schema/tables.ts';
import { type Connection, query } from './connection.ts';
import { nextRev } from './meta.ts';

export function registerServer(
  connection: Connection,
  nowMs: number,
  identity: ServerIdentity,
  leaseMs: number,
): ServerRow {
  const { id, hostId, bootId, stateDir, advertiseUrl } = identity;
  const before = connection.first(query.selectFrom('server').selectAll().where('id', '=', id));
  if (before !== undefined) refuseTaken(before, identity, nowMs);
  const stored = {
    // Above every incarnation that there ever was, of whatever server.
    incarnation: nextRev(connection),
    host_id: hostId,
    boot_id: bootId,
    state_dir: stateDir,
    advertise_url: advertiseUrl,
    lease_until: nowMs + leaseMs,
    draining: 0,
  };
  connection.run(
    query
      .insertInto('server')
      .values({ id, ...stored })
      .onConflict(conflict => conflict.column('id').doUpdateSet(stored)),
  );
  return toRow({ id, ...stored }, nowMs);
}

function refuseTaken(before: ServerTable, { id, hostId, stateDir }: ServerIdentity, nowMs: number): void {
  const leaseLeftMs = before.lease_until - nowMs;
  if (leaseLeftMs <= 0 || (before.host_id === hostId && before.state_dir === stateDir)) return;
  throw new TermError(
    'SERVER_ID_TAKEN',
    `The server id ${id} is used on host ${before.host_id} with the state directory ${before.state_dir}.`,
    { details: { serverId: id, hostId: before.host_id, stateDir: before.state_dir, leaseLeftMs } },
  );
}

export function renewServer(
  connection: Connection,
  nowMs: number,
  id: string,
  incarnation: number,
  leaseMs: number,
): boolean {
  return setLease(connection, nowMs, id, incarnation, nowMs + leaseMs);
}

export function releaseServer(connection: Connection, nowMs: number, id: string, incarnation: number): void {
  setLease(connection, nowMs, id, incarnation, nowMs);
}

/** Whether the incarnation still had its lease. */
function setLease(
  connection: Connection,
  nowMs: number,
  id: string,
  incarnation: number,
  leaseUntil: number,
): boolean {
  const renewed = connection.run(
    query
      .updateTable('server')
      .set({ lease_until: leaseUntil })
      .where('id', '=', id)
      .where('incarnation', '=', incarnation)
      .where('lease_until', '>', nowMs),
  );
  return renewed > 0;
}

export function setDraining(
  connection: Connection,
  id: string,
  incarnation: number,
  draining: boolean,
): void {
  connection.run(
    query
      .updateTable('server')
      .set({ draining: draining ? 1 : 0 })
      .where('id', '=', id)
      .where('incarnation', '=', incarnation),
  );
}

/** Whether the server is this incarnation, and its lease has not lapsed. */
export function holdsLease(connection: Connection, nowMs: number, id: string, incarnation: number): boolean {
  const found = connection.first(
    query
      .selectFrom('server')
      .select('id')
      .where('id', '=', id)
      .where('incarnation', '=', incarnation)
      .where('lease_until', '>', nowMs),
  );
  return found !== undefined;
}

/** Whether `id` holds its lease and is another server than `claimant`: not the same one under an earlier id. */
export function isAliveElsewhere(
  connection: Connection,
  nowMs: number,
  id: string,
  claimant: string,
): boolean {
  if (id === claimant) return false;
  const [owner, other] = [id, claimant].map(server =>
    connection.first(query.selectFrom('server').selectAll().where('id', '=', server)),
  );
  if (owner === undefined || owner.lease_until <= nowMs) return false;
  return owner.host_id !== other?.host_id || owner.state_dir !== other.state_dir;
}

export function listServers(connection: Connection, nowMs: number): ServerRow[] {
  return connection
    .all(query.selectFrom('server').selectAll().orderBy('id'))
    .map(stored => toRow(stored, nowMs));
}

function toRow(stored: ServerTable, nowMs: number): ServerRow {
  return {
    id: stored.id,
    hostId: stored.host_id,
    bootId: stored.boot_id,
    stateDir: stored.state_dir,
    advertiseUrl: stored.advertise_url,
    incarnation: stored.incarnation,
    leaseLeftMs: stored.lease_until - nowMs,
    draining: stored.draining !== 0,
  };
}
