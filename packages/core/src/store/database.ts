import type { Scope } from '../domain/index.ts';
import type { SessionRecord, SessionStore } from './session-store.ts';

/** Sessions with the third answer: there is one, there was one, there never was. */
export interface SessionTable extends SessionStore {
  /** Undefined when the id never was, or its deleted row was collected. Bound to one statement: what was committed when it began is in it. */
  read(id: string): Promise<SessionRecord | undefined>;
  /** Live sessions, the most recently active first, for warming a cache. */
  recent(limit: number): Promise<SessionRecord[]>;
}

export interface OutboxEntry {
  readonly id: string;
  readonly rev: number;
}

/** An entry with what the database says of its id now. */
export interface OutboxItem extends OutboxEntry {
  /** A row that was collected is a tombstone with the entry's revision. */
  readonly record: SessionRecord;
}

/**
 * Ids whose cache entries may be behind. Every write of a session puts its id here in the same transaction, so that a
 * server that dies between commit and cache leaves word. One entry an id: a later write raises its revision.
 */
export interface Outbox {
  /** Entries that were written at least `minAgeMs` ago by the database's clock, oldest first. */
  listOutbox(minAgeMs: number, limit: number): Promise<OutboxItem[]>;
  /**
   * Removes the entries that still have this revision, if `cacheIdentity` is the noted cache (`adoptCache`) or is not given: what
   * was put into another one is missing in that. Whether it is.
   */
  clearOutbox(entries: readonly OutboxEntry[], cacheIdentity?: string): Promise<boolean>;
  /** Removes what is older: no cache entry lives so long. Returns how many. */
  dropOutbox(minAgeMs: number): Promise<number>;
  outboxDepth(): Promise<OutboxDepth>;
}

export interface OutboxDepth {
  readonly entries: number;
  /** Age of the oldest entry in milliseconds; 0 when there is none. */
  readonly oldestMs: number;
}

/** Generations of the data, and of what caches hold of it. */
export interface Epochs {
  /** Random; another one after a restore, an import or a reboot. Compared for equality only. */
  readonly db: string;
  /** Raised whenever everything cached before is void. */
  readonly cache: number;
}

export interface EpochTable {
  epochs(): Promise<Epochs>;
  /** Raises `cache` if it is still `seen`; returns what holds then. */
  bumpCacheEpoch(seen: number): Promise<Epochs>;
  /**
   * Notes which cache server (run ids, master set) the entries lie on. Another one than the noted one may hold an older
   * state of them: then `cache` is raised too. Returns what holds then.
   */
  adoptCache(identity: string): Promise<Epochs>;
}

/** A server as it introduces itself. */
export interface ServerIdentity {
  readonly id: string;
  readonly hostId: string;
  readonly bootId: string;
  readonly stateDir: string;
  readonly advertiseUrl: string | null;
}

export interface ServerRow extends ServerIdentity {
  /** A new one each time that the server starts, or its lease had lapsed; strictly increasing per id. */
  readonly incarnation: number;
  /** By the database's clock; negative when the lease has lapsed. */
  readonly leaseLeftMs: number;
  /** It makes no new sessions and wants its clients elsewhere, until it starts again. */
  readonly draining: boolean;
}

/** Which servers there are, and until when each may be taken for alive. */
export interface ServerTable {
  /**
   * A new incarnation with a fresh lease. The same host and state directory take over at once: their lock says that the one
   * before is gone. Rejects with SERVER_ID_TAKEN while another one holds an unexpired lease.
   */
  registerServer(identity: ServerIdentity, leaseMs: number): Promise<ServerRow>;
  /** False when the lease has lapsed or a later incarnation has registered: then it is lost, and stays so. */
  renewServer(id: string, incarnation: number, leaseMs: number): Promise<boolean>;
  /** Ends the lease of this incarnation now. */
  releaseServer(id: string, incarnation: number): Promise<void>;
  /** Of this incarnation; a new one does not drain. */
  setDraining(id: string, incarnation: number, draining: boolean): Promise<void>;
  /** All of them, by id. */
  listServers(): Promise<ServerRow[]>;
}

/** An attachment as every server may see it. */
export interface SocketRow {
  readonly socketId: string;
  readonly terminalId: string;
  readonly userId: string;
  readonly serverId: string;
  readonly incarnation: number;
  readonly deviceId: string;
  readonly deviceName: string;
  /** Milliseconds since 1970. */
  readonly connectedAt: number;
}

export type SocketFilter = Partial<Pick<SocketRow, 'socketId' | 'terminalId' | 'userId' | 'serverId'>>;

/** Attachments as their servers last told; read when the registry in Redis can't be. Written asynchronously, in batches. */
export interface SocketTable {
  putSockets(sockets: readonly SocketRow[]): Promise<void>;
  removeSockets(sockets: readonly Pick<SocketRow, 'socketId' | 'terminalId'>[]): Promise<void>;
  /** Removes those of a server's earlier incarnations; with `incarnation` undefined, all of it. Returns how many. */
  reapSockets(serverId: string, incarnation: number | undefined): Promise<number>;
  listSockets(filter: SocketFilter, limit: number): Promise<SocketRow[]>;
}

export interface NewToken {
  readonly id: string;
  readonly userId: string;
  readonly scope: Scope;
  /** The only session that it admits to; null for all of the user's. */
  readonly sessionId: string | null;
  /** SHA-256 of its secret part, in hex: the secret itself is nowhere. */
  readonly hash: string;
  /** For people. */
  readonly label: string;
  /** Null: never. */
  readonly expiresInMs: number | null;
}

export interface TokenRow extends Omit<NewToken, 'expiresInMs'> {
  /** Milliseconds since 1970, as all of them. */
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  readonly lastUsedAt: number | null;
  /** By the database's clock. */
  readonly expired: boolean;
}

/** Who may come over the network. */
export interface TokenTable {
  createToken(token: NewToken): Promise<TokenRow>;
  findToken(id: string): Promise<TokenRow | undefined>;
  /** Oldest first, revoked and expired ones too, until `collect` removes them. */
  listTokens(userId?: string): Promise<TokenRow[]>;
  /** As it is then; undefined when there is none. Once revoked, always revoked. */
  revokeToken(id: string): Promise<TokenRow | undefined>;
  /** Which of these do not admit anybody any more: revoked, expired or gone. */
  refusedTokens(ids: readonly string[]): Promise<string[]>;
  /** Last use, in milliseconds since 1970, of many in one write. */
  recordTokenUse(usedAt: ReadonlyMap<string, number>): Promise<void>;
}

export interface ConnectionRow {
  readonly id: string;
  readonly userId: string;
}

/** With the server that has it. */
export interface OwnedConnection extends ConnectionRow {
  readonly serverId: string;
  readonly incarnation: number;
}

/** Connections over the network, counted over all servers; those of a server whose lease has lapsed don't count. */
export interface ConnectionTable {
  /** Counts and enters it in one transaction. Rejects with TOO_MANY_CONNECTIONS when the user has `limit` of them. */
  openConnection(connection: OwnedConnection, limit: number): Promise<void>;
  closeConnections(ids: readonly string[]): Promise<void>;
  /** A new incarnation of the server has these, and no others. */
  replaceConnections(
    serverId: string,
    incarnation: number,
    connections: readonly ConnectionRow[],
  ): Promise<void>;
}

/** What is left on a session's screen, for when its server can't be asked: a bounded tail, as of an offset of the stream. */
export interface NewScreen {
  readonly sessionId: string;
  readonly ownerEpoch: number;
  /** Bytes of the program's output before this offset are in it. */
  readonly offset: number;
  readonly cols: number;
  readonly rows: number;
  /** JSON of `{scrollback, screen, cursor, alternateScreen}`, lines with SGR; at most 96 KiB. */
  readonly content: string;
}

export interface ScreenRow extends NewScreen {
  /** Milliseconds since 1970, by the database's clock. */
  readonly at: number;
}

export interface ScreenTable {
  /** Only what is of the row's present owner epoch; what an earlier owner still sends is dropped. Never goes back to a lower offset of one epoch. */
  putScreens(screens: readonly NewScreen[]): Promise<void>;
  /** Undefined when none was kept, or the session was deleted: then it goes with it. */
  getScreen(sessionId: string): Promise<ScreenRow | undefined>;
}

/** Everything that one database holds for us. */
export interface Database
  extends SessionTable,
    Outbox,
    EpochTable,
    ServerTable,
    SocketTable,
    TokenTable,
    ConnectionTable,
    ScreenTable {
  readonly kind: 'sqlite' | 'postgres';
}
