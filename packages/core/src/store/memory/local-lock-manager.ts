import { randomUUID } from 'node:crypto';
import type { Lock, LockInfo, LockManager, LockOptions } from '../lock.ts';
import { lockAborted, locksClosed, lockTimeout, tooManyWaiting } from '../locks/lock-error.ts';

const DEFAULT_MAX_WAITERS = 256;
const TOKEN_PREFIX_LENGTH = 8;
/** Shown as the time to live: a lock of this process lapses with the process only. */
const NOMINAL_TTL_MS = 10_000;

export interface LocalLockOptions {
  /** Shown as the holder. */
  readonly serverId: string;
  /** Of one name. The next one is refused with TOO_MANY_WAITING. */
  readonly maxWaiters?: number;
}

interface Waiter {
  grant(): void;
  fail(error: Error): void;
}

interface Held {
  readonly token: string;
  readonly sinceMs: number;
  readonly lost: Loss;
  readonly waiters: Set<Waiter>;
}

/** That a lock is lost: the signal is made when somebody asks for it, for most locks are given back before. */
class Loss {
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}

/** Locks among the callers of one process, first come, first served. */
export class LocalLockManager implements LockManager {
  readonly #serverId: string;
  readonly #maxWaiters: number;
  readonly #held = new Map<string, Held>();
  #closed = false;

  constructor({ serverId, maxWaiters = DEFAULT_MAX_WAITERS }: LocalLockOptions) {
    this.#serverId = serverId;
    this.#maxWaiters = maxWaiters;
  }

  async acquire(name: string, options: LockOptions): Promise<Lock> {
    if (this.#closed) throw locksClosed(name);
    if (options.signal?.aborted === true) throw lockAborted(name);
    const held = this.#held.get(name);
    if (held === undefined) return this.#hold(name, new Set());
    await this.#wait(name, held, options);
    return this.#hold(name, held.waiters);
  }

  async list(limit: number): Promise<LockInfo[]> {
    return [...this.#held].slice(0, limit).map(([name, held]) => this.#info(name, held));
  }

  async show(name: string): Promise<LockInfo | undefined> {
    const held = this.#held.get(name);
    return held === undefined ? undefined : this.#info(name, held);
  }

  /** Who waits gets ABORTED; what is held is lost. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const [name, { lost, waiters }] of this.#held) {
      for (const waiter of waiters) waiter.fail(locksClosed(name));
      lost.abort(locksClosed(name));
    }
    this.#held.clear();
  }

  #wait(name: string, held: Held, { waitMs, signal }: LockOptions): Promise<void> {
    const { waiters } = held;
    if (waiters.size >= this.#maxWaiters) throw tooManyWaiting(name, waiters.size);
    const busy = () => lockTimeout(name, waitMs, `This server holds it, and ${waiters.size} wait.`);
    if (waitMs <= 0) throw busy();
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        waiters.delete(waiter);
      };
      const waiter: Waiter = {
        grant: () => {
          leave();
          resolve();
        },
        fail: error => {
          leave();
          reject(error);
        },
      };
      const onAbort = () => waiter.fail(lockAborted(name));
      const timer = setTimeout(() => waiter.fail(busy()), waitMs);
      signal?.addEventListener('abort', onAbort);
      waiters.add(waiter);
    });
  }

  #hold(name: string, waiters: Set<Waiter>): Lock {
    // Costs a tenth of other random bytes: Node fetches them in advance.
    const token = randomUUID();
    const lost = new Loss();
    if (this.#closed) throw locksClosed(name);
    this.#held.set(name, { token, sinceMs: performance.now(), lost, waiters });
    return {
      name,
      token,
      get lost() {
        return lost.signal;
      },
      release: async () => this.#release(name, token),
    };
  }

  #release(name: string, token: string): void {
    const held = this.#held.get(name);
    if (held?.token !== token) return;
    const [next] = held.waiters;
    if (next === undefined) {
      this.#held.delete(name);
      return;
    }
    // Nobody's until the next one takes it, and not free either: a newcomer waits behind.
    this.#held.set(name, { ...held, token: '' });
    next.grant();
  }

  #info(name: string, { token, sinceMs, waiters }: Held): LockInfo {
    return {
      name,
      holder: this.#serverId,
      tokenPrefix: token.slice(0, TOKEN_PREFIX_LENGTH),
      ageMs: performance.now() - sinceMs,
      ttlMs: NOMINAL_TTL_MS,
      waiters: waiters.size,
    };
  }
}
