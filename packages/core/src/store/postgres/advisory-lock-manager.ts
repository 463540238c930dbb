import { newToken } from '../../domain/index.ts';
import type { Lock, LockInfo, LockManager, LockOptions } from '../lock.ts';
import { locksClosed } from '../locks/lock-error.ts';
import type { AdvisoryLocks } from './advisory-lock.ts';

const TOKEN_PREFIX_LENGTH = 8;

interface Held {
  readonly token: string;
  readonly sinceMs: number;
  release(): void;
}

/**
 * The database's locks for those who have no Redis: each is held by an open transaction, which writes nothing. The server ends it, and
 * the lock, when it has been idle for 5 s. Only this process' own can be listed: PostgreSQL knows numbers, not names.
 */
export class AdvisoryLockManager implements LockManager {
  readonly #locks: AdvisoryLocks;
  readonly #serverId: string;
  readonly #held = new Map<string, Held>();
  readonly #waiters = new Map<string, number>();
  #closed = false;

  constructor(locks: AdvisoryLocks, serverId: string) {
    this.#locks = locks;
    this.#serverId = serverId;
  }

  async acquire(name: string, options: LockOptions): Promise<Lock> {
    if (this.#closed) throw locksClosed(name);
    this.#count(name, 1);
    try {
      return await this.#acquire(name, options);
    } finally {
      this.#count(name, -1);
    }
  }

  async list(limit: number): Promise<LockInfo[]> {
    return [...this.#held].slice(0, limit).map(([name, held]) => this.#info(name, held));
  }

  async show(name: string): Promise<LockInfo | undefined> {
    const held = this.#held.get(name);
    return held && this.#info(name, held);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { release } of this.#held.values()) release();
  }

  async #acquire(name: string, options: LockOptions): Promise<Lock> {
    const token = newToken();
    const granted = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const lost = new AbortController();
    const over = this.#locks.tryWithAdvisoryLock(name, options, async () => {
      this.#held.set(name, { token, sinceMs: performance.now(), release: released.resolve });
      granted.resolve();
      await released.promise;
    });
    const ended = over
      .then(
        () => {},
        thrown => {
          granted.reject(thrown);
          lost.abort(thrown);
        },
      )
      .finally(() => {
        if (this.#held.get(name)?.token === token) this.#held.delete(name);
      });
    await granted.promise;
    return {
      name,
      token,
      lost: lost.signal,
      release: () => {
        released.resolve();
        return ended;
      },
    };
  }

  #count(name: string, by: 1 | -1): void {
    const waiters = (this.#waiters.get(name) ?? 0) + by;
    if (waiters === 0) this.#waiters.delete(name);
    else this.#waiters.set(name, waiters);
  }

  #info(name: string, { token, sinceMs }: Held): LockInfo {
    return {
      name,
      holder: this.#serverId,
      tokenPrefix: token.slice(0, TOKEN_PREFIX_LENGTH),
      ageMs: Math.round(performance.now() - sinceMs),
      // It stands as long as its connection does.
      ttlMs: 0,
      waiters: this.#waiters.get(name) ?? 0,
    };
  }
}
