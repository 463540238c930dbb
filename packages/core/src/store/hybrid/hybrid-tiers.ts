import type { Database, Epochs, OutboxEntry } from '../database.ts';
import type { EventChannel } from '../event-channel.ts';
import type { RedisLink } from '../redis/redis-link.ts';
import { type CachedEntry, epochText, type SessionCache } from '../session-cache.ts';
import type { SessionRecord } from '../session-store.ts';
import { warmCache } from './cache-warmer.ts';
import { Counters } from './counters.ts';
import { EpochKeeper } from './epoch-keeper.ts';
import { Floors } from './floors.ts';
import { Health, type HealthChange, type HealthStatus } from './health.ts';
import { dropMessage, epochMessage, type Invalidation } from './invalidation.ts';
import { L1 } from './l1.ts';
import { LiveChannel } from './live-channel.ts';
import { OutboxDrainer } from './outbox-drainer.ts';
import { Percentiles } from './percentiles.ts';
import { type ResyncReport, resync } from './resync.ts';
import { SessionReader } from './session-reader.ts';
import type { StoreStats } from './stats.ts';
import { WriteBehind } from './write-behind.ts';

/** Ids of which something was heard and that Redis was not seen to have reached. More of them void everything cached. */
const MAX_FLOORS = 100_000;
const SWEEP_INTERVAL_MS = 5000;
const EPOCH_INTERVAL_MS = 1000;
/** Outbox rows are dropped this long after every cache entry of their time has lapsed. */
const OUTBOX_MARGIN_MS = 10 * 60_000;
/** Writes whose way round to this server is timed, at once. */
const MAX_TIMED = 1000;
const CLOSE_DEADLINE_MS = 2000;

export interface RedisTier {
  readonly link: RedisLink;
  readonly cache: SessionCache;
  readonly events: EventChannel;
}

export interface HybridSettings {
  readonly l1Entries: number;
  readonly l1TtlMs: number;
  /** How long an entry lives in Redis at most, tombstones too. */
  readonly entryTtlMs: number;
  /** Sessions that are put into Redis at the start and after a resynchronisation, the most recently active first. */
  readonly warmEntries: number;
}

/** How slow invalidations are is told of the last minutes: on a quiet server one that was late would count for days. */
const LAG_MS = 5 * 60_000;

export interface HybridTiersOptions {
  /** Names this process among those that share the database: server id and incarnation. */
  readonly sender: string;
  readonly database: Database;
  /** LISTEN/NOTIFY; undefined on SQLite, which is read directly. */
  readonly changes: EventChannel | undefined;
  readonly redis: RedisTier | undefined;
  readonly settings: HybridSettings;
  readonly modeChanged?: (change: HealthChange) => void;
  /** Redis could not be used at the start. */
  readonly redisUnusable?: (reason: string) => void;
  /** Takes and releases a lock in Redis, and gives back what it has not heard of. */
  readonly tryLocks?: () => Promise<void>;
  /** Puts this server's sockets into the registry again. */
  readonly republish?: (signal: AbortSignal) => Promise<void>;
  /** Of each read that went past memory; undefined unless somebody looks at it. */
  readonly traced?: (outcome: 'HIT' | 'MISS', id: string) => void;
  readonly resynced?: (report: ResyncReport) => void;
}

/**
 * What lies before the database, and what keeps it from being wrong: memory, Redis, the channels between servers, the outbox. Told
 * of every write and of everything that the database has shown, it decides what may be believed.
 */
export class HybridTiers {
  readonly #o: HybridTiersOptions;
  readonly #counters = new Counters();
  readonly #l1: L1;
  readonly #floors: Floors;
  readonly #reader: SessionReader;
  readonly #writeBehind: WriteBehind;
  readonly #drainer: OutboxDrainer;
  readonly #health: Health | undefined;
  readonly #changes: LiveChannel | undefined;
  readonly #events: LiveChannel | undefined;
  readonly #lag = new Percentiles({ maxAgeMs: LAG_MS });
  /** Committed here and not yet heard of again: when, by revision. */
  readonly #timed = new Map<number, number>();
  readonly #epochs: EpochKeeper;
  /** While everything cached is being declared void. */
  #voiding: Promise<void> | undefined;
  /** Which Redis our entries lie on, by the last resynchronisation. */
  #identity = '';
  #epochTimer: NodeJS.Timeout | undefined;
  #sweeper: NodeJS.Timeout | undefined;
  #lastResync: ResyncReport | null = null;

  constructor(options: HybridTiersOptions, epochs: Epochs) {
    this.#o = options;
    const { database, redis, settings, sender } = options;
    this.#epochs = new EpochKeeper({ table: database, changed: what => this.#voided(what) }, epochs);
    this.#l1 = new L1({ entries: settings.l1Entries, ttlMs: settings.l1TtlMs });
    this.#floors = new Floors({ limit: MAX_FLOORS, ttlMs: settings.entryTtlMs });
    const listener = (where: string) => ({
      heard: (message: Invalidation) => this.#heard(message),
      gap: () => this.#health?.event('channelGap', `messages of ${where} may have been lost`),
    });
    const nowMs = () => performance.now();
    this.#changes =
      options.changes && new LiveChannel(options.changes, sender, listener('the database'), nowMs);
    this.#events = redis && new LiveChannel(redis.events, sender, listener('Redis'), nowMs);
    this.#reader = new SessionReader({
      database,
      cache: redis?.cache,
      l1: this.#l1,
      floors: this.#floors,
      counters: this.#counters,
      epochs: () => this.#epochs.current,
      usableUntilMs: () => this.#usableUntilMs,
      traced: options.traced,
    });
    const changes = this.#changes;
    this.#writeBehind = new WriteBehind({
      cache: redis?.cache,
      clear: entries => this.#clearOutbox(entries),
      counters: this.#counters,
      takesPuts: () => this.#health?.takesPuts ?? false,
      notify: changes === undefined ? undefined : message => changes.publish(message),
      cached: (id, rev) => this.#floors.confirm(id, rev, performance.now()),
      staleEpoch: () => void this.#epochs.learn(),
      absent: (id, token) => void this.#reader.fillAbsent(id, token, this.#epochs.current),
    });
    this.#drainer = new OutboxDrainer({
      outbox: database,
      clear: entries => this.#clearOutbox(entries),
      writeBehind: this.#writeBehind,
      counters: this.#counters,
      epochs: () => this.#epochs.current,
      learned: record => this.#learned(record),
      hasCache: redis !== undefined,
      isUp: () => this.isUp,
      dropAfterMs: settings.entryTtlMs + OUTBOX_MARGIN_MS,
    });
    this.#health =
      redis &&
      new Health({
        link: redis.link,
        resync: signal => this.#resync(redis, signal),
        unusable: reason => options.redisUnusable?.(reason),
        changed: change => {
          if (change.to === 'up' && change.from === 'resync')
            void warmCache(
              {
                database,
                cache: redis.cache,
                reader: this.#reader,
                floors: this.#floors,
                epochs: () => this.#epochs.current,
                isUp: () => this.isUp,
              },
              settings.warmEntries,
            );
          options.modeChanged?.(change);
        },
      });
  }

  /** Begins to serve from the tiers as soon as they are fit to; never waits for Redis. */
  start(): void {
    this.#changes?.start().catch(() => {});
    this.#health?.start();
    this.#drainer.start();
    this.#sweeper = setInterval(() => this.#floors.sweep(performance.now()), SWEEP_INTERVAL_MS).unref();
    // An import tells nobody, and an announcement can be lost.
    this.#epochTimer = setInterval(() => {
      if (this.isUp) void this.#epochs.learn();
    }, EPOCH_INTERVAL_MS).unref();
  }

  get isUp(): boolean {
    return this.#health?.isUp ?? false;
  }

  get epochs(): Epochs {
    return this.#epochs.current;
  }

  get reader(): SessionReader {
    return this.#reader;
  }

  /** Changes whenever memory is emptied. */
  get generation(): number {
    return this.#l1.generation;
  }

  /** Drops an id from Redis, and from memory on every server. What was there; null where no Redis is configured. */
  async invalidate(id: string): Promise<{ l1: boolean; redis: boolean | null }> {
    const l1 = this.#l1.delete(id);
    const message = dropMessage(id);
    const told = Promise.allSettled([this.#changes?.publish(message), this.#events?.publish(message)]);
    try {
      return { l1, redis: (await this.#o.redis?.cache.invalidate(id)) ?? null };
    } finally {
      await told;
    }
  }

  /** What memory holds of an id, whether it may be believed or not. */
  inspectL1(id: string): CachedEntry | undefined {
    const entry = this.#l1.peek(id);
    if (entry === undefined) return undefined;
    const { rev, ...value } = entry.record;
    const ttlMs = Math.max(0, Math.round(entry.expiresAtMs - performance.now()));
    return { version: rev, epoch: epochText(this.#epochs.current), deleted: entry.deleted, value, ttlMs };
  }

  /** The revision below which nothing is believed about an id; 0 when anything may be. */
  floor(id: string): number {
    return this.#floors.get(id);
  }

  stats(): StoreStats {
    const c = this.#counters;
    return {
      reads: c.readCounters(),
      staleReads: c.staleReads,
      writes: c.writes,
      l1Entries: this.#l1.size,
      floors: this.#floors.size,
      puts: c.puts,
      casRejections: c.casRejections,
      fillRejections: c.fillRejections,
      putFailures: c.putFailures,
      invalidationsReceived: c.invalidationsReceived,
      invalidationLagMs: this.#lag.read(),
      outboxDrained: c.outboxDrained,
      resyncs: c.resyncs,
    };
  }

  health(): HealthStatus | undefined {
    return this.#health?.status();
  }

  get lastResync(): ResyncReport | null {
    return this.#lastResync;
  }

  /** Ends everything of its own; database and link are their owners'. Takes no longer than its deadline. */
  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    clearInterval(this.#epochTimer);
    this.#health?.close();
    await Promise.race([
      Promise.all([this.#drainer.close(), this.#writeBehind.idle()]),
      new Promise(resolve => setTimeout(resolve, CLOSE_DEADLINE_MS).unref()),
    ]);
    await Promise.allSettled([this.#changes?.close(), this.#events?.close()]);
  }

  /** The database has shown this to somebody: nothing older may be read afterwards. */
  shown({ id, rev }: OutboxEntry): void {
    if (this.#changes === undefined) return;
    this.#l1.dropBelow(id, rev);
    this.#floors.remember(id, rev, performance.now());
  }

  /** A write has committed, that began under these epochs and this generation. */
  committed(record: SessionRecord, epochs: Epochs, generation: number): void {
    const nowMs = performance.now();
    this.#counters.writes += 1;
    this.#raise(record.id, record.rev, nowMs);
    // Another server may have written since, and been heard of before our own answer came, or been missed before memory was emptied.
    const isLatest =
      record.rev >= this.#floors.get(record.id) &&
      generation === this.#l1.generation &&
      epochs.db === this.#epochs.current.db;
    if (isLatest && nowMs < this.#usableUntilMs) this.#l1.put(record, nowMs);
    // Those that were never heard of again must not keep the others out.
    if (this.#timed.size >= MAX_TIMED) this.#timed.clear();
    this.#timed.set(record.rev, nowMs);
    this.#writeBehind.add(record, epochs);
  }

  #learned(record: SessionRecord): void {
    this.#raise(record.id, record.rev, performance.now());
  }

  #raise(id: string, rev: number, nowMs: number): void {
    this.#l1.dropBelow(id, rev);
    if (this.#floors.raise(id, rev, nowMs)) return;
    // Without room for floors nothing that is cached can be believed.
    this.#l1.clear();
    this.#floors.turnOver();
    this.#floors.raise(id, rev, nowMs);
    this.#voiding ??= this.#voidCaches().finally(() => {
      this.#voiding = undefined;
    });
  }

  #heard({ changes, drops, epochs }: Invalidation): void {
    const nowMs = performance.now();
    for (const id of drops) this.#l1.delete(id);
    for (const { id, rev } of changes) {
      this.#counters.invalidationsReceived += 1;
      this.#raise(id, rev, nowMs);
      const committedAtMs = this.#timed.get(rev);
      if (committedAtMs === undefined) continue;
      this.#timed.delete(rev);
      this.#lag.add(nowMs - committedAtMs);
    }
    if (epochs !== undefined) this.#epochs.heard(epochs);
  }

  /** What was cached before does not count any more. */
  #voided(what: 'cache' | 'db'): void {
    this.#l1.clear();
    if (what === 'cache') return;
    // After a restore lower revisions are right, and what the channels told belongs to the data of before.
    this.#floors.clear();
    this.#health?.event('channelGap', 'the database was restored');
  }

  async #voidCaches(): Promise<void> {
    try {
      await this.#epochs.raise();
      this.#floors.forgetEarlier();
      await this.#announceEpochs();
    } catch (thrown) {
      this.#health?.event('channelGap', asError(thrown).message);
    }
  }

  /** Only for the Redis that the entries were put to: they may be missing on another one, which the fleet has moved to. */
  async #clearOutbox(entries: readonly OutboxEntry[]): Promise<void> {
    if (await this.#o.database.clearOutbox(entries, this.#identity)) return;
    this.#health?.event('moved', 'other servers use another Redis');
    throw new Error('other servers use another Redis');
  }

  async #announceEpochs(): Promise<void> {
    const message = epochMessage(this.#epochs.current);
    await Promise.all([this.#changes?.publish(message), this.#events?.publish(message)]);
  }

  async #adoptCache(identity: string): Promise<Epochs> {
    const epochs = await this.#epochs.adoptCache(identity);
    this.#identity = identity;
    return epochs;
  }

  async #resync(redis: RedisTier, signal: AbortSignal): Promise<{ identity: string }> {
    const report = await resync(
      {
        redis,
        channels: [this.#changes, this.#events].filter(channel => channel !== undefined),
        adoptCache: identity => this.#adoptCache(identity),
        announce: () => this.#announceEpochs(),
        clearL1: () => this.#l1.clear(),
        drain: abort => this.#drainer.drain(abort),
        tryLocks: this.#o.tryLocks,
        republish: this.#o.republish,
      },
      signal,
    );
    this.#counters.resyncs += 1;
    this.#lastResync = report;
    this.#o.resynced?.(report);
    return report;
  }

  /** Memory and Redis may be believed until then, in monotonic milliseconds. */
  get #usableUntilMs(): number {
    if (this.#voiding !== undefined || this.#health?.isUp !== true) return Number.NEGATIVE_INFINITY;
    if (this.#changes === undefined || this.#events === undefined) return Number.NEGATIVE_INFINITY;
    return Math.min(this.#changes.liveUntilMs, this.#events.liveUntilMs);
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
