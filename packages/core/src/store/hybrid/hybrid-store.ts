import { TermError } from '../../errors/index.ts';
import type { Database, Epochs } from '../database.ts';
import type { CachedEntry } from '../session-cache.ts';
import type {
  CreateOptions,
  ListedSession,
  NewSession,
  RunningLimits,
  SessionChange,
  SessionRow,
  SessionStore,
  Tombstone,
  WriteGuard,
} from '../session-store.ts';
import type { HealthStatus } from './health.ts';
import { HybridTiers, type HybridTiersOptions } from './hybrid-tiers.ts';
import type { ReadResult } from './read-result.ts';
import type { ResyncReport } from './resync.ts';
import type { StoreStats } from './stats.ts';

/**
 * Sessions in the database, read through memory and Redis. The database decides: a write is done when it has committed, and a
 * tier is believed only while it can be proven to know what was committed. Without Redis, or while it is away, everything goes to
 * the database; nothing waits for Redis longer than one command's deadline.
 */
export class HybridStore implements SessionStore {
  readonly #database: Database;
  readonly #tiers: HybridTiers;
  #closed = false;

  constructor(options: HybridTiersOptions, epochs: Epochs) {
    this.#database = options.database;
    this.#tiers = new HybridTiers(options, epochs);
  }

  /** Begins to serve from the tiers as soon as they are fit to; never waits for Redis. */
  start(): void {
    this.#tiers.start();
  }

  get isUp(): boolean {
    return this.#tiers.isUp;
  }

  get epochs(): Epochs {
    return this.#tiers.epochs;
  }

  create(session: NewSession, options: CreateOptions): Promise<SessionRow> {
    return this.#write(session.id, () => this.#database.create(session, options));
  }

  /** The hot path; whether the answer is stale is told by `read` only. */
  get(id: string): Promise<SessionRow | undefined> {
    return this.#tiers.reader.get(id);
  }

  /** `get`, and what stands behind its answer. */
  read(id: string): Promise<ReadResult> {
    return this.#tiers.reader.read(id);
  }

  async getByName(userId: string, name: string): Promise<SessionRow | undefined> {
    const row = await this.#database.getByName(userId, name);
    if (row !== undefined) this.#tiers.shown(row);
    return row;
  }

  async list(userId?: string): Promise<ListedSession[]> {
    const rows = await this.#database.list(userId);
    for (const row of rows) this.#tiers.shown(row);
    return rows;
  }

  update(id: string, guard: WriteGuard, change: SessionChange): Promise<SessionRow> {
    return this.#write(id, () => this.#database.update(id, guard, change));
  }

  claim(
    id: string,
    guard: WriteGuard,
    server: string,
    change: SessionChange,
    limits?: RunningLimits,
  ): Promise<SessionRow> {
    return this.#write(id, () => this.#database.claim(id, guard, server, change, limits));
  }

  delete(id: string, guard: WriteGuard): Promise<Tombstone | undefined> {
    return this.#write(id, () => this.#database.delete(id, guard));
  }

  recordActivity(activity: ReadonlyMap<string, number>): Promise<void> {
    return this.#database.recordActivity(activity);
  }

  collect(deletedBefore: number): Promise<number> {
    return this.#database.collect(deletedBefore);
  }

  /** Drops an id from Redis, and from memory on every server. What was there; null where no Redis is configured. */
  invalidate(id: string): Promise<{ l1: boolean; redis: boolean | null }> {
    return this.#tiers.invalidate(id);
  }

  /** What memory holds of an id, whether it may be believed or not. */
  inspectL1(id: string): CachedEntry | undefined {
    return this.#tiers.inspectL1(id);
  }

  /** The revision below which nothing is believed about an id; 0 when anything may be. */
  floor(id: string): number {
    return this.#tiers.floor(id);
  }

  stats(): StoreStats {
    return this.#tiers.stats();
  }

  /** Undefined where no Redis is configured. */
  health(): HealthStatus | undefined {
    return this.#tiers.health();
  }

  get lastResync(): ResyncReport | null {
    return this.#tiers.lastResync;
  }

  /** Ends everything of its own, and the database; the link to Redis is its owner's. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#tiers.close();
    await this.#database.close();
  }

  async #write<R extends SessionRow | Tombstone | undefined>(id: string, work: () => Promise<R>): Promise<R> {
    // Before the write: what is put under an epoch must not have been written before that one began.
    const { epochs, generation } = this.#tiers;
    try {
      const record = await work();
      if (record === undefined) await this.#learn(id);
      else this.#tiers.committed(record, epochs, generation);
      return record;
    } catch (thrown) {
      if (thrown instanceof TermError) await this.#refused(id, thrown);
      throw thrown;
    }
  }

  /** A refusal tells how the session is now; nothing older may be read afterwards. */
  async #refused(id: string, { code, details }: TermError): Promise<void> {
    const rev = details?.rev;
    if (code === 'OUTCOME_UNKNOWN') this.#tiers.reader.outcomeUnknown(id);
    else if (code === 'SESSION_NOT_FOUND') await this.#learn(id);
    else if (code === 'STALE_REVISION' && typeof rev === 'number') this.#tiers.shown({ id, rev });
  }

  async #learn(id: string): Promise<void> {
    try {
      const record = await this.#database.read(id);
      if (record !== undefined) this.#tiers.shown(record);
    } catch {
      this.#tiers.reader.outcomeUnknown(id);
    }
  }
}
