import { LRUCache } from 'lru-cache';
import { newToken } from '../../domain/index.ts';
import { type CacheEntry, entryValue, judgeEntry } from '../cache-entry.ts';
import type { Epochs } from '../database.ts';
import {
  type CacheAnswer,
  type CachedEntry,
  epochText,
  type FillOutcome,
  type PutOutcome,
  type SessionCache,
} from '../session-cache.ts';
import { isTombstone, type SessionRecord } from '../session-store.ts';

export interface MemoryCacheOptions {
  /** Entries; the least recently used goes first. Fill tokens are bounded alike. */
  readonly maxEntries: number;
  readonly sessionTtlMs: number;
  readonly tombstoneTtlMs: number;
  readonly fillTokenTtlMs: number;
  /** A clock that does not jump. */
  readonly nowMs: () => number;
  /** Tells all servers what a put has changed. */
  readonly publish?: (record: SessionRecord) => void;
}

export const DEFAULT_MEMORY_CACHE: MemoryCacheOptions = {
  maxEntries: 10_000,
  sessionTtlMs: 3_600_000,
  tombstoneTtlMs: 3_600_000,
  fillTokenTtlMs: 2000,
  nowMs: () => performance.now(),
};

interface Expiring<T> {
  readonly value: T;
  readonly expiresAtMs: number;
}

interface StoredEntry extends CacheEntry {
  readonly epochs: Epochs;
}

/** What becomes of a value by what is there; `absent`: nothing of its epoch. */
type Comparison = PutOutcome['kind'];

/** The cache's contract within one process. */
export class MemorySessionCache implements SessionCache {
  readonly #options: MemoryCacheOptions;
  readonly #entries: LRUCache<string, Expiring<StoredEntry>>;
  readonly #tokens: LRUCache<string, Expiring<string>>;

  constructor(options: Partial<MemoryCacheOptions> = {}) {
    this.#options = { ...DEFAULT_MEMORY_CACHE, ...options };
    this.#entries = new LRUCache({ max: this.#options.maxEntries });
    this.#tokens = new LRUCache({ max: this.#options.maxEntries });
  }

  async get(id: string, epochs: Epochs, floor: number): Promise<CacheAnswer> {
    const judged = judgeEntry(this.#live(this.#entries, id)?.value, epochs, floor);
    if (typeof judged !== 'string') return judged;
    return { kind: 'miss', reason: judged, fillToken: this.#takeToken(id) };
  }

  async put(record: SessionRecord, epochs: Epochs): Promise<PutOutcome> {
    return this.#put(record, epochs);
  }

  async putAll(records: readonly SessionRecord[], epochs: Epochs): Promise<PutOutcome[]> {
    return records.map(record => this.#put(record, epochs));
  }

  async fill(record: SessionRecord, epochs: Epochs, fillToken: string): Promise<FillOutcome> {
    const { id } = record;
    const found = this.#compare(record, epochs);
    const hasToken = this.#live(this.#tokens, id)?.value === fillToken;
    if (hasToken) this.#tokens.delete(id);
    if (found === 'older' || found === 'epoch') return found;
    if (found === 'absent' && !hasToken) return 'noToken';
    this.#store(record, epochs);
    return 'stored';
  }

  async inspect(id: string): Promise<CachedEntry | undefined> {
    const entry = this.#live(this.#entries, id);
    if (entry === undefined) return undefined;
    const { record, epoch } = entry.value;
    return {
      version: record.rev,
      epoch,
      deleted: isTombstone(record),
      value: entryValue(record, epoch),
      ttlMs: entry.expiresAtMs - this.#options.nowMs(),
    };
  }

  async invalidate(id: string): Promise<boolean> {
    const was = this.#live(this.#entries, id) !== undefined;
    this.#entries.delete(id);
    this.#tokens.delete(id);
    return was;
  }

  #put(record: SessionRecord, epochs: Epochs): PutOutcome {
    const kind = this.#compare(record, epochs);
    this.#tokens.delete(record.id);
    if (kind === 'stored') this.#store(record, epochs);
    const outcome = kind === 'absent' ? { kind, fillToken: this.#newToken(record.id) } : { kind };
    this.#options.publish?.(record);
    return outcome;
  }

  #compare(record: SessionRecord, epochs: Epochs): Comparison {
    const there = this.#live(this.#entries, record.id)?.value;
    if (there === undefined) return 'absent';
    if (there.epochs.db !== epochs.db || there.epochs.cache < epochs.cache) return 'absent';
    if (there.epochs.cache > epochs.cache) return 'epoch';
    return there.record.rev >= record.rev ? 'older' : 'stored';
  }

  #store(record: SessionRecord, epochs: Epochs): void {
    const { nowMs, sessionTtlMs, tombstoneTtlMs } = this.#options;
    const ttlMs = isTombstone(record) ? tombstoneTtlMs : sessionTtlMs;
    this.#entries.set(record.id, {
      value: { record, epochs, epoch: epochText(epochs) },
      expiresAtMs: nowMs() + ttlMs,
    });
  }

  /** The leave to fill, unless another reader has it. */
  #takeToken(id: string): string | undefined {
    return this.#live(this.#tokens, id) === undefined ? this.#newToken(id) : undefined;
  }

  #newToken(id: string): string {
    const token = newToken();
    const expiresAtMs = this.#options.nowMs() + this.#options.fillTokenTtlMs;
    this.#tokens.set(id, { value: token, expiresAtMs });
    return token;
  }

  #live<T>(held: LRUCache<string, Expiring<T>>, id: string): Expiring<T> | undefined {
    const entry = held.get(id);
    return entry !== undefined && entry.expiresAtMs > this.#options.nowMs() ? entry : undefined;
  }
}
