import type { ListedSession, SessionStore } from '@triterm/core/store';
import type { ServerDirectory } from './known-servers.ts';
import type { Lease } from './lease.ts';
import { ptyIdOf } from './pty-id.ts';
import type { RecordWriter } from './record-writer.ts';
import type { Session } from './session.ts';
import type { SessionRegistry } from './session-registry.ts';

export interface OwnershipWatchDependencies {
  readonly store: Pick<SessionStore, 'list'>;
  readonly registry: Pick<SessionRegistry, 'isTaken'> & {
    byPty(ptyId: string): unknown;
    all(): readonly (Pick<Session, 'id' | 'row'> & { readonly record: Pick<RecordWriter, 'compare'> })[];
  };
  readonly lease: Lease;
  readonly directory: Pick<ServerDirectory, 'hasOthers'>;
  readonly serverId: string;
  /** Whether a PTY that no session has is about to get one. */
  readonly isAdopting: (ptyId: string) => boolean;
  /** A row of this server that no session here has: somebody made it, and never learned so. */
  abandoned(row: ListedSession): Promise<void>;
  /** The lease was lost, and is held again as another incarnation. */
  reincarnated(): Promise<void>;
  trouble(session: string, what: string, error: unknown): void;
}

/** What this server owns is compared with the database this often: while others share it, and while it is alone. */
const COMPARE_INTERVAL_MS = 5000;
const COMPARE_ALONE_INTERVAL_MS = 60_000;
/** How often the incarnation is looked at, which costs nothing; and how soon a failed comparison is repeated. */
const LOOK_INTERVAL_MS = 500;

/**
 * Notices that another server has claimed a session, also when there is nothing to write, and takes up what nobody here knows of.
 * After a lost lease everything is compared before this server counts as the owner of what it has.
 */
export class OwnershipWatch implements Pick<Lease, 'held' | 'ensure'> {
  readonly #d: OwnershipWatchDependencies;
  #comparedIncarnation: number;
  #comparedAtMs = performance.now();
  #comparing = false;
  /** Ids of rows of this server that the comparison before has found no session for. */
  #missing: ReadonlySet<string> = new Set();
  #timer: NodeJS.Timeout | undefined;

  constructor(dependencies: OwnershipWatchDependencies) {
    this.#d = dependencies;
    this.#comparedIncarnation = dependencies.lease.incarnation;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_INTERVAL_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Whether names lead to the sessions that this server has: its lease is held, and what it owns was compared since it was taken. */
  get held(): boolean {
    const { lease } = this.#d;
    // Whether others were seen does not matter: they may have come, and claimed, while the lease was lost.
    return lease.held && this.#comparedIncarnation === lease.incarnation;
  }

  /** Whether the lease is held; what is owned may not have been compared yet. */
  ensure(timeoutMs: number): Promise<boolean> {
    return this.#d.lease.ensure(timeoutMs);
  }

  #look(): void {
    const { lease, directory } = this.#d;
    if (!lease.held || this.#comparing) return;
    const isAnother = lease.incarnation !== this.#comparedIncarnation;
    const intervalMs = directory.hasOthers ? COMPARE_INTERVAL_MS : COMPARE_ALONE_INTERVAL_MS;
    const isDue = performance.now() - this.#comparedAtMs >= intervalMs;
    if (!isAnother && !isDue) return;
    this.#comparing = true;
    this.#compare(lease.incarnation, isAnother)
      .catch(error => this.#d.trouble('', 'comparing what this server owns', error))
      .finally(() => {
        this.#comparing = false;
      });
  }

  /** Counts as done, for this incarnation, when all of it is; else it is repeated. */
  async #compare(incarnation: number, isAnother: boolean): Promise<void> {
    const owned = this.#d.registry.all().map(session => ({ session, ownerEpoch: session.row.ownerEpoch }));
    const listed = await this.#d.store.list();
    const rows = new Map(listed.map(row => [row.id, row]));
    const comparisons = await Promise.allSettled(
      owned.map(({ session, ownerEpoch }) => session.record.compare(ownerEpoch, rows.get(session.id))),
    );
    for (const comparison of comparisons) if (comparison.status === 'rejected') throw comparison.reason;
    if (isAnother) await this.#d.reincarnated();
    this.#comparedAtMs = performance.now();
    this.#comparedIncarnation = incarnation;
    await this.#takeUpMissing(listed);
  }

  /** Of two comparisons in a row: what is only on its way into the registry, or out of it, is not missing. */
  async #takeUpMissing(listed: readonly ListedSession[]): Promise<void> {
    const { registry, serverId, isAdopting } = this.#d;
    const missing = listed.filter(
      row =>
        row.ownerServer === serverId &&
        !registry.isTaken(row.id) &&
        // A PTY may have its row before it is followed under that.
        !isAdopting(ptyIdOf(row)) &&
        registry.byPty(ptyIdOf(row)) === undefined,
    );
    const before = this.#missing;
    this.#missing = new Set(missing.map(({ id }) => id));
    for (const row of missing) if (before.has(row.id)) await this.#d.abandoned(row);
  }
}
