import { TermError } from '@triterm/core/errors';
import { type LockManager, withLock } from '@triterm/core/store';

/** How long a command waits for another one of the same session. */
const WAIT_MS = 2000;

/**
 * Runs `work` under the session's lock over all servers. Where no lock can be had because neither Redis nor the database
 * answers, the owner goes on alone: its own queue keeps the order, and the owner epoch protects what is stored. Rejects with
 * LOCK_TIMEOUT when somebody else holds it, and as `work`.
 */
export async function exclusively<T>(
  locks: Pick<LockManager, 'acquire'>,
  sessionId: string,
  work: () => Promise<T>,
): Promise<T> {
  let begun = false;
  try {
    return await withLock(locks, `session:${sessionId}`, { waitMs: WAIT_MS }, () => {
      begun = true;
      return work();
    });
  } catch (thrown) {
    if (begun || !isAway(thrown)) throw thrown;
    return await work();
  }
}

/** Nobody holds the lock; those who could give it are away. */
function isAway(thrown: unknown): boolean {
  for (let error = thrown; error instanceof TermError; error = error.cause)
    if (error.code === 'STORE_UNAVAILABLE' || error.code === 'CACHE_UNAVAILABLE') return true;
  return false;
}
