/** A lock that is held. Efficiency only: what keeps data right is the condition in the database's statement. */
export interface Lock {
  readonly name: string;
  /** Random; a prefix of it is shown. */
  readonly token: string;
  /** Aborts when the lock can no longer be taken for held: renewal failed, or its lease ran out. */
  readonly lost: AbortSignal;
  /** Gives it back, and wakes who waits longest. Never touches another holder's lock. Does not reject. */
  release(): Promise<void>;
}

export interface LockOptions {
  /** How long to wait for it. */
  readonly waitMs: number;
  /** Gives up waiting. */
  readonly signal?: AbortSignal;
}

/** A lock as an operator looks at it. */
export interface LockInfo {
  readonly name: string;
  /** The server that holds it. */
  readonly holder: string;
  readonly tokenPrefix: string;
  readonly ageMs: number;
  /** Until it lapses unless it is renewed. */
  readonly ttlMs: number;
  /** Who waits for it, over all servers where that is known. */
  readonly waiters: number;
}

/** Named locks, `session:<id>` among them. */
export interface LockManager {
  /** Rejects with LOCK_TIMEOUT when it could not be had in time, ABORTED, or CACHE_UNAVAILABLE. Waiters are served in their order. */
  acquire(name: string, options: LockOptions): Promise<Lock>;
  list(limit: number): Promise<LockInfo[]>;
  /** Undefined when nobody holds it. */
  show(name: string): Promise<LockInfo | undefined>;
  close(): Promise<void>;
}

/** Runs `work` under the lock. `work` gets the signal that aborts when the lock is lost. Rejects as `acquire` and `work`. */
export async function withLock<T>(
  locks: Pick<LockManager, 'acquire'>,
  name: string,
  options: LockOptions,
  work: (lost: AbortSignal) => Promise<T>,
): Promise<T> {
  const lock = await locks.acquire(name, options);
  try {
    return await work(lock.lost);
  } finally {
    await lock.release();
  }
}
