/** Counters since the process began. `reads` is the sum of what they were answered by. */
export interface ReadCounters {
  readonly reads: number;
  readonly l1Hits: number;
  readonly redisHits: number;
  /** Answered by a tombstone, of either tier: the session is deleted. */
  readonly tombstones: number;
  /** Went to the database because no tier had it. */
  readonly misses: number;
  /** Shared another read's way to the database. */
  readonly coalesced: number;
  /** Went to the database because the tiers may not be used: SQLite, Redis not UP, channels not live. */
  readonly bypassed: number;
  readonly errors: number;
}

export interface StoreStats {
  readonly reads: ReadCounters;
  /** Answered from a tier while the database was away. Counted under the tier too. */
  readonly staleReads: number;
  readonly writes: number;
  readonly l1Entries: number;
  readonly floors: number;
  readonly puts: number;
  /** Puts and fills that found something as new or newer. */
  readonly casRejections: number;
  /** Fills without a valid token. */
  readonly fillRejections: number;
  /** Puts that failed; the outbox makes them good. */
  readonly putFailures: number;
  readonly invalidationsReceived: number;
  /** From a write's commit until its invalidation came back to this server, milliseconds; null before the first. */
  readonly invalidationLagMs: { readonly p50: number; readonly p99: number } | null;
  readonly outboxDrained: number;
  readonly resyncs: number;
}
