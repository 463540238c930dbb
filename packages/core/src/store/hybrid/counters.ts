import type { ReadCounters } from './stats.ts';

/** Counts; the store's parts share one. */
export class Counters {
  l1Hits = 0;
  redisHits = 0;
  tombstones = 0;
  misses = 0;
  coalesced = 0;
  bypassed = 0;
  errors = 0;
  staleReads = 0;
  writes = 0;
  puts = 0;
  casRejections = 0;
  fillRejections = 0;
  putFailures = 0;
  invalidationsReceived = 0;
  outboxDrained = 0;
  resyncs = 0;

  readCounters(): ReadCounters {
    const { l1Hits, redisHits, tombstones, misses, coalesced, bypassed, errors } = this;
    const reads = l1Hits + redisHits + tombstones + misses + coalesced + bypassed + errors;
    return { reads, l1Hits, redisHits, tombstones, misses, coalesced, bypassed, errors };
  }
}
