/** What an operator may tune; times in milliseconds. */
export interface StoreSettings {
  /** Sessions kept in memory. */
  readonly l1Entries: number;
  readonly l1TtlMs: number;
  /** How long an entry lives in Redis; never extended by reads. */
  readonly sessionTtlMs: number;
  readonly tombstoneTtlMs: number;
  readonly lockTtlMs: number;
  /** Sessions put into Redis at the start and after a resynchronisation. */
  readonly warmEntries: number;
  /** How long a server is taken for alive without a word. */
  readonly leaseMs: number;
  readonly leaseRenewMs: number;
}

export const DEFAULT_STORE_SETTINGS: StoreSettings = {
  l1Entries: 10_000,
  l1TtlMs: 30_000,
  sessionTtlMs: 3_600_000,
  tombstoneTtlMs: 3_600_000,
  lockTtlMs: 10_000,
  warmEntries: 1000,
  leaseMs: 15_000,
  leaseRenewMs: 5000,
};
