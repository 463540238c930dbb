import type { ErrorCode } from '@triterm/core/errors';
import type { HealthState, LinkFailure } from '@triterm/core/store';

/** How a command to Redis ended; the failures are those of its link. */
export type CommandOutcome = 'ok' | LinkFailure;
/** What the database was asked for. */
export type DatabaseOperation =
  | 'read'
  | 'list'
  | 'write'
  | 'outbox'
  | 'epoch'
  | 'server'
  | 'socket'
  | 'migrate';
export type LockOutcome = 'acquired' | 'timeout' | 'aborted' | 'unavailable';

/** Something that took time, with the labels of its histogram. */
export type Duration =
  | { readonly of: 'command'; readonly outcome: CommandOutcome; readonly seconds: number }
  | { readonly of: 'database'; readonly operation: DatabaseOperation; readonly seconds: number }
  | { readonly of: 'lock'; readonly outcome: LockOutcome; readonly seconds: number }
  | { readonly of: 'resync'; readonly seconds: number };

/** Durations that are kept for the histograms; until somebody asks for metrics, later ones are not measured. */
const MAX_KEPT = 4096;

/**
 * What happens between two looks at the metrics. Costs next to nothing while nobody looks: the histograms are made at the
 * first look, and get then what was kept for them. Never throws.
 */
export class Measurements {
  readonly #modeChanges = new Map<string, { from: HealthState; to: HealthState; count: number }>();
  readonly #databaseErrors = new Map<
    string,
    { operation: DatabaseOperation; code: ErrorCode; count: number }
  >();
  #kept: Duration[] = [];
  #sink: ((duration: Duration) => void) | undefined;

  observeCommand(outcome: CommandOutcome, seconds: number): void {
    this.#observe({ of: 'command', outcome, seconds });
  }

  observeDatabase(operation: DatabaseOperation, outcome: 'ok' | ErrorCode, seconds: number): void {
    if (outcome !== 'ok') {
      const key = `${operation} ${outcome}`;
      const count = (this.#databaseErrors.get(key)?.count ?? 0) + 1;
      this.#databaseErrors.set(key, { operation, code: outcome, count });
    }
    this.#observe({ of: 'database', operation, seconds });
  }

  /** A wait for a lock has ended. */
  observeLock(outcome: LockOutcome, seconds: number): void {
    this.#observe({ of: 'lock', outcome, seconds });
  }

  observeResync(seconds: number): void {
    this.#observe({ of: 'resync', seconds });
  }

  modeChanged(from: HealthState, to: HealthState): void {
    const key = `${from} ${to}`;
    this.#modeChanges.set(key, { from, to, count: (this.#modeChanges.get(key)?.count ?? 0) + 1 });
  }

  modeChanges(): { from: HealthState; to: HealthState; count: number }[] {
    return [...this.#modeChanges.values()];
  }

  databaseErrors(): { operation: DatabaseOperation; code: ErrorCode; count: number }[] {
    return [...this.#databaseErrors.values()];
  }

  /** Hands over what was kept, and everything from now on. */
  pour(sink: (duration: Duration) => void): void {
    this.#sink = sink;
    for (const duration of this.#kept) sink(duration);
    this.#kept = [];
  }

  #observe(duration: Duration): void {
    if (this.#sink !== undefined) this.#sink(duration);
    else if (this.#kept.length < MAX_KEPT) this.#kept.push(duration);
  }
}
