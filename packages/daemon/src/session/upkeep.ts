import type { SessionStore } from '@triterm/core/store';
import type { Lease } from './lease.ts';
import type { Session } from './session.ts';

export interface UpkeepDependencies {
  readonly store: Pick<SessionStore, 'recordActivity' | 'collect'>;
  readonly registry: { all(): readonly Pick<Session, 'id' | 'lastActivityAt'>[] };
  readonly lease: Pick<Lease, 'held'>;
  trouble(session: string, what: string, error: unknown): void;
}

/** Last activity is stored this often. */
const ACTIVITY_INTERVAL_MS = 5000;
/** Deleted rows and old keys are removed this often, a day after their time. */
const COLLECT_INTERVAL_MS = 3_600_000;
const COLLECT_AFTER_MS = 24 * 3_600_000;

/** What is stored now and then, whatever happens: last activity of this server's sessions, and that old rows go. */
export class Upkeep {
  readonly #d: UpkeepDependencies;
  readonly #recorded = new WeakMap<object, number>();
  readonly #timers: NodeJS.Timeout[];

  constructor(dependencies: UpkeepDependencies) {
    this.#d = dependencies;
    this.#timers = [
      setInterval(() => this.#recordActivity(), ACTIVITY_INTERVAL_MS).unref(),
      setInterval(() => this.#collect(), COLLECT_INTERVAL_MS).unref(),
    ];
  }

  /** Stores the last activity a last time. */
  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#recordActivity();
  }

  #recordActivity(): void {
    const { lease, registry, store, trouble } = this.#d;
    if (!lease.held) return;
    const changed = new Map<string, number>();
    for (const session of registry.all()) {
      if (this.#recorded.get(session) === session.lastActivityAt) continue;
      changed.set(session.id, session.lastActivityAt);
      this.#recorded.set(session, session.lastActivityAt);
    }
    if (changed.size > 0)
      store.recordActivity(changed).catch(error => trouble('', 'storing activity', error));
  }

  #collect(): void {
    const { lease, store, trouble } = this.#d;
    if (!lease.held) return;
    const deletedBefore = Date.now() - COLLECT_AFTER_MS;
    store.collect(deletedBefore).catch(error => trouble('', 'collecting old rows', error));
  }
}
