import type { SessionDoc, SessionState } from '../domain/index.ts';

/** A session as the database has it. */
export interface SessionRow {
  readonly id: string;
  /** Strictly increasing per id, issued by the database; `version` on the wire and in Redis. */
  readonly rev: number;
  readonly userId: string;
  readonly name: string;
  /** The server that owns the PTY. */
  readonly ownerServer: string;
  /** Fence: `rev` of the claim that made it the owner. */
  readonly ownerEpoch: number;
  readonly state: SessionState;
  readonly primarySocket: string | null;
  readonly doc: SessionDoc;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A session without what only its owner writes as a whole. */
export type SessionHead = Omit<SessionRow, 'doc'>;

/** A session as lists have it: with its last activity, which changes no revision and is in no cache. */
export interface ListedSession extends SessionRow {
  readonly lastActivityAt: number;
}

/** What is left of a deleted session: nobody may take an older state of it for the present one. */
export interface Tombstone {
  readonly id: string;
  /** The revision of the delete. */
  readonly rev: number;
  readonly deleted: true;
}

/** What the database says of an id that it has known. */
export type SessionRecord = SessionRow | Tombstone;

export function isTombstone(record: SessionRecord): record is Tombstone {
  return 'deleted' in record;
}

/** The session; undefined when there never was one, or it was deleted. */
export function presentRow(record: SessionRecord | undefined): SessionRow | undefined {
  return record === undefined || isTombstone(record) ? undefined : record;
}

export interface NewSession {
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  readonly ownerServer: string;
  readonly state: SessionState;
  readonly doc: SessionDoc;
}

/** How many sessions may run; counted in the transaction that adds one. Ended and lost ones don't count. */
export interface RunningLimits {
  /** Of the user, over all servers. */
  readonly limit: number;
  /** Of the owning server, over all users; no limit when not given. */
  readonly serverLimit?: number;
}

export interface CreateOptions extends RunningLimits {
  /** The owning server's incarnation: creates only while its lease has not lapsed. */
  readonly incarnation?: number;
  /**
   * A repetition with the same key returns the session that the first call made, as it is since; when that was deleted,
   * SESSION_NOT_FOUND.
   */
  readonly idempotencyKey?: string;
}

export interface SessionChange {
  readonly name?: string;
  readonly state?: SessionState;
  readonly primarySocket?: string | null;
  /** Replaces the members that it has. */
  readonly doc?: Partial<SessionDoc>;
}

/** What a row must still be for a write to happen. */
export interface WriteGuard {
  /** An owner's write: no other server has claimed the session since. */
  readonly ownerEpoch?: number;
  /** A read-modify-write: nobody has written since. */
  readonly rev?: number;
  /** The writing server's incarnation (in a claim the claimant's): writes only while its lease has not lapsed. LEASE_LOST else. */
  readonly incarnation?: number;
}

/**
 * Sessions in the database: the source of truth. Every method rejects within a deadline when the database can't be used: with
 * STORE_UNAVAILABLE, DISK_FULL, READ_ONLY_STATE or STORE_CORRUPT when nothing was done, with OUTCOME_UNKNOWN when a
 * write may have been done all the same (then read, or repeat it under its idempotency key).
 */
export interface SessionStore {
  /** Rejects with NAME_TAKEN, TOO_MANY_SESSIONS or LEASE_LOST, all decided in the creating transaction. */
  create(session: NewSession, options: CreateOptions): Promise<SessionRow>;
  /** Undefined when there is none, or it was deleted. */
  get(id: string): Promise<SessionRow | undefined>;
  getByName(userId: string, name: string): Promise<SessionRow | undefined>;
  /** Live rows of a user, or of everybody, oldest first. */
  list(userId?: string): Promise<ListedSession[]>;
  /** Rejects with SESSION_NOT_FOUND, STALE_REVISION (the guard does not hold), LEASE_LOST, NAME_TAKEN. */
  update(id: string, guard: WriteGuard, change: SessionChange): Promise<SessionRow>;
  /**
   * Makes `server` the owner: `ownerEpoch` becomes the new `rev`. Rejects as `update`; with OWNER_ALIVE while the owner is another
   * server whose lease has not lapsed, unless it is `server` under an earlier id (the same host and state directory); and with
   * TOO_MANY_SESSIONS when the change lets one more run than `limits` allow. All of it is decided in the claiming transaction.
   */
  claim(
    id: string,
    guard: WriteGuard,
    server: string,
    change: SessionChange,
    limits?: RunningLimits,
  ): Promise<SessionRow>;
  /** Marks it deleted; undefined when it was gone already, or never was. Rejects with STALE_REVISION. */
  delete(id: string, guard: WriteGuard): Promise<Tombstone | undefined>;
  /** Last activity, in milliseconds since 1970, of many sessions in one write; outside `rev`. */
  recordActivity(activity: ReadonlyMap<string, number>): Promise<void>;
  /** Removes rows that were deleted before the given time, and old idempotency keys; returns how many. */
  collect(deletedBefore: number): Promise<number>;
  close(): Promise<void>;
}
