import { withDeadline } from '../deadline.ts';
import { NoAnswer } from './postgres-error.ts';

/** From a call to its rejection, whatever the database does. */
export const CALL_DEADLINE_MS = 2500;

/** The time of `performance.now()` at which a call that begins now is given up. */
export function callDeadline(): number {
  return performance.now() + CALL_DEADLINE_MS;
}

/** The promise's outcome, or a rejection with NoAnswer at the deadline. The promise goes on; what it rejects with later is dropped. */
export function before<T>(deadlineMs: number, promise: Promise<T>): Promise<T> {
  return withDeadline(promise, Math.max(0, deadlineMs - performance.now()), () => new NoAnswer());
}
