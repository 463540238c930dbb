import { NoAnswer } from './postgres-error.ts';

/** From a call to its rejection, whatever the database does. */
export const CALL_DEADLINE_MS = 2500;

/** The time of `performance.now()` at which a call that begins now is given up. */
export function callDeadline(): number {
  return performance.now() + CALL_DEADLINE_MS;
}

/**
 * The promise's outcome, or a rejection with NoAnswer at the deadline. The promise goes on; what it rejects with later is dropped.
 */
export async function before<T>(deadlineMs: number, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  // After a stall of the event loop timers fire before what has arrived is taken in, so one more look at it follows.
  const timer = setTimeout(
    () => setImmediate(() => late.reject(new NoAnswer())),
    Math.max(0, deadlineMs - performance.now()),
  );
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
