import type { Lock, LockInfo, LockManager, LockOptions } from '../lock.ts';
import { LocalLockManager, type LocalLockOptions } from '../memory/local-lock-manager.ts';

/**
 * Lets one caller per name of this process at a time ask for the shared lock; the others wait here in their order. Each asks
 * anew: a lock handed on within the process would overtake the other processes' waiters.
 */
export class QueuedLockManager implements LockManager {
  readonly #shared: LockManager;
  readonly #local: LocalLockManager;

  /** Takes over `shared`: it is closed with this one. */
  constructor(shared: LockManager, options: LocalLockOptions) {
    this.#shared = shared;
    this.#local = new LocalLockManager(options);
  }

  async acquire(name: string, options: LockOptions): Promise<Lock> {
    const beganMs = performance.now();
    const turn = await this.#local.acquire(name, options);
    try {
      const leftMs = Math.max(0, options.waitMs - (performance.now() - beganMs));
      const lock = await this.#shared.acquire(name, { ...options, waitMs: leftMs });
      return {
        name,
        token: lock.token,
        get lost() {
          return lock.lost;
        },
        release: async () => {
          await lock.release();
          await turn.release();
        },
      };
    } catch (thrown) {
      await turn.release();
      throw thrown;
    }
  }

  async list(limit: number): Promise<LockInfo[]> {
    const locks = await this.#shared.list(limit);
    return Promise.all(locks.map(lock => this.#withLocalWaiters(lock)));
  }

  async show(name: string): Promise<LockInfo | undefined> {
    const lock = await this.#shared.show(name);
    return lock === undefined ? undefined : this.#withLocalWaiters(lock);
  }

  async close(): Promise<void> {
    await this.#local.close();
    await this.#shared.close();
  }

  async #withLocalWaiters(lock: LockInfo): Promise<LockInfo> {
    const local = await this.#local.show(lock.name);
    return { ...lock, waiters: lock.waiters + (local?.waiters ?? 0) };
  }
}
