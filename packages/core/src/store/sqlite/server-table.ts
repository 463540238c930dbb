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
  };
}
