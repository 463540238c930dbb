import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import type { DaemonProcess } from './daemon-process.ts';
import type { Fleet } from './fleet.ts';

/** After the network is whole again, every server has Redis and its lease back within this time. */
const BACK_MS = 15_000;
/** While all have them, everybody agrees within this time. */
const AGREEMENT_MS = 2000;
/** Looking is work for everybody, and a busy machine keeps Redis from answering in time. */
const POLL_MS = 100;
const SESSION_KEY = 'triterm:session:';

/** What everybody must agree on. */
interface View {
  readonly sessions: readonly string[];
  readonly sockets: readonly string[];
}

/** Resolves when all servers see the same sessions and sockets, and they are the database's and Redis'; throws what differs when it is not so in time. */
export async function agreement(fleet: Fleet, daemons: readonly DaemonProcess[]): Promise<void> {
  const endMs = performance.now() + BACK_MS;
  let wellSinceMs = Number.POSITIVE_INFINITY;
  for (;;) {
    const nowMs = performance.now();
    const well = await Promise.all(daemons.map(isWell));
    if (well.every(Boolean)) {
      wellSinceMs = Math.min(wellSinceMs, nowMs);
      const difference = await differenceOf(fleet, daemons);
      if (difference === undefined) return;
      if (nowMs - wellSinceMs > AGREEMENT_MS) throw difference;
    } else wellSinceMs = Number.POSITIVE_INFINITY;
    if (nowMs > endMs) throw new Error(`not in time: servers with Redis and their leases: ${well.join()}`);
    await pause(POLL_MS);
  }
}

/** What is not the same everywhere; undefined when everything is. */
async function differenceOf(fleet: Fleet, daemons: readonly DaemonProcess[]): Promise<unknown> {
  const [stored, seen, redis] = await Promise.all([
    storedView(fleet),
    Promise.all(daemons.map(view)),
    redisVersions(fleet),
  ]);
  try {
    for (const one of seen) expect(one).toEqual(stored.view);
    for (const [id, version] of redis) expect({ id, version }).toEqual({ id, version: stored.revs.get(id) });
    expect(stored.outbox).toBe(0);
    return undefined;
  } catch (difference) {
    return difference;
  }
}

async function isWell(daemon: DaemonProcess): Promise<boolean> {
  const [{ mode }, { lease }] = await Promise.all([
    daemon.request('redis.status', {}),
    daemon.request('daemon.status', {}),
  ]);
  return mode === 'hybrid' && lease.held;
}

/** As a server tells it. */
async function view(daemon: DaemonProcess): Promise<View> {
  const [{ sessions }, { sockets }] = await Promise.all([
    daemon.request('session.list', { all: true }),
    daemon.request('sockets.list', { limit: 1000 }),
  ]);
  return {
    sessions: sessions
      .map(({ id, name, state, server, cols, rows }) => `${id} ${name} ${state} ${server} ${cols}x${rows}`)
      .toSorted(),
    sockets: sockets
      .map(({ id, terminal, server, primary }) => `${id} ${terminal} ${server}${primary ? ' primary' : ''}`)
      .toSorted(),
  };
}

interface StoredSession {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly owner_server: string;
  readonly rev: number;
  readonly primary_socket: string | null;
  readonly doc: string;
}

interface StoredSocket {
  readonly id: string;
  readonly session_id: string;
  readonly server_id: string;
}

const STORED = `SELECT
  (SELECT coalesce(json_agg(session), '[]') FROM session WHERE deleted_at IS NULL) AS sessions,
  (SELECT coalesce(json_agg(socket), '[]') FROM socket) AS sockets,
  (SELECT count(*)::int FROM cache_outbox) AS outbox`;

/** As the database has it. */
async function storedView(fleet: Fleet) {
  const [row] = await fleet.postgres.query(STORED, fleet.databaseUrl);
  const sessions = row?.sessions as StoredSession[];
  const sockets = row?.sockets as StoredSocket[];
  const primaries = new Set(sessions.map(session => session.primary_socket));
  const view: View = {
    sessions: sessions
      .map(({ id, name, state, owner_server: owner, doc }) => {
        const { cols, rows } = JSON.parse(doc) as { cols: number; rows: number };
        return `${id} ${name} ${state} ${owner} ${cols}x${rows}`;
      })
      .toSorted(),
    sockets: sockets
      .map(
        ({ id, session_id: session, server_id: server }) =>
          `${id} ${session} ${server}${primaries.has(id) ? ' primary' : ''}`,
      )
      .toSorted(),
  };
  return { revs: new Map(sessions.map(({ id, rev }) => [id, rev])), outbox: row?.outbox, view };
}

/** Versions of the live sessions in Redis, by id. */
async function redisVersions(fleet: Fleet): Promise<[id: string, version: number][]> {
  const keys = (await fleet.redis.cli('KEYS', `${SESSION_KEY}*`)).split('\n').filter(key => key !== '');
  if (keys.length === 0) return [];
  const values = (await fleet.redis.cli('MGET', ...keys)).split('\n');
  return keys.flatMap((key, at): [string, number][] => {
    // One that has lapsed in between is an empty line.
    const entry = JSON.parse(values[at] || '{"deleted":true}') as { deleted?: boolean; version: number };
    return entry.deleted === true ? [] : [[key.slice(SESSION_KEY.length), entry.version]];
  });
}

/** Pids of the processes that carry this variable in their environment. */
export function processesWith(variable: string, value: string): number[] {
  return readdirSync('/proc').flatMap(name => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const environment = readFileSync(`/proc/${name}/environ`, 'latin1').split('\0');
      return environment.includes(`${variable}=${value}`) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}
