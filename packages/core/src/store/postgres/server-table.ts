import { TermError } from '../../errors/index.ts';
import type { ServerIdentity, ServerRow } from '../database.ts';
import type { ServerTable } from '../schema/tables.ts';
import { NOW_MS, type Queries, statement } from './statement.ts';

const COLUMNS = `id, incarnation, host_id, boot_id, state_dir, advertise_url, draining, lease_until - ${NOW_MS} AS lease_left`;

/** Incarnations are counted with the revisions: above every one that there ever was, of whatever server. */
const REGISTER = statement(
  'register_server',
  `INSERT INTO server (id, incarnation, host_id, boot_id, state_dir, advertise_url, lease_until, draining)
  VALUES ($1, nextval('triterm_rev'), $2, $3, $4, $5, ${NOW_MS} + $6::bigint, 0)
  ON CONFLICT (id) DO UPDATE SET
    incarnation = nextval('triterm_rev'),
    host_id = excluded.host_id,
    boot_id = excluded.boot_id,
    state_dir = excluded.state_dir,
    advertise_url = excluded.advertise_url,
    lease_until = ${NOW_MS} + $6::bigint,
    draining = 0
  WHERE server.lease_until <= ${NOW_MS}
    OR (server.host_id = excluded.host_id AND server.state_dir = excluded.state_dir)
  RETURNING ${COLUMNS}`,
);

const FIND = statement('find_server', `SELECT ${COLUMNS} FROM server WHERE id = $1`);
const LIST = statement('list_servers', `SELECT ${COLUMNS} FROM server ORDER BY id`);

/** From now until then, of an incarnation that still has its lease. */
const SET_LEASE = statement(
  'set_lease',
  `UPDATE server SET lease_until = ${NOW_MS} + $3::bigint
  WHERE id = $1 AND incarnation = $2 AND lease_until > ${NOW_MS} RETURNING id`,
);

const SET_DRAINING = statement(
  'set_draining',
  'UPDATE server SET draining = $3 WHERE id = $1 AND incarnation = $2',
);

const HOLDS_LEASE = statement('holds_lease', `SELECT ${leaseHeld('$1', '$2')} AS held`);

/** SQL for whether the server is this incarnation, and its lease has not lapsed. */
export function leaseHeld(serverId: string, incarnation: string): string {
  return `EXISTS (
    SELECT FROM server AS writer
    WHERE writer.id = ${serverId} AND writer.incarnation = ${incarnation} AND writer.lease_until > ${NOW_MS}
  )`;
}

/**
 * SQL for a CTE: the server that owns the session which `claimant` claims, unless that is the claimant itself, maybe under an earlier
 * id. Nothing when there is no claimant.
 */
export function ownerBefore(
  sessionId: string,
  claimant: string,
  locking: 'FOR SHARE OF server' | '',
): string {
  return `owner AS MATERIALIZED (
    SELECT server.id, server.lease_until FROM session JOIN server ON server.id = session.owner_server
    WHERE session.id = ${sessionId} AND server.id <> ${claimant} AND NOT EXISTS (
      SELECT FROM server AS claimant WHERE claimant.id = ${claimant}
        AND claimant.host_id = server.host_id AND claimant.state_dir = server.state_dir
    )
    ${locking}
  )`;
}

/** SQL, below `ownerBefore`, for whether the lease of the owner has lapsed, or it never had one. */
export function isOwnerGone(ownerServer: string): string {
  return `NOT EXISTS (SELECT FROM owner WHERE owner.id = ${ownerServer} AND owner.lease_until > ${NOW_MS})`;
}

const OWNER_ALIVE = statement(
  'owner_alive',
  `WITH ${ownerBefore('$1', '$2::text', '')}
  SELECT EXISTS (SELECT FROM owner WHERE lease_until > ${NOW_MS}) AS alive`,
);

/** Whether another server than the claimant owns the session, and holds its lease. */
export async function isOwnerAlive(on: Queries, sessionId: string, claimant: string): Promise<boolean> {
  const [found] = await on.read<{ alive: boolean }>(OWNER_ALIVE, [sessionId, claimant]);
  return found?.alive ?? false;
}

type StoredServer = Omit<ServerTable, 'lease_until'> & { readonly lease_left: number };

export async function registerServer(
  on: Queries,
  identity: ServerIdentity,
  leaseMs: number,
): Promise<ServerRow> {
  const { id, hostId, bootId, stateDir, advertiseUrl } = identity;
  const [registered] = await on.write<StoredServer>(REGISTER, [
    id,
    hostId,
    bootId,
    stateDir,
    advertiseUrl,
    leaseMs,
  ]);
  if (registered !== undefined) return toRow(registered);
  const [holder] = await on.read<StoredServer>(FIND, [id]);
  throw taken(id, holder);
}

export async function renewServer(
  on: Queries,
  id: string,
  incarnation: number,
  leaseMs: number,
): Promise<boolean> {
  return (await on.write(SET_LEASE, [id, incarnation, leaseMs])).length > 0;
}

export async function releaseServer(on: Queries, id: string, incarnation: number): Promise<void> {
  await on.write(SET_LEASE, [id, incarnation, 0]);
}

export async function setDraining(
  on: Queries,
  id: string,
  incarnation: number,
  draining: boolean,
): Promise<void> {
  await on.write(SET_DRAINING, [id, incarnation, draining ? 1 : 0]);
}

export async function holdsLease(on: Queries, id: string, incarnation: number): Promise<boolean> {
  const [found] = await on.read<{ held: boolean }>(HOLDS_LEASE, [id, incarnation]);
  return found?.held ?? false;
}

export async function listServers(on: Queries): Promise<ServerRow[]> {
  return (await on.read<StoredServer>(LIST, [])).map(toRow);
}

function taken(serverId: string, holder: StoredServer | undefined): TermError {
  if (holder === undefined)
    return new TermError('SERVER_ID_TAKEN', `The server id ${serverId} was used a moment ago.`);
  const { host_id: hostId, state_dir: stateDir, lease_left: leaseLeftMs } = holder;
  return new TermError(
    'SERVER_ID_TAKEN',
    `The server id ${serverId} is used on host ${hostId} with the state directory ${stateDir}.`,
    { details: { serverId, hostId, stateDir, leaseLeftMs } },
  );
}

function toRow(stored: StoredServer): ServerRow {
  return {
    id: stored.id,
    hostId: stored.host_id,
    bootId: stored.boot_id,
    stateDir: stored.state_dir,
    advertiseUrl: stored.advertise_url,
    incarnation: stored.incarnation,
    leaseLeftMs: stored.lease_left,
    draining: stored.draining !== 0,
  };
}
