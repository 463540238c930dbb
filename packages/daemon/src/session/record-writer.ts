import type { SessionDoc } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import {
  presentRow,
  type SessionChange,
  type SessionRow,
  type SessionStore,
  type SessionTable,
  type WriteGuard,
} from '@triterm/core/store';
import { isLeaseLost, type Lease, underLease, whileLeaseHeld } from './lease.ts';

export interface RecordWriterOptions {
  readonly store: Pick<SessionStore, 'update' | 'claim' | 'delete'>;
  /** Past every cache. */
  readonly database: Pick<SessionTable, 'read'>;
  readonly lease: Lease;
  readonly serverId: string;
  /** Ids under which this server is, or was, known in the store. */
  readonly ownIds: ReadonlySet<string>;
  /** A write failed; it is tried again. */
  trouble(error: unknown): void;
  /**
   * The session is not this server's any more: another epoch owns it as `present` says, or it was deleted. Nothing is written until
   * `replace`. Called once for each time that it happens.
   */
  superseded(present: SessionRow | undefined): void;
}

/** First pause after a write that failed; doubled each time. */
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 30_000;
/** Pause while there is no lease: looking costs nothing. */
const LEASE_RETRY_MS = 500;
/** Changes within this time become one write. */
const COALESCE_MS = 200;

/**
 * Writes what the owner learns about its session (size, title, exit) behind the program's back: one coalesced pending
 * change, the latest values win, tried again until the store takes it. Every write names the owner epoch and the server's
 * incarnation: one who is not the owner any more changes nothing.
 */
export class RecordWriter {
  readonly #o: RecordWriterOptions;
  #row: SessionRow;
  #pending: SessionChange | undefined;
  /** The next write is a claim. */
  #claimDue = false;
  /** A claim may have been done without our knowing. */
  #claimUnknown = false;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = RETRY_MIN_MS;
  #writing: Promise<void> | undefined;
  /** Until a claim that is not a write of this writer's is done. Never rejects. */
  #claiming: Promise<void> | undefined;
  /** Unless `owned`, nothing is written: it is being claimed or deleted, is another one's, or was let go. */
  #state: 'owned' | 'claiming' | 'deleting' | 'superseded' | 'closed' = 'owned';

  constructor(options: RecordWriterOptions, row: SessionRow) {
    this.#o = options;
    this.#row = row;
  }

  /** The row with everything that is known, stored or not. */
  get row(): SessionRow {
    return this.#pending === undefined ? this.#row : applied(this.#row, this.#pending);
  }

  /** False from the moment that another server was seen to own it, or that it was deleted, until `replace`. */
  get isOwned(): boolean {
    return this.#state !== 'superseded';
  }

  /** Something was learned; stored soon. */
  learn(change: {
    state?: SessionRow['state'];
    primarySocket?: string | null;
    doc?: Partial<SessionDoc>;
  }): void {
    this.#pending = merged(this.#pending, change);
    this.#schedule(COALESCE_MS);
  }

  /**
   * A user's change: stored before this resolves. Rejects with SESSION_MOVED when another server owns the session, and as
   * `SessionStore.update`.
   */
  async command(change: SessionChange): Promise<SessionRow> {
    await this.#claiming;
    this.#requireOwned();
    if (this.#claimDue) await this.flush();
    const { ownerEpoch } = this.#row;
    try {
      await underLease(this.#o.lease, incarnation => this.#update(change, incarnation));
    } catch (thrown) {
      if (!isDisowned(thrown)) throw thrown;
      await this.#writing;
      // Our own claim came between.
      if (this.#row.ownerEpoch !== ownerEpoch) return this.command(change);
      await this.#reconsider();
      this.#requireOwned();
      if (this.#row.ownerEpoch !== ownerEpoch) return this.command(change);
      throw thrown;
    }
    return this.row;
  }

  /**
   * Takes the session up anew, under a higher epoch: whatever an earlier life of this server still sends changes nothing. What is
   * pending goes with it. Resolves after the first try; it is repeated until it succeeds, or the session is another one's.
   */
  async claim(): Promise<void> {
    this.#claimDue = true;
    await this.flush();
  }

  /**
   * The session becomes what `claim` makes of it for this server: it is made anew. Meanwhile nothing is written, and a later epoch is
   * not taken for another server's. Rejects as `claim`, and then goes on as before; with SESSION_MOVED when it is not this server's.
   * Of a claim of unknown outcome it is noticed later whether it was done.
   */
  async claimBy(claim: () => Promise<SessionRow>): Promise<void> {
    await this.#writing;
    this.#requireOwned();
    if (this.#state !== 'owned')
      throw new TermError('SESSION_MOVED', `Session ${this.#row.name} is being removed, or made anew.`);
    this.#state = 'claiming';
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#claiming = promise;
    try {
      this.replace(await claim());
    } catch (thrown) {
      if (this.#state === 'claiming') this.#state = 'owned';
      this.#claimUnknown ||= isOutcomeUnknown(thrown);
      if (this.#pending !== undefined) this.#schedule(COALESCE_MS);
      throw thrown;
    } finally {
      this.#claiming = undefined;
      resolve();
    }
  }

  /** Another session's row, or another epoch's: what is written from now on. What is pending stays so. */
  replace(row: SessionRow): void {
    this.#row = row;
    this.#claimDue = false;
    this.#claimUnknown = false;
    if (this.#state === 'closed') return;
    this.#state = 'owned';
    if (this.#pending !== undefined) this.#schedule(COALESCE_MS);
  }

  /**
   * Compares with what the database had after this writer's epoch was `ownerEpoch`: so another server's claim is noticed
   * without having to write. Rejects as `SessionTable.read`.
   */
  async compare(ownerEpoch: number, present: SessionRow | undefined): Promise<void> {
    if (this.#claimDue || this.#row.ownerEpoch !== ownerEpoch || isLater(present, this.#row)) return;
    await this.#reconsider();
  }

  /**
   * Marks it deleted; with `onlyEnded` unless it was made anew meanwhile. Rejects with SESSION_MOVED and as `SessionStore.delete`;
   * then it goes on as before.
   */
  async delete({ onlyEnded = false }: { readonly onlyEnded?: boolean } = {}): Promise<void> {
    await this.#claiming;
    this.#requireOwned();
    await this.#writing;
    if (onlyEnded && this.row.state === 'running')
      throw new TermError('SESSION_MOVED', `Session ${this.#row.name} was made anew meanwhile.`);
    this.#state = 'deleting';
    const { id, ownerEpoch } = this.#row;
    try {
      await underLease(this.#o.lease, incarnation => this.#o.store.delete(id, { ownerEpoch, incarnation }));
      this.close();
    } catch (thrown) {
      // Another one has removed it at the same time.
      if (this.#isClosed()) return;
      this.#state = 'owned';
      if (this.#pending !== undefined) this.#schedule(COALESCE_MS);
      if (!isDisowned(thrown)) throw thrown;
      await this.#reconsider();
      this.#requireOwned();
      if (this.#row.ownerEpoch !== ownerEpoch) return this.delete({ onlyEnded });
      throw thrown;
    }
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** Stores what is pending at once, one try. Whether the store has everything now. */
  async flush(): Promise<boolean> {
    await this.#writing;
    this.#flush();
    await this.#writing;
    return this.#pending === undefined && !this.#claimDue;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pending = undefined;
    this.#claimDue = false;
    this.#state = 'closed';
  }

  #requireOwned(): void {
    if (this.#state === 'superseded' || this.#state === 'closed')
      throw new TermError('SESSION_MOVED', `Session ${this.#row.name} is not this server's any more.`);
  }

  #schedule(inMs: number): void {
    if (this.#state === 'owned') this.#timer ??= setTimeout(() => this.#flush(), inMs);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#state !== 'owned' || this.#writing !== undefined) return;
    if (this.#pending === undefined && !this.#claimDue) return;
    this.#writing = this.#write(this.#pending).finally(() => {
      this.#writing = undefined;
    });
  }

  async #update(change: SessionChange, incarnation: number): Promise<void> {
    const { id, ownerEpoch, rev } = this.#row;
    const row = await this.#o.store.update(id, { ownerEpoch, incarnation }, change);
    if (row.rev <= rev && row.id === this.#row.id) this.#rewound(row, applied(this.#row, change));
    else this.#learned(row);
  }

  async #claim(change: SessionChange, incarnation: number): Promise<void> {
    const { id, ownerEpoch } = this.#row;
    const guard: WriteGuard = { ownerEpoch, incarnation };
    try {
      this.#learned(await this.#o.store.claim(id, guard, this.#o.serverId, change));
      this.#claimDue = false;
      this.#claimUnknown = false;
    } catch (thrown) {
      this.#claimUnknown ||= isOutcomeUnknown(thrown);
      throw thrown;
    }
  }

  /** Answers may come in another order than the changes were made. */
  #learned(row: SessionRow): void {
    if (row.id === this.#row.id && row.rev > this.#row.rev) this.#row = row;
  }

  async #write(change: SessionChange | undefined): Promise<void> {
    try {
      await whileLeaseHeld(this.#o.lease, incarnation =>
        this.#claimDue ? this.#claim(change ?? {}, incarnation) : this.#update(change ?? {}, incarnation),
      );
      this.#retryMs = RETRY_MIN_MS;
      if (this.#pending === change) this.#pending = undefined;
      else this.#schedule(COALESCE_MS);
    } catch (thrown) {
      await this.#failed(thrown);
    }
  }

  async #failed(thrown: unknown): Promise<void> {
    if (isLeaseLost(thrown)) {
      // Whoever keeps the lease tells of it.
      this.#schedule(LEASE_RETRY_MS);
      return;
    }
    let trouble = thrown;
    if (isDisowned(thrown)) {
      try {
        if (await this.#reconsider()) return;
      } catch (unread) {
        trouble = unread;
      }
    }
    this.#o.trouble(trouble);
    this.#schedule(this.#retryMs);
    this.#retryMs = Math.min(RETRY_MAX_MS, this.#retryMs * 2);
  }

  /**
   * A write found another epoch, or no row: looks whose the session is. Whether it is another one's. Rejects as
   * `SessionTable.read`.
   */
  async #reconsider(): Promise<boolean> {
    const known = this.#row;
    const present = presentRow(await this.#o.database.read(known.id));
    if (this.#state !== 'owned' || this.#row.id !== known.id) return this.#state === 'superseded';
    // Our own claim came between.
    if (this.#row.ownerEpoch !== known.ownerEpoch) return false;
    if (isLater(present, known)) return false;
    if (present !== undefined && present.ownerEpoch <= known.ownerEpoch) {
      if (this.#o.ownIds.has(present.ownerServer)) {
        this.#rewound(present, this.#row);
        return false;
      }
    } else if (this.#claimUnknown && present?.ownerServer === this.#o.serverId) {
      this.#row = present;
      this.#claimDue = false;
      this.#claimUnknown = false;
      return false;
    }
    this.#state = 'superseded';
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#o.superseded(present);
    return true;
  }

  /**
   * The database has gone back: a restored backup, or a replica that lagged took over. The session is claimed again from what it
   * has now, and what is known of it stored anew; only its name is the database's, where another one may have it by now.
   */
  #rewound(present: SessionRow, { state, primarySocket, doc }: SessionRow): void {
    this.#pending = merged({ state, primarySocket, doc }, this.#pending ?? {});
    this.#row = present;
    this.#claimDue = true;
    this.#schedule(COALESCE_MS);
  }
}

/** A row that was read after another one was known, in a database that has not gone back, of the same owner. */
function isLater(read: SessionRow | undefined, known: SessionRow): boolean {
  return (
    read?.ownerEpoch === known.ownerEpoch && read.ownerServer === known.ownerServer && read.rev >= known.rev
  );
}

function isOutcomeUnknown(thrown: unknown): boolean {
  return thrown instanceof TermError && thrown.code === 'OUTCOME_UNKNOWN';
}

/** Another epoch owns it, or it is gone: not this one's any more, unless this one has claimed it meanwhile. */
function isDisowned(thrown: unknown): boolean {
  return (
    thrown instanceof TermError && (thrown.code === 'STALE_REVISION' || thrown.code === 'SESSION_NOT_FOUND')
  );
}

function merged(first: SessionChange | undefined, then: SessionChange): SessionChange {
  if (first === undefined) return then;
  return { ...first, ...then, doc: { ...first.doc, ...then.doc } };
}

function applied(row: SessionRow, change: SessionChange): SessionRow {
  return { ...row, ...change, doc: { ...row.doc, ...change.doc } };
}
