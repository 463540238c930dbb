import type { FaultProxy } from '@triterm/core/sandbox/fault-proxy';
import type { RedisServer } from '@triterm/core/sandbox/redis-server';
import { type FillOutcome, presentRow, type SessionRow, type Store } from '@triterm/core/store';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import type { Stage } from '../../stage.ts';
import { cacheOf } from './cached-session.ts';

/** No command is given up while it is held. */
const COMMAND_MS = 10_000;
/** So soon after it was let go a fill has been judged. */
const JUDGED_MS = 2000;

/** A fill that was not refused. */
export type LateOutcome = FillOutcome | 'taken';

/**
 * A server that reads a session from the database, and whose fill of the cache is held on its way to Redis until it is let go. On
 * SQLite, where sessions are read directly and only writers and the warming of caches fill, it takes the steps of those.
 */
export class LateReader {
  readonly store: Store;
  readonly #redis: RedisServer;
  readonly #redisProxy: FaultProxy;
  /** Undefined on SQLite. */
  readonly #databaseProxy: FaultProxy | undefined;
  #outcome: () => Promise<LateOutcome> = () => Promise.reject(new Error('nothing was read'));

  private constructor(
    store: Store,
    redis: RedisServer,
    proxies: { readonly redis: FaultProxy; readonly database: FaultProxy | undefined },
  ) {
    this.store = store;
    this.#redis = redis;
    this.#redisProxy = proxies.redis;
    this.#databaseProxy = proxies.database;
  }

  static async open(sandbox: Sandbox, redis: RedisServer, database: string): Promise<LateReader> {
    const redisProxy = await sandbox.proxy(redis.port);
    let databaseProxy: FaultProxy | undefined;
    let url = database;
    if (sandbox.databaseKind === 'postgres') {
      const direct = new URL(database);
      databaseProxy = await sandbox.proxy(Number(direct.port));
      direct.port = String(databaseProxy.port);
      url = direct.href;
    }
    const store = await sandbox.store('reader', {
      redisPort: redisProxy.port,
      database: url,
      settings: { warmEntries: 0 },
      commandTimeoutMs: COMMAND_MS,
    });
    return new LateReader(store, redis, { redis: redisProxy, database: databaseProxy });
  }

  /** Drops the session from every tier and reads it. What was read; the fill is under way, and held. */
  async read(stage: Stage, id: string): Promise<SessionRow | undefined> {
    await stage.until('the server that is to sleep works with Redis', () => this.store.sessions.isUp);
    await this.store.sessions.invalidate(id);
    return this.#databaseProxy === undefined
      ? await this.#readInSteps(id)
      : await this.#readThrough(stage, id, this.#databaseProxy);
  }

  /** What became of the fill when it arrived. */
  async letGo(): Promise<LateOutcome> {
    this.#redisProxy.set({ kind: 'pass' });
    return await this.#outcome();
  }

  async #readThrough(stage: Stage, id: string, databaseProxy: FaultProxy): Promise<SessionRow | undefined> {
    databaseProxy.hold('toClient');
    const reading = this.store.sessions.read(id);
    reading.catch(() => {});
    await stage.until(
      'the reader misses, has its leave to fill, and waits for the database',
      async () => (await this.#redis.cli('exists', `triterm:fill:${id}`)).trim() === '1',
    );
    this.#redisProxy.hold('toServer');
    const before = this.store.sessions.stats();
    databaseProxy.set({ kind: 'pass' });
    this.#outcome = async () => {
      const endMs = performance.now() + JUDGED_MS;
      while (performance.now() < endMs) {
        const now = this.store.sessions.stats();
        if (now.fillRejections > before.fillRejections) return 'noToken';
        if (now.casRejections > before.casRejections) return 'older';
        await new Promise(resolve => setTimeout(resolve, 5));
      }
      return 'taken';
    };
    return (await reading).row;
  }

  async #readInSteps(id: string): Promise<SessionRow | undefined> {
    const cache = cacheOf(this.store);
    const { epochs } = this.store.sessions;
    const answer = await cache.get(id, epochs, 0);
    const record = await this.store.database.read(id);
    if (record === undefined || answer.kind !== 'miss' || answer.fillToken === undefined)
      throw new Error('the reader has no leave to fill');
    this.#redisProxy.hold('toServer');
    const filling = cache.fill(record, epochs, answer.fillToken);
    filling.catch(() => {});
    this.#outcome = () => filling;
    return presentRow(record);
  }
}
