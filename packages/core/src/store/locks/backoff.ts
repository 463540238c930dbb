export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** Exponential with full jitter (attempts count from 0), at least 1 ms: waiters don't come back in step. */
export function backoffMs({ firstMs, maxMs }: Backoff, attempt: number, random: number): number {
  return Math.max(1, random * Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 30)));
}
