import { setTimeout as delay } from 'node:timers/promises';
import { ERROR_CATALOG, TermError } from '@triterm/core/errors';

/** Pauses before a write of unknown outcome is repeated: a connection is made again in this time, or the database is away for longer. */
const PAUSES_MS = [100, 400, 1500];
/** No repetition begins later: whoever waits for the answer gets one in time, though each try may take a deadline of the store. */
const REPEAT_WITHIN_MS = 3000;

/**
 * A write that finds what it has done before when it is repeated: by its idempotency key, or because its guard does not hold any more.
 * While its outcome is unknown it is repeated a few times. Rejects as `write`; with OUTCOME_UNKNOWN when the store could not say.
 */
export async function untilKnown<T>(
  write: () => Promise<T>,
  pausesMs: readonly number[] = PAUSES_MS,
): Promise<T> {
  const endMs = performance.now() + REPEAT_WITHIN_MS;
  let unknown: TermError | undefined;
  for (const pauseMs of [0, ...pausesMs]) {
    if (unknown !== undefined && performance.now() + pauseMs > endMs) break;
    if (pauseMs > 0) await delay(pauseMs);
    try {
      return await write();
    } catch (thrown) {
      const error = TermError.from(thrown);
      if (error.code === 'OUTCOME_UNKNOWN') unknown ??= error;
      else if (unknown === undefined || ERROR_CATALOG[error.code].category !== 'storage') throw thrown;
    }
  }
  throw unknown;
}
