import { TermError } from '../../errors/index.ts';
import type { ServerIdentity, ServerRow } from '../database.ts';
import type { ServerTable } from '../schema/tables.ts';
import { NOW_MS, type Queries, statement } from './statement.ts';

const COLUMNS = `id, incarnation, host_id, boot_id, state_dir, advertise_url, lease_until - ${NOW_MS} AS lease_left`;

/** Incarnations are counted with the revisions: above every one that there ever was, of whatever server. */
const REGISTER = statement(
  'register_server',
  `INSERT INTO server (id, incarnation, host_id, boot_id, state_dir, advertise_url, lease_until)
  VALUES ($1, nextval('triterm_rev'), $2, $3, $4, $5, ${NOW_MS} + $6::bigint)
  ON CONFLICT (id) DO UPDATE SET
    incarnation = nextval('triterm_rev'),
    host_id = excluded.host_id,
    boot_id = excluded.boot_id,
    state_dir = excluded.state_dir,
    advertise_url = excluded.advertise_url,
    lease_until = ${NOW_MS} + $6::bigint
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
  };
}
