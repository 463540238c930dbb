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
import { watchDataVersion } from './data-version.ts';
import { driver } from './driver.ts';
import { PointReader } from './point-reader.ts';
import { StoreThread, type StoreThreadOptions } from './store-thread.ts';

export type SqliteDatabaseOptions = Omit<StoreThreadOptions, 'reopened'>;

export interface OpenedDatabase {
  readonly database: Database;
  /** Where a corrupt database was moved before a new one was made; nothing was deleted. */
  readonly movedAside: string | undefined;
  /**
   * Calls `changed` within the interval (100 ms unless given) after another connection may have written: this process' own
   * writes too. Returns what ends it.
   */
  watchWrites(changed: () => void, intervalMs?: number): () => void;
}

/**
 * Opens one SQLite file, made when missing in a directory that exists. Rejects with STORE_TOO_NEW, STORE_UNAVAILABLE,
 * DISK_FULL, READ_ONLY_STATE or UNSAFE_PATH. A database that fails later goes on by itself when it can be used again:
 * every call tries.
 */
export async function openSqliteDatabase(options: SqliteDatabaseOptions): Promise<OpenedDatabase> {
  const reader = new PointReader(driver, options.file);
  const thread = new StoreThread({ ...options, reopened: () => reader.reopen() });
  try {
    const { movedAside } = await thread.open();
    return {
      database: new SqliteDatabase(thread, reader),
      movedAside,
      watchWrites: (changed, intervalMs) =>
        watchDataVersion({
          dataVersion: () => reader.dataVersion(),
          changed,
          ...(intervalMs === undefined ? {} : { intervalMs }),
        }),
    };
  } catch (thrown) {
    await thread.close();
    throw thrown;
  }
}

class SqliteDatabase implements Database {
  readonly kind = 'sqlite';
  readonly #thread: StoreThread;
  readonly #reader: PointReader;

  constructor(thread: StoreThread, reader: PointReader) {
    this.#thread = thread;
    this.#reader = reader;
  }

  create(session: NewSession, options: CreateOptions): Promise<SessionRow> {
    return this.#thread.call('create', session, options);
  }

  async get(id: string): Promise<SessionRow | undefined> {
    const answer = this.#reader.read(id);
    return answer === undefined ? this.#thread.call('get', id) : presentRow(answer.record);
  }

  async read(id: string): Promise<SessionRecord | undefined> {
    const answer = this.#reader.read(id);
    return answer === undefined ? this.#thread.call('read', id) : answer.record;
  }

  getByName(userId: string, name: string): Promise<SessionRow | undefined> {
    return this.#thread.call('getByName', userId, name);
  }

  list(userId?: string): Promise<ListedSession[]> {
    return this.#thread.call('list', userId);
  }

  recent(limit: number): Promise<SessionRecord[]> {
    return this.#thread.call('recent', limit);
  }

  update(id: string, guard: WriteGuard, change: SessionChange): Promise<SessionRow> {
    return this.#thread.call('update', id, guard, change);
  }

  claim(
    id: string,
    guard: WriteGuard,
    server: string,
    change: SessionChange,
    limits?: RunningLimits,
  ): Promise<SessionRow> {
    return this.#thread.call('claim', id, guard, server, change, limits);
  }

  delete(id: string, guard: WriteGuard): Promise<Tombstone | undefined> {
    return this.#thread.call('delete', id, guard);
  }

  recordActivity(activity: ReadonlyMap<string, number>): Promise<void> {
    return this.#thread.call('recordActivity', activity);
  }

  collect(deletedBefore: number): Promise<number> {
    return this.#thread.call('collect', deletedBefore);
  }

  listOutbox(minAgeMs: number, limit: number): Promise<OutboxItem[]> {
    return this.#thread.call('listOutbox', minAgeMs, limit);
  }

  clearOutbox(entries: readonly OutboxEntry[], cacheIdentity?: string): Promise<boolean> {
    return this.#thread.call('clearOutbox', entries, cacheIdentity);
  }

  dropOutbox(minAgeMs: number): Promise<number> {
    return this.#thread.call('dropOutbox', minAgeMs);
  }

  outboxDepth(): Promise<OutboxDepth> {
    return this.#thread.call('outboxDepth');
  }

  epochs(): Promise<Epochs> {
    return this.#thread.call('epochs');
  }

  bumpCacheEpoch(seen: number): Promise<Epochs> {
    return this.#thread.call('bumpCacheEpoch', seen);
  }

  adoptCache(identity: string): Promise<Epochs> {
    return this.#thread.call('adoptCache', identity);
  }

  registerServer(identity: ServerIdentity, leaseMs: number): Promise<ServerRow> {
    return this.#thread.call('registerServer', identity, leaseMs);
  }

  renewServer(id: string, incarnation: number, leaseMs: number): Promise<boolean> {
    return this.#thread.call('renewServer', id, incarnation, leaseMs);
  }

  releaseServer(id: string, incarnation: number): Promise<void> {
    return this.#thread.call('releaseServer', id, incarnation);
  }

  setDraining(id: string, incarnation: number, draining: boolean): Promise<void> {
    return this.#thread.call('setDraining', id, incarnation, draining);
  }

  listServers(): Promise<ServerRow[]> {
    return this.#thread.call('listServers');
  }

  putSockets(sockets: readonly SocketRow[]): Promise<void> {
    return this.#thread.call('putSockets', sockets);
  }

  removeSockets(sockets: readonly Pick<SocketRow, 'socketId' | 'terminalId'>[]): Promise<void> {
    return this.#thread.call('removeSockets', sockets);
  }

  reapSockets(serverId: string, incarnation: number | undefined): Promise<number> {
    return this.#thread.call('reapSockets', serverId, incarnation);
  }

  listSockets(filter: SocketFilter, limit: number): Promise<SocketRow[]> {
    return this.#thread.call('listSockets', filter, limit);
  }

  createToken(token: NewToken): Promise<TokenRow> {
    return this.#thread.call('createToken', token);
  }

  findToken(id: string): Promise<TokenRow | undefined> {
    return this.#thread.call('findToken', id);
  }

  listTokens(userId?: string): Promise<TokenRow[]> {
    return this.#thread.call('listTokens', userId);
  }

  revokeToken(id: string): Promise<TokenRow | undefined> {
    return this.#thread.call('revokeToken', id);
  }

  refusedTokens(ids: readonly string[]): Promise<string[]> {
    return this.#thread.call('refusedTokens', ids);
  }

  recordTokenUse(usedAt: ReadonlyMap<string, number>): Promise<void> {
    return this.#thread.call('recordTokenUse', usedAt);
  }

  openConnection(connection: OwnedConnection, limit: number): Promise<void> {
    return this.#thread.call('openConnection', connection, limit);
  }

  closeConnections(ids: readonly string[]): Promise<void> {
    return this.#thread.call('closeConnections', ids);
  }

  replaceConnections(
    serverId: string,
    incarnation: number,
    connections: readonly ConnectionRow[],
  ): Promise<void> {
    return this.#thread.call('replaceConnections', serverId, incarnation, connections);
  }

  async putScreens(screens: readonly NewScreen[]): Promise<void> {
    checkScreens(screens);
    await this.#thread.call('putScreens', screens);
  }

  getScreen(sessionId: string): Promise<ScreenRow | undefined> {
    return this.#thread.call('getScreen', sessionId);
  }

  close(): Promise<void> {
    this.#reader.close();
    return this.#thread.close();
  }
}
