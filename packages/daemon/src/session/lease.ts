import { TermError } from '@triterm/core/errors';

/** This server's right to act as itself in the store. */
export interface Lease {
  /** By this server's own clock, which may be wrong after the machine slept: the database has the last word. */
  readonly held: boolean;
  /** Which of this server's lives it is. Every write of an owner carries it. */
  readonly incarnation: number;
  /**
   * Whether it is held; one that is not is asked for at once, and awaited for that time. `refused`: an incarnation that the database
   * takes for lapsed. Does not reject.
   */
  ensure(timeoutMs: number, refused?: number): Promise<boolean>;
}

/** How long a command waits for a lease that was lost. */
const ENSURE_MS = 2500;

/**
 * A command's write, under the lease. A machine that has slept has lost its lease and does not know it: then it is taken anew, and the
 * write is repeated once, under the new incarnation. Where no lease can be had the database says why. Rejects as `write`.
 */
export async function underLease<T>(lease: Lease, write: (incarnation: number) => Promise<T>): Promise<T> {
  if (!lease.held) await lease.ensure(ENSURE_MS);
  const { incarnation } = lease;
  try {
    return await write(incarnation);
  } catch (thrown) {
    if (!isLeaseLost(thrown)) throw thrown;
  }
  await lease.ensure(ENSURE_MS, incarnation);
  return await write(lease.incarnation);
}

/** As `underLease`, for what nobody waits for: it is repeated later anyway. Rejects with LEASE_LOST at once where no lease is held. */
export async function whileLeaseHeld<T>(
  lease: Lease,
  write: (incarnation: number) => Promise<T>,
): Promise<T> {
  if (!lease.held) throw new TermError('LEASE_LOST', 'This server holds no lease at the moment.');
  return await write(lease.incarnation);
}

export function isLeaseLost(thrown: unknown): boolean {
  return thrown instanceof TermError && thrown.code === 'LEASE_LOST';
}
