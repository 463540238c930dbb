import type { Epochs } from './database.ts';
import type { SessionRecord, SessionRow } from './session-store.ts';

/** What a cache says of an id. A miss carries the leave to fill it, when that could be had. */
export type CacheAnswer =
  | { readonly kind: 'hit'; readonly row: SessionRow }
  | { readonly kind: 'deleted'; readonly rev: number }
  | {
      readonly kind: 'miss';
      /** Nothing there, an entry of another epoch, or one below the floor. */
      readonly reason: 'absent' | 'epoch' | 'floor';
      /** Undefined when another reader has the token: then what is read is not put into the cache. */
      readonly fillToken: string | undefined;
    };

/**
 * `stored`: it replaced an older entry of its epoch. `older`: what is there is as new or newer. `epoch`: what is there is of a
 * later epoch. `absent`: there is no entry of the epoch; nothing was stored, any fill token of others is void, and the writer
 * has a new one: it reads the database again and fills. (Were the value stored at once, a writer that slept over a newer write
 * and that one's eviction would put its old value back.)
 */
export type PutOutcome =
  | { readonly kind: 'stored' | 'older' | 'epoch' }
  | { readonly kind: 'absent'; readonly fillToken: string };
/** `noToken`: a write came in between, or the token has lapsed. */
export type FillOutcome = 'stored' | 'older' | 'epoch' | 'noToken';

/** An entry as an operator looks at it. */
export interface CachedEntry {
  readonly version: number;
  readonly epoch: string;
  readonly deleted: boolean;
  /** The whole value as it stands there. */
  readonly value: Readonly<Record<string, unknown>>;
  /** Until it lapses; never extended by reads. */
  readonly ttlMs: number;
}

/**
 * Sessions and tombstones shared by all servers, each under its revision. Every method rejects with CACHE_UNAVAILABLE within
 * the command deadline when the cache can't be used, and never leaves it wrong: a refused or unknown outcome is one that the
 * outbox makes good.
 *
 * Two rules keep it right. A value replaces another one of its epoch only if it is newer. An absent key is filled only with a token
 * that was had before the database was asked, by readers and writers alike, and every put takes others' tokens away: whoever slept
 * over a write, or over the eviction of what was written, fills nothing.
 */
export interface SessionCache {
  /** An entry of another epoch, or below `floor`, is a miss. */
  get(id: string, epochs: Epochs, floor: number): Promise<CacheAnswer>;
  /** What a writer has committed. Tells all servers that the id has this revision, whatever the outcome. */
  put(record: SessionRecord, epochs: Epochs): Promise<PutOutcome>;
  /** Many puts in one go, outcomes in their order. */
  putAll(records: readonly SessionRecord[], epochs: Epochs): Promise<PutOutcome[]>;
  /** What a reader has read after its miss. */
  fill(record: SessionRecord, epochs: Epochs, fillToken: string): Promise<FillOutcome>;
  inspect(id: string): Promise<CachedEntry | undefined>;
  /** Removes the entry and any fill token. Whether there was an entry. */
  invalidate(id: string): Promise<boolean>;
}

/** An epoch as entries carry it. */
export function epochText({ db, cache }: Epochs): string {
  return `${db}.${cache}`;
}
