import { TermError } from '../../errors/index.ts';
import type { Lock } from '../lock.ts';
import { LocalLockManager } from '../memory/local-lock-manager.ts';

export interface TurnsOptions {
  /** For all turns that a piece of work needs, together. */
  readonly waitMs: number;
  /** Of one name. */
  readonly maxWaiters: number;
}

/**
 * Turns of one process, first come, first served. Who will wait for a lock of the database waits for his turn first: so one of each
 * process waits there, on one connection, however many want to; else a crowd takes all connections, and the last of it exceeds
 * what the database lets a statement wait.
 */
export class Turns {
  readonly #locks: LocalLockManager;
  readonly #waitMs: number;

  constructor({ waitMs, maxWaiters }: TurnsOptions) {
    this.#locks = new LocalLockManager({ serverId: '', maxWaiters });
    this.#waitMs = waitMs;
  }

  /**
   * Runs the work when it has each of the turns, which it waits for one after the other. Rejects with STORE_UNAVAILABLE when it does
   * not get them, or as the work does.
   */
  async take<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
    const untilMs = performance.now() + this.#waitMs;
    const taken: Lock[] = [];
    try {
      for (const name of new Set(names)) taken.push(await this.#acquire(name, untilMs - performance.now()));
      return await work();
    } finally {
      for (const turn of taken) await turn.release();
    }
  }

  async #acquire(name: string, waitMs: number): Promise<Lock> {
    try {
      return await this.#locks.acquire(name, { waitMs });
    } catch (cause) {
      throw new TermError(
        'STORE_UNAVAILABLE',
        'Too many requests of one user wait for their turn in the database.',
        { cause },
      );
    }
  }
}
