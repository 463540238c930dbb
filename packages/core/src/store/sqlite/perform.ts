import type { Connection } from './connection.ts';
import { closeConnections, openConnection, replaceConnections } from './connection-table.ts';
import { adoptCache, bumpCacheEpoch, epochs } from './epoch-table.ts';
import { clearOutbox, dropOutbox, listOutbox, outboxDepth } from './outbox.ts';
import { getScreen, putScreens } from './screen-table.ts';
import { listServers, registerServer, releaseServer, renewServer, setDraining } from './server-table.ts';
import { get, getByName, list, read, recent } from './session-rows.ts';
import { change, collect, create, recordActivity, remove } from './session-writes.ts';
import { listSockets, putSockets, reapSockets, removeSockets } from './socket-table.ts';
import {
  createToken,
  findToken,
  listTokens,
  recordTokenUse,
  refusedTokens,
  revokeToken,
} from './token-table.ts';
import type { Arguments, Call, Operation, Outcome } from './worker-messages.ts';

type Performers = {
  readonly [O in Operation]: (connection: Connection, nowMs: number, ...args: Arguments<O>) => Outcome<O>;
};

const PERFORMERS: Performers = {
  create,
  get: (connection, _nowMs, id) => get(connection, id),
  getByName: (connection, _nowMs, userId, name) => getByName(connection, userId, name),
  list: (connection, _nowMs, userId) => list(connection, userId),
  read: (connection, _nowMs, id) => read(connection, id),
  recent: (connection, _nowMs, limit) => recent(connection, limit),
  update: change,
  claim: (connection, nowMs, id, guard, server, wanted, limits) =>
    change(connection, nowMs, id, guard, wanted, { server, limits }),
  delete: remove,
  recordActivity: (connection, _nowMs, activity) => recordActivity(connection, activity),
  collect,

  listOutbox,
  clearOutbox: (connection, _nowMs, entries, cacheIdentity) =>
    clearOutbox(connection, entries, cacheIdentity),
  dropOutbox,
  outboxDepth,

  epochs,
  bumpCacheEpoch: (connection, _nowMs, seen) => bumpCacheEpoch(connection, seen),
  adoptCache: (connection, _nowMs, identity) => adoptCache(connection, identity),

  registerServer,
  renewServer,
  releaseServer,
  setDraining: (connection, _nowMs, id, incarnation, draining) =>
    setDraining(connection, id, incarnation, draining),
  listServers,

  putSockets: (connection, _nowMs, sockets) => putSockets(connection, sockets),
  removeSockets: (connection, _nowMs, sockets) => removeSockets(connection, sockets),
  reapSockets: (connection, _nowMs, serverId, incarnation) => reapSockets(connection, serverId, incarnation),
  listSockets: (connection, _nowMs, filter, limit) => listSockets(connection, filter, limit),

  createToken,
  findToken,
  listTokens,
  revokeToken,
  refusedTokens,
  recordTokenUse: (connection, _nowMs, usedAt) => recordTokenUse(connection, usedAt),

  openConnection,
  closeConnections: (connection, _nowMs, ids) => closeConnections(connection, ids),
  replaceConnections: (connection, _nowMs, serverId, incarnation, connections) =>
    replaceConnections(connection, serverId, incarnation, connections),

  putScreens,
  getScreen: (connection, _nowMs, sessionId) => getScreen(connection, sessionId),
};

/**
 * Runs one operation within the transaction that is open. `nowMs`: the database's clock, milliseconds since 1970. Throws the
 * operation's own errors, and SQLite's.
 */
export function perform(connection: Connection, { op, args }: Call, nowMs: number): unknown {
  // That operation and arguments belong together is said by `Call`, but not seen by the compiler for all of them at once.
  const performer = PERFORMERS[op] as (connection: Connection, nowMs: number, ...args: unknown[]) => unknown;
  return performer(connection, nowMs, ...args);
}
