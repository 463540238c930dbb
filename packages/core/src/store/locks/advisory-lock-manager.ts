import { randomUUID } from 'node:crypto';
import { TermError } from '../../errors/index.ts';
import type { Lock, LockInfo, LockManager, LockOptions } from '../lock.ts';
import type { AdvisoryLocks } from '../postgres/advisory-lock.ts';
import { locksClosed } from './lock-error.ts';

const TOKEN_PREFIX_LENGTH = 8;
/** Shown as the time to live: it ends with its connection. */
const NOMINAL_TTL_MS = 10_000;

interface Held {
  readonly token: string;
  readonly sinceMs: number;
  readonly release: () => Promise<void>;
}

/**
 * PostgreSQL's advisory locks as a lock manager: a transaction of the locks' own pool stays open while a lock is held. What is
 * written under it goes over the store's connections, so nobody waits for a connection that a holder has. The database does not
 * tell who holds a lock: only this server's are listed.
 */
export class AdvisoryLockManager implements LockManager {
  readonly #locks: AdvisoryLocks;
  readonly #serverId: string;
  readonly #held = new Map<string, Held>();
  readonly #closing = new AbortController();

  constructor(locks: AdvisoryLocks, serverId: string) {
    this.#locks = locks;
    this.#serverId = serverId;
  }

  async acquire(name: string, { waitMs, signal }: LockOptions): Promise<Lock> {
    if (this.#closing.signal.aborted) throw locksClosed(name);
    const given = Promise.withResolvers<Lock>();
    const released = Promise.withResolvers<void>();
    const either = AbortSignal.any([this.#closing.signal, ...(signal === undefined ? [] : [signal])]);
    const token = randomUUID();
    const ended = this.#locks
      .tryWithAdvisoryLock(name, { waitMs, signal: either }, (_, lost) => {
        const release = async (): Promise<void> => {
          released.resolve();
          await ended;
        };
        this.#held.set(name, { token, sinceMs: performance.now(), release });
        given.resolve({ name, token, lost, release });
        return released.promise;
      })
      .catch((thrown: unknown) => given.reject(TermError.from(thrown)))
      .finally(() => {
        if (this.#held.get(name)?.token === token) this.#held.delete(name);
      });
    return given.promise;
  }

  async list(limit: number): Promise<LockInfo[]> {
    return [...this.#held].slice(0, limit).map(([name, held]) => this.#info(name, held));
  }

  async show(name: string): Promise<LockInfo | undefined> {
    const held = this.#held.get(name);
    return held === undefined ? undefined : this.#info(name, held);
  }

  /** Who waits gets ABORTED; what is held is given back. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#held.values()].map(({ release }) => release()));
  }

  #info(name: string, { token, sinceMs }: Held): LockInfo {
    return {
      name,
      holder: this.#serverId,
      tokenPrefix: token.slice(0, TOKEN_PREFIX_LENGTH),
      ageMs: performance.now() - sinceMs,
      ttlMs: NOMINAL_TTL_MS,
      waiters: 0,
    };
  }
}
