import { TermError } from '../../errors/index.ts';

/** `why` is a sentence, such as who holds it. */
export function lockTimeout(name: string, waitMs: number, why: string, cause?: unknown): TermError {
  return new TermError(
    'LOCK_TIMEOUT',
    `The lock ${name} was not free within ${Math.round(waitMs)} ms. ${why}`,
    {
      cause,
      details: { lock: name, waitMs },
    },
  );
}

export function lockAborted(name: string): TermError {
  return new TermError('ABORTED', `Waiting for the lock ${name} was given up.`, { details: { lock: name } });
}

export function locksClosed(name: string): TermError {
  return new TermError(
    'ABORTED',
    `The lock ${name} is not given out any more: this server is shutting down.`,
  );
}

export function tooManyWaiting(name: string, waiting: number): TermError {
  return new TermError('TOO_MANY_WAITING', `${waiting} wait for the lock ${name} in this server.`, {
    details: { lock: name, waiting },
  });
}
