import { setTimeout as pause } from 'node:timers/promises';
import { TermError } from '../../errors/index.ts';
import type { Database } from '../database.ts';
import type { LockOptions } from '../lock.ts';
import { backoffMs } from '../locks/backoff.ts';
import { lockAborted, lockTimeout } from '../locks/lock-error.ts';
import { advisoryKey, LOCK } from './advisory-key.ts';
import { CALL_DEADLINE_MS, callDeadline } from './deadline.ts';
import type { PostgresPool } from './pool.ts';
import { PostgresDatabase } from './postgres-database.ts';
import { statement } from './statement.ts';

const POLL = { firstMs: 4, maxMs: 64 };
/** From when it is held until it is lost; a holder that sleeps in between is cut off earlier by the server. */
const HOLD_DEADLINE_MS = 10_000;

const TRY_LOCK = statement('try_lock', 'SELECT pg_try_advisory_xact_lock($1) AS locked');

export interface AdvisoryLocks {
  /**
   * Runs `work` under a lock that all servers of the database see. What `work` writes through its store is one transaction on the
   * lock's own connection: done when this resolves, nothing of it when `work` rejects, and seen by nobody before. The lock ends
   * with it, or when the connection breaks: then nothing was written. Waiters are served in no order. Rejects with LOCK_TIMEOUT,
   * ABORTED, STORE_UNAVAILABLE, what `work` rejects with, or OUTCOME_UNKNOWN when the commit was not confirmed.
   */
  tryWithAdvisoryLock<T>(name: string, options: LockOptions, work: LockedWork<T>): Promise<T>;
}

/** What runs under a lock. `lost` aborts when the lock can no longer be taken for held. */
export type LockedWork<T> = (store: Omit<Database, 'close'>, lost: AbortSignal) => Promise<T>;

/** What a try ended in: the lock was held, or is somebody else's. */
type Attempt<T> = { readonly result: T } | undefined;

export class PostgresAdvisoryLocks implements AdvisoryLocks {
  readonly #pool: PostgresPool;

  /** The pool must be one that only locks use: a holder that waits for a connection which waiters have would wait for ever. */
  constructor(pool: PostgresPool) {
    this.#pool = pool;
  }

  async tryWithAdvisoryLock<T>(
    name: string,
    { waitMs, signal }: LockOptions,
    work: LockedWork<T>,
  ): Promise<T> {
    const untilMs = performance.now() + waitMs;
    for (let attempt = 0; ; attempt += 1) {
      if (signal?.aborted === true) throw lockAborted(name);
      const done = await this.#try(name, work);
      if (done !== undefined) return done.result;
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) throw lockTimeout(name, waitMs, 'Another one holds it.');
      await this.#pause(name, Math.min(leftMs, backoffMs(POLL, attempt, Math.random())), signal);
    }
  }

  /** Nobody who waits keeps a connection. */
  #try<T>(name: string, work: LockedWork<T>): Promise<Attempt<T>> {
    const holdUntilMs = performance.now() + CALL_DEADLINE_MS + HOLD_DEADLINE_MS;
    return this.#pool.holding(
      async (transaction, broken) => {
        const [tried] = await transaction.read<{ locked: boolean }>(TRY_LOCK, [
          advisoryKey(LOCK.named, name),
        ]);
        if (tried?.locked !== true) return undefined;
        const lost = AbortSignal.any([
          broken,
          AbortSignal.timeout(Math.max(0, Math.ceil(holdUntilMs - performance.now()))),
        ]);
        const store = new PostgresDatabase(transaction, async () => {});
        return { result: await untilLost(name, lost, work(store, lost)) };
      },
      { deadlineMs: () => Math.min(callDeadline(), holdUntilMs), savepoints: true },
    );
  }

  async #pause(name: string, ms: number, signal: AbortSignal | undefined): Promise<void> {
    try {
      await pause(ms, undefined, signal === undefined ? {} : { signal });
    } catch {
      throw lockAborted(name);
    }
  }
}

/** The work's outcome; rejects as soon as the lock is lost, whatever the work waits for. */
async function untilLost<T>(name: string, lost: AbortSignal, work: Promise<T>): Promise<T> {
  const ended = Promise.withResolvers<never>();
  const end = () =>
    ended.reject(new TermError('STORE_UNAVAILABLE', `The lock ${name} was lost.`, { cause: lost.reason }));
  if (lost.aborted) end();
  lost.addEventListener('abort', end);
  try {
    return await Promise.race([work, ended.promise]);
  } finally {
    lost.removeEventListener('abort', end);
  }
}
