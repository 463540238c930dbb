/** Where a drill runs: on servers of its own, or on the running system. */
export type DrillMode = 'sandbox' | 'live';

/**
 * How a drill ended. `held`: every claim was true; `failed`: one was not; `error`: it could not be carried out to its end;
 * `skipped`: what it needs is not to be had here; `interrupted`: somebody ended it.
 */
export type DrillVerdict = 'held' | 'failed' | 'error' | 'skipped' | 'interrupted';

/** Servers that a drill starts. */
export type DrillNeed = 'redis' | 'sentinel' | 'postgres';

export interface DrillInfo {
  readonly name: string;
  /** What is done to the system; one line. */
  readonly summary: string;
  /** What is expected of it then. */
  readonly hypothesis: string;
  readonly needs: readonly DrillNeed[];
  /** Safe on the running system. */
  readonly live: boolean;
}

export interface DrillStep {
  readonly what: string;
  readonly durationMs: number;
}

export interface DrillClaim {
  readonly claim: string;
  readonly held: boolean;
  /** What was seen instead, or in proof; empty where the claim says it all. */
  readonly found: string;
}

export interface DrillMeasurement {
  readonly what: string;
  readonly value: number;
  /** Such as `ms`; empty for a count. */
  readonly unit: string;
}

export interface DrillReport extends DrillInfo {
  readonly mode: DrillMode;
  /** The database that it ran on, and why it is not the configured kind when it is not; null when it needed none. */
  readonly database: string | null;
  readonly verdict: DrillVerdict;
  /** Why it did not hold or was not run; null when it held. */
  readonly reason: string | null;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly steps: readonly DrillStep[];
  readonly claims: readonly DrillClaim[];
  readonly measurements: readonly DrillMeasurement[];
  /** Directory that was kept for a look; null when all was removed. */
  readonly kept: string | null;
}

/** What a run of drills tells while it goes on, in order. */
export type DrillEvent =
  | { readonly event: 'started'; readonly drill: DrillInfo }
  | { readonly event: 'step'; readonly name: string; readonly what: string }
  | ({ readonly event: 'claim'; readonly name: string } & DrillClaim)
  | ({ readonly event: 'measurement'; readonly name: string } & DrillMeasurement)
  | { readonly event: 'ended'; readonly report: DrillReport };
