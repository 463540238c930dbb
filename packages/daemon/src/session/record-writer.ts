import type { SessionDoc } from '@triterm/core/domain';
import type { SessionChange, SessionRow, SessionStore } from '@triterm/core/store';

/** First pause after a write that failed; doubled each time. */
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 30_000;
/** Changes within this time become one write. */
const COALESCE_MS = 200;

/**
 * Writes what the owner learns about its session (size, title, exit) behind the program's back: one coalesced pending
 * change, the latest values win, tried again until the store takes it.
 */
export class RecordWriter {
  readonly #store: SessionStore;
  readonly #trouble: (error: unknown) => void;
  #row: SessionRow;
  #pending: SessionChange | undefined;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = RETRY_MIN_MS;
  #writing: Promise<void> | undefined;

  constructor(store: SessionStore, row: SessionRow, trouble: (error: unknown) => void) {
    this.#store = store;
    this.#row = row;
    this.#trouble = trouble;
  }

  /** The row with everything that is known, stored or not. */
  get row(): SessionRow {
    return this.#pending === undefined ? this.#row : applied(this.#row, this.#pending);
  }

  /** Something was learned; stored soon. */
  learn(change: {
    state?: SessionRow['state'];
    primarySocket?: string | null;
    doc?: Partial<SessionDoc>;
  }): void {
    this.#pending = merged(this.#pending, change);
    this.#timer ??= setTimeout(() => this.#flush(), COALESCE_MS);
  }

  /** A user's change: stored before this resolves. Rejects as `SessionStore.update`. */
  async command(change: SessionChange): Promise<SessionRow> {
    await this.#update(change);
    return this.row;
  }

  /** Another owner's epoch, after a claim. */
  replace(row: SessionRow): void {
    this.#row = row;
  }

  /** Stores what is pending at once, one try. Whether the store has everything now. */
  async flush(): Promise<boolean> {
    await this.#writing;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flush();
    await this.#writing;
    return this.#pending === undefined;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pending = undefined;
  }

  #flush(): void {
    this.#timer = undefined;
    const change = this.#pending;
    if (change === undefined || this.#writing !== undefined) return;
    this.#writing = this.#write(change).finally(() => {
      this.#writing = undefined;
    });
  }

  async #update(change: SessionChange): Promise<void> {
    const { id, ownerEpoch } = this.#row;
    const row = await this.#store.update(id, { ownerEpoch }, change);
    // Answers may come in another order than the changes were made.
    if (row.rev > this.#row.rev) this.#row = row;
  }

  async #write(change: SessionChange): Promise<void> {
    try {
      await this.#update(change);
      this.#retryMs = RETRY_MIN_MS;
      if (this.#pending === change) this.#pending = undefined;
      else this.#timer ??= setTimeout(() => this.#flush(), COALESCE_MS);
    } catch (error) {
      this.#trouble(error);
      this.#timer ??= setTimeout(() => this.#flush(), this.#retryMs);
      this.#retryMs = Math.min(RETRY_MAX_MS, this.#retryMs * 2);
    }
  }
}

function merged(first: SessionChange | undefined, then: SessionChange): SessionChange {
  if (first === undefined) return then;
  return { ...first, ...then, doc: { ...first.doc, ...then.doc } };
}

function applied(row: SessionRow, change: SessionChange): SessionRow {
  return { ...row, ...change, doc: { ...row.doc, ...change.doc } };
}
