import { LRUCache } from 'lru-cache';
import { isTombstone, presentRow, type SessionRecord, type SessionRow } from '../session-store.ts';

/** An entry with its answer made ready: one promise for all who read it. */
export interface L1Entry {
  readonly record: SessionRecord;
  readonly answer: Promise<SessionRow | undefined>;
  readonly deleted: boolean;
  /** Monotonic. */
  readonly expiresAtMs: number;
}

/** Sessions and tombstones in this process: shared, frozen values, bounded in number and time. Whoever reads checks the time. */
export class L1 {
  readonly #entries: LRUCache<string, L1Entry>;
  readonly #ttlMs: number;
  #generation = 0;

  constructor({ entries, ttlMs }: { readonly entries: number; readonly ttlMs: number }) {
    this.#entries = new LRUCache({ max: entries });
    this.#ttlMs = ttlMs;
  }

  /** Another one after each clearing: what was read before must not come in afterwards. */
  get generation(): number {
    return this.#generation;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(id: string): L1Entry | undefined {
    return this.#entries.get(id);
  }

  /** Without counting as a use. */
  peek(id: string): L1Entry | undefined {
    return this.#entries.peek(id);
  }

  /** Keeps it unless a newer one is there. */
  put(record: SessionRecord, nowMs: number): L1Entry {
    const before = this.#entries.peek(record.id);
    if (before !== undefined && before.record.rev > record.rev) return before;
    const frozen = deepFreeze(record);
    const entry: L1Entry = {
      record: frozen,
      answer: Promise.resolve(presentRow(frozen)),
      deleted: isTombstone(frozen),
      expiresAtMs: nowMs + this.#ttlMs,
    };
    this.#entries.set(record.id, entry);
    return entry;
  }

  /** Drops it when it is below `rev`. */
  dropBelow(id: string, rev: number): void {
    const entry = this.#entries.peek(id);
    if (entry !== undefined && entry.record.rev < rev) this.#entries.delete(id);
  }

  delete(id: string): boolean {
    return this.#entries.delete(id);
  }

  clear(): void {
    this.#generation += 1;
    this.#entries.clear();
  }
}

/** Whoever shares a value can't change it for the others. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}
