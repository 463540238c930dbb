import type { ReadCounters } from '@triterm/core/store';

/** Hits and tombstones among the reads that asked a tier; null before the first. */
export function hitRate(counters: ReadCounters): number | null {
  const { reads, l1Hits, redisHits, tombstones, bypassed, errors } = counters;
  const asked = reads - bypassed - errors;
  return asked <= 0 ? null : (l1Hits + redisHits + tombstones) / asked;
}
