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

/** Everything that one database holds for us. */
export interface Database extends SessionTable, Outbox, EpochTable, ServerTable, SocketTable {
  readonly kind: 'sqlite' | 'postgres';
}
