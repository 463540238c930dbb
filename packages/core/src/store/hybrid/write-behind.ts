import type { Epochs, OutboxEntry } from '../database.ts';
import type { PutOutcome, SessionCache } from '../session-cache.ts';
import type { SessionRecord } from '../session-store.ts';
import type { Counters } from './counters.ts';
import { changeMessages } from './invalidation.ts';

/** Commits within this time are told to the others by one NOTIFY: one a commit would make commits wait for each other. */
const NOTIFY_WITHIN_MS = 4;
/** Outbox entries that are done with are removed in batches. */
const CLEAR_WITHIN_MS = 25;
/** Writes that wait for the cache; beyond it they are left to the outbox. */
const MAX_WAITING = 10_000;
const MAX_BATCH = 256;

/** A committed write on its way to the cache and to the other servers. */
interface Write {
  readonly record: SessionRecord;
  /** As they were known before the write began. */
  readonly epochs: Epochs;
}

export interface WriteBehindOptions {
  /** Undefined where there is no cache: then the outbox is left to servers that have one. */
  readonly cache: SessionCache | undefined;
  /** Removes entries that are done with. Rejects when they had better stay. */
  readonly clear: (entries: readonly OutboxEntry[]) => Promise<void>;
  readonly counters: Counters;
  /** Whether the cache takes puts now. */
  readonly takesPuts: () => boolean;
  /** Tells the other servers by the database's channel; undefined where there is none. */
  readonly notify: ((message: string) => Promise<void>) | undefined;
  /** Redis has this revision now. */
  readonly cached: (id: string, rev: number) => void;
  /** An entry of a later epoch was found: ours is out of date. */
  readonly staleEpoch: () => void;
  /** There was no entry: it may be filled by this token, from the database. */
  readonly absent: (id: string, fillToken: string) => void;
}

/**
 * What follows a commit, behind the writer's back: cache, other servers, and only after both the outbox entry goes. Whatever
 * fails here is left to the outbox.
 */
export class WriteBehind {
  readonly #options: WriteBehindOptions;
  #puts: Write[] = [];
  #putting: Promise<void> | undefined;
  /** Committed, and not told to the others yet. */
  #untold: OutboxEntry[] = [];
  #notifyTimer: NodeJS.Timeout | undefined;
  /** What of an entry is still to be done. An entry that is not here was given up. */
  readonly #open = new Map<string, { rev: number; cached: boolean; told: boolean }>();
  #done: OutboxEntry[] = [];
  #clearTimer: NodeJS.Timeout | undefined;
  #telling = 0;
  #settled: (() => void)[] = [];

  constructor(options: WriteBehindOptions) {
    this.#options = options;
  }

  /** A write has committed. */
  add(record: SessionRecord, epochs: Epochs): void {
    const { cache, takesPuts, notify } = this.#options;
    const entry = { id: record.id, rev: record.rev };
    if (this.#untold.length >= MAX_WAITING) return;
    if (
      cache !== undefined &&
      takesPuts() &&
      this.#puts.length < MAX_WAITING &&
      this.#open.size < MAX_WAITING
    ) {
      this.#open.set(entry.id, { rev: entry.rev, cached: false, told: notify === undefined });
      this.#puts.push({ record, epochs });
      this.#putting ??= this.#put(cache);
    }
    if (notify === undefined) return;
    this.#untold.push(entry);
    this.#notifyTimer ??= setTimeout(() => void this.#tell(), NOTIFY_WITHIN_MS);
  }

  /** Puts what was read from the outbox. Which entries may be removed: their cache entries are right, and the others know. */
  async carryOut(records: readonly SessionRecord[], epochs: Epochs): Promise<OutboxEntry[]> {
    const { cache, notify, counters } = this.#options;
    if (cache === undefined) return [];
    const [outcomes] = await Promise.all([
      cache.putAll(records, epochs),
      ...changeMessages(records).map(message => notify?.(message)),
    ]);
    counters.puts += records.length;
    return records
      .filter((record, i) => this.#judge(record, outcomes[i]))
      .map(({ id, rev }) => ({ id, rev }));
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    if (this.#isIdle) return;
    await new Promise<void>(resolve => this.#settled.push(resolve));
  }

  get #isIdle(): boolean {
    return (
      this.#putting === undefined &&
      this.#notifyTimer === undefined &&
      this.#clearTimer === undefined &&
      this.#telling === 0
    );
  }

  async #put(cache: SessionCache): Promise<void> {
    const { counters } = this.#options;
    // What commits in the same turn goes in the same pipeline.
    await new Promise(resolve => setImmediate(resolve));
    while (this.#puts.length > 0) {
      const batch = this.#puts.splice(0, MAX_BATCH);
      const byEpoch = Map.groupBy(batch, ({ epochs }) => epochs);
      for (const [epochs, writes] of byEpoch) {
        const records = writes.map(({ record }) => record);
        counters.puts += records.length;
        try {
          const outcomes = await cache.putAll(records, epochs);
          for (const [i, record] of records.entries()) {
            if (this.#judge(record, outcomes[i])) this.#did(record, 'cached');
            else this.#giveUp(record);
          }
        } catch {
          counters.putFailures += records.length;
          for (const record of records) this.#giveUp(record);
        }
      }
    }
    this.#putting = undefined;
    this.#checkIdle();
  }

  /** Whether the cache can't be wrong about the record any more. */
  #judge(record: SessionRecord, outcome: PutOutcome | undefined): boolean {
    const { counters, cached, staleEpoch, absent } = this.#options;
    switch (outcome?.kind) {
      case 'stored':
        cached(record.id, record.rev);
        return true;
      case 'older':
        counters.casRejections += 1;
        cached(record.id, record.rev);
        return true;
      case 'absent':
        absent(record.id, outcome.fillToken);
        return true;
      case 'epoch':
        counters.casRejections += 1;
        staleEpoch();
        return false;
      default:
        counters.putFailures += 1;
        return false;
    }
  }

  async #tell(): Promise<void> {
    const { notify } = this.#options;
    this.#notifyTimer = undefined;
    const untold = this.#untold.splice(0);
    if (notify === undefined || untold.length === 0) return this.#checkIdle();
    this.#telling += 1;
    try {
      await Promise.all(changeMessages(untold).map(notify));
      for (const entry of untold) this.#did(entry, 'told');
    } catch {
      for (const entry of untold) this.#giveUp(entry);
    }
    this.#telling -= 1;
    this.#checkIdle();
  }

  #did({ id, rev }: OutboxEntry, what: 'cached' | 'told'): void {
    const open = this.#open.get(id);
    if (open === undefined || open.rev !== rev) return;
    open[what] = true;
    if (!open.cached || !open.told) return;
    this.#open.delete(id);
    this.#done.push({ id, rev });
    this.#clearTimer ??= setTimeout(() => void this.#clear(), CLEAR_WITHIN_MS);
  }

  #giveUp({ id, rev }: OutboxEntry): void {
    if (this.#open.get(id)?.rev === rev) this.#open.delete(id);
  }

  async #clear(): Promise<void> {
    const done = this.#done.splice(0, MAX_BATCH);
    try {
      await this.#options.clear(done);
    } catch {
      // Whoever drains the outbox finds that nothing is left to do.
    }
    this.#clearTimer =
      this.#done.length === 0 ? undefined : setTimeout(() => void this.#clear(), CLEAR_WITHIN_MS);
    this.#checkIdle();
  }

  #checkIdle(): void {
    if (this.#isIdle) for (const resolve of this.#settled.splice(0)) resolve();
  }
}
