import { TermError } from '@triterm/core/errors';
import type { LockManager } from '@triterm/core/store';
import type { LockOutcome, Measurements } from './measurements.ts';

/** The same locks, with every wait for one measured. */
export function measuredLocks(
  locks: Pick<LockManager, 'acquire'>,
  measurements: Pick<Measurements, 'observeLock'>,
): Pick<LockManager, 'acquire'> {
  return {
    acquire: async (name, options) => {
      const startedAtMs = performance.now();
      const told = (outcome: LockOutcome) =>
        measurements.observeLock(outcome, (performance.now() - startedAtMs) / 1000);
      try {
        const lock = await locks.acquire(name, options);
        told('acquired');
        return lock;
      } catch (thrown) {
        told(outcomeOf(thrown));
        throw thrown;
      }
    },
  };
}

function outcomeOf(thrown: unknown): LockOutcome {
  const { code } = TermError.from(thrown);
  if (code === 'LOCK_TIMEOUT') return 'timeout';
  return code === 'ABORTED' ? 'aborted' : 'unavailable';
}
