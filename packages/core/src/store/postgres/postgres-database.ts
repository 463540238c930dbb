import type {
  ConnectionRow,
  Database,
  Epochs,
  NewScreen,
  NewToken,
  OutboxDepth,
  OutboxEntry,
  OutboxItem,
  OwnedConnection,
  ScreenRow,
  ServerIdentity,
  ServerRow,
  SocketFilter,
  SocketRow,
  TokenRow,
} from '../database.ts';
import {
  type CreateOptions,
  type ListedSession,
  type NewSession,
  presentRow,
  type RunningLimits,
  type SessionChange,
  type SessionRecord,
  type SessionRow,
  type Tombstone,
  type WriteGuard,
} from '../session-store.ts';
import { checkScreens } from '../write-refusals.ts';
import * as connectionTable from './connection-table.ts';
import * as epochTable from './epoch-table.ts';
import * as outbox from './outbox.ts';
import * as screenTable from './screen-table.ts';
import * as serverTable from './server-table.ts';
import { claim } from './session-claim.ts';
import { create } from './session-creation.ts';
import * as sessions from './session-queries.ts';
import * as socketTable from './socket-table.ts';
import type { Queries } from './statement.ts';
import * as tokenTable from './token-table.ts';

/** The database over connections of a pool, or within one transaction. */
export class PostgresDatabase implements Database {
  readonly kind = 'postgres';
  readonly #on: Queries;
  readonly #close: () => Promise<void>;

  constructor(on: Queries, close: () => Promise<void>) {
    this.#on = on;
    this.#close = close;
  }

  create(session: NewSession, options: CreateOptions): Promise<SessionRow> {
    return create(this.#on, session, options);
  }

  async get(id: string): Promise<SessionRow | undefined> {
    return presentRow(await sessions.read(this.#on, id));
  }

  read(id: string): Promise<SessionRecord | undefined> {
    return sessions.read(this.#on, id);
  }

  getByName(userId: string, name: string): Promise<SessionRow | undefined> {
    return sessions.getByName(this.#on, userId, name);
  }

  list(userId?: string): Promise<ListedSession[]> {
    return sessions.list(this.#on, userId);
  }

  recent(limit: number): Promise<SessionRecord[]> {
    return sessions.recent(this.#on, limit);
  }

  update(id: string, guard: WriteGuard, change: SessionChange): Promise<SessionRow> {
    return sessions.change(this.#on, id, guard, change);
  }

  claim(
    id: string,
    guard: WriteGuard,
    server: string,
    change: SessionChange,
    limits?: RunningLimits,
  ): Promise<SessionRow> {
    return claim(this.#on, id, guard, server, change, limits);
  }

  delete(id: string, guard: WriteGuard): Promise<Tombstone | undefined> {
    return sessions.remove(this.#on, id, guard);
  }

  recordActivity(activity: ReadonlyMap<string, number>): Promise<void> {
    return sessions.recordActivity(this.#on, activity);
  }

  collect(deletedBefore: number): Promise<number> {
    return sessions.collect(this.#on, deletedBefore);
  }

  listOutbox(minAgeMs: number, limit: number): Promise<OutboxItem[]> {
    return outbox.listOutbox(this.#on, minAgeMs, limit);
  }

  clearOutbox(entries: readonly OutboxEntry[], cacheIdentity?: string): Promise<boolean> {
    return outbox.clearOutbox(this.#on, entries, cacheIdentity);
  }

  dropOutbox(minAgeMs: number): Promise<number> {
    return outbox.dropOutbox(this.#on, minAgeMs);
  }

  outboxDepth(): Promise<OutboxDepth> {
    return outbox.outboxDepth(this.#on);
  }

  epochs(): Promise<Epochs> {
    return epochTable.epochs(this.#on);
  }

  bumpCacheEpoch(seen: number): Promise<Epochs> {
    return epochTable.bumpCacheEpoch(this.#on, seen);
  }

  adoptCache(identity: string): Promise<Epochs> {
    return epochTable.adoptCache(this.#on, identity);
  }

  registerServer(identity: ServerIdentity, leaseMs: number): Promise<ServerRow> {
    return serverTable.registerServer(this.#on, identity, leaseMs);
  }

  renewServer(id: string, incarnation: number, leaseMs: number): Promise<boolean> {
    return serverTable.renewServer(this.#on, id, incarnation, leaseMs);
  }

  releaseServer(id: string, incarnation: number): Promise<void> {
    return serverTable.releaseServer(this.#on, id, incarnation);
  }

  setDraining(id: string, incarnation: number, draining: boolean): Promise<void> {
    return serverTable.setDraining(this.#on, id, incarnation, draining);
  }

  listServers(): Promise<ServerRow[]> {
    return serverTable.listServers(this.#on);
  }

  putSockets(sockets: readonly SocketRow[]): Promise<void> {
    return socketTable.putSockets(this.#on, sockets);
  }

  removeSockets(sockets: readonly Pick<SocketRow, 'socketId' | 'terminalId'>[]): Promise<void> {
    return socketTable.removeSockets(this.#on, sockets);
  }

  reapSockets(serverId: string, incarnation: number | undefined): Promise<number> {
    return socketTable.reapSockets(this.#on, serverId, incarnation);
  }

  listSockets(filter: SocketFilter, limit: number): Promise<SocketRow[]> {
    return socketTable.listSockets(this.#on, filter, limit);
  }

  createToken(token: NewToken): Promise<TokenRow> {
    return tokenTable.createToken(this.#on, token);
  }

  findToken(id: string): Promise<TokenRow | undefined> {
    return tokenTable.findToken(this.#on, id);
  }

  listTokens(userId?: string): Promise<TokenRow[]> {
    return tokenTable.listTokens(this.#on, userId);
  }

  revokeToken(id: string): Promise<TokenRow | undefined> {
    return tokenTable.revokeToken(this.#on, id);
  }

  refusedTokens(ids: readonly string[]): Promise<string[]> {
    return tokenTable.refusedTokens(this.#on, ids);
  }

  recordTokenUse(usedAt: ReadonlyMap<string, number>): Promise<void> {
    return tokenTable.recordTokenUse(this.#on, usedAt);
  }

  openConnection(connection: OwnedConnection, limit: number): Promise<void> {
    return connectionTable.openConnection(this.#on, connection, limit);
  }

  closeConnections(ids: readonly string[]): Promise<void> {
    return connectionTable.closeConnections(this.#on, ids);
  }

  replaceConnections(
    serverId: string,
    incarnation: number,
    connections: readonly ConnectionRow[],
  ): Promise<void> {
    return connectionTable.replaceConnections(this.#on, serverId, incarnation, connections);
  }

  async putScreens(screens: readonly NewScreen[]): Promise<void> {
    checkScreens(screens);
    await screenTable.putScreens(this.#on, screens);
  }

  getScreen(sessionId: string): Promise<ScreenRow | undefined> {
    return screenTable.getScreen(this.#on, sessionId);
  }

  close(): Promise<void> {
    return this.#close();
  }
}
