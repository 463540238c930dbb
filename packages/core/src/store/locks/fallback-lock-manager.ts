import { TermError } from '../../errors/index.ts';
import type { Lock, LockInfo, LockManager, LockOptions } from '../lock.ts';
import { lockTimeout } from './lock-error.ts';

export interface FallbackLockOptions {
  readonly redis: LockManager;
  /** The database's; with SQLite a queue in this process. */
  readonly database: LockManager;
  /** Whether Redis may be used now. */
  readonly isUp: () => boolean;
}

/** These say what they mean; whatever else went wrong, the lock could not be had. */
const OWN_ERRORS: ReadonlySet<string> = new Set(['LOCK_TIMEOUT', 'ABORTED', 'TOO_MANY_WAITING']);

/**
 * Redis' locks while Redis can be used, else the database's. During a change one server may hold the one while another one holds the
 * other: that costs a refused write and a repetition, never data, since every write carries the revision or the owner epoch that the
 * database compares. Nobody goes on without a lock: where none can be had, that is LOCK_TIMEOUT.
 */
export class FallbackLockManager implements LockManager {
  readonly #options: FallbackLockOptions;

  /** Takes over both managers: they are closed with this one. */
  constructor(options: FallbackLockOptions) {
    this.#options = options;
  }

  async acquire(name: string, options: LockOptions): Promise<Lock> {
    const { redis, database, isUp } = this.#options;
    const beganMs = performance.now();
    if (isUp()) {
      try {
        return await redis.acquire(name, options);
      } catch (thrown) {
        if (!isCacheTrouble(thrown)) throw thrown;
      }
    }
    const leftMs = Math.max(0, options.waitMs - (performance.now() - beganMs));
    try {
      return await database.acquire(name, { ...options, waitMs: leftMs });
    } catch (thrown) {
      const error = TermError.from(thrown);
      throw OWN_ERRORS.has(error.code) ? error : lockTimeout(name, options.waitMs, error.message, error);
    }
  }

  /** Those of Redis, while it can be used, before those of the database. */
  async list(limit: number): Promise<LockInfo[]> {
    const shared = await this.#ofRedis(redis => redis.list(limit));
    const others = await this.#options.database.list(limit);
    return [...(shared ?? []), ...others].slice(0, limit);
  }

  async show(name: string): Promise<LockInfo | undefined> {
    return (await this.#ofRedis(redis => redis.show(name))) ?? (await this.#options.database.show(name));
  }

  async close(): Promise<void> {
    await Promise.all([this.#options.redis.close(), this.#options.database.close()]);
  }

  /** Undefined when Redis can't be asked. */
  async #ofRedis<T>(ask: (redis: LockManager) => Promise<T>): Promise<T | undefined> {
    if (!this.#options.isUp()) return undefined;
    try {
      return await ask(this.#options.redis);
    } catch (thrown) {
      if (!isCacheTrouble(thrown)) throw thrown;
      return undefined;
    }
  }
}

function isCacheTrouble(thrown: unknown): boolean {
  return (
    thrown instanceof TermError && (thrown.code === 'CACHE_UNAVAILABLE' || thrown.code === 'CACHE_REFUSED')
  );
}
