import type { Epochs, Outbox, OutboxEntry } from '../database.ts';
import type { SessionRecord } from '../session-store.ts';
import type { Counters } from './counters.ts';
import type { WriteBehind } from './write-behind.ts';

/** Entries that their writer has not done with in this time are anybody's. */
const ORPHANED_AFTER_MS = 120;
/** Pause between two looks; the servers of a fleet must not look all at once. */
const PAUSE_MIN_MS = 50;
const PAUSE_MAX_MS = 100;
/** After a look that failed. */
const RETRY_MS = 500;
const BATCH = 128;
/** Rows that no cache entry can be older than are dropped this often. */
const DROP_INTERVAL_MS = 60_000;

export interface OutboxDrainerOptions {
  readonly outbox: Pick<Outbox, 'listOutbox' | 'dropOutbox'>;
  /** Removes entries that are done with. Rejects when they had better stay. */
  readonly clear: (entries: readonly OutboxEntry[]) => Promise<void>;
  readonly writeBehind: Pick<WriteBehind, 'carryOut'>;
  readonly counters: Counters;
  readonly epochs: () => Epochs;
  /** The id has this revision in the database. */
  readonly learned: (record: SessionRecord) => void;
  /** Whether there is a cache at all: without one there is only something to drop. */
  readonly hasCache: boolean;
  readonly isUp: () => boolean;
  /** Beyond this age no cache entry lives. */
  readonly dropAfterMs: number;
}

/**
 * Makes good what writers left undone: a server that died between its commit and the cache, a cache that was away. Takes no
 * lock, because one that a stopped server held would stop the writers; two servers that do the same do no harm.
 */
export class OutboxDrainer {
  readonly #options: OutboxDrainerOptions;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #running: Promise<void> | undefined;
  #droppedAtMs = performance.now();

  constructor(options: OutboxDrainerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#again(PAUSE_MIN_MS);
  }

  /** Carries out every entry that is there now. How many. Rejects as outbox and cache do, or when `signal` aborts. */
  async drain(signal: AbortSignal): Promise<number> {
    const startedAtMs = performance.now();
    let drained = 0;
    for (;;) {
      signal.throwIfAborted();
      const taken = await this.#carryOut(performance.now() - startedAtMs);
      if (taken === 0) return drained;
      drained += taken;
    }
  }

  /** Ends looking; resolves when the last look is over. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #again(pauseMs: number): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#look().finally(() => {
        this.#running = undefined;
      });
    }, pauseMs).unref();
  }

  async #look(): Promise<void> {
    const { hasCache, isUp } = this.#options;
    let pauseMs = hasCache ? PAUSE_MIN_MS + Math.random() * (PAUSE_MAX_MS - PAUSE_MIN_MS) : DROP_INTERVAL_MS;
    try {
      if (isUp() && (await this.#carryOut(ORPHANED_AFTER_MS)) === BATCH) pauseMs = 0;
      await this.#dropOld();
    } catch {
      pauseMs = RETRY_MS;
    }
    this.#again(pauseMs);
  }

  /** How many entries it took. */
  async #carryOut(minAgeMs: number): Promise<number> {
    const { outbox, writeBehind, counters, epochs, learned } = this.#options;
    // Before the read: an entry that carries them is as old as they are, at most.
    const known = epochs();
    const items = await outbox.listOutbox(Math.max(0, Math.floor(minAgeMs)), BATCH);
    if (items.length === 0) return 0;
    const records = items.map(({ record }) => record);
    for (const record of records) learned(record);
    const done = await writeBehind.carryOut(records, known);
    // A record may be newer than its entry, which was raised meanwhile or not.
    const doneIds = new Set(done.map(({ id }) => id));
    const clear = items.filter(({ id }) => doneIds.has(id)).map(({ id, rev }) => ({ id, rev }));
    await this.#options.clear(clear);
    if (clear.length < items.length) throw new Error('the cache did not take everything');
    counters.outboxDrained += clear.length;
    return items.length;
  }

  async #dropOld(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.#droppedAtMs < DROP_INTERVAL_MS) return;
    this.#droppedAtMs = nowMs;
    await this.#options.outbox.dropOutbox(this.#options.dropAfterMs);
  }
}
