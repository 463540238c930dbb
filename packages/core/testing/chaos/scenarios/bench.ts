import { FaultProxy } from '../../../src/sandbox/fault-proxy.ts';
import { type PostgresServer, startPostgres } from '../../../src/sandbox/postgres-server.ts';
import { type RedisServer, startRedis } from '../../../src/sandbox/redis-server.ts';
import { decodeEntry } from '../../../src/store/cache-entry.ts';
import type { Database } from '../../../src/store/database.ts';
import type { EventChannel } from '../../../src/store/event-channel.ts';
import type { HealthChange } from '../../../src/store/hybrid/health.ts';
import { HybridStore } from '../../../src/store/hybrid/hybrid-store.ts';
import { openPostgresDatabase } from '../../../src/store/postgres/index.ts';
import { connectRedis } from '../../../src/store/redis/connect.ts';
import { RedisSessionCache } from '../../../src/store/redis/redis-cache.ts';
import { RedisEventChannel } from '../../../src/store/redis/redis-channel.ts';
import type { RedisLink } from '../../../src/store/redis/redis-link.ts';
import type { SessionCache } from '../../../src/store/session-cache.ts';
import type { SessionRow } from '../../../src/store/session-store.ts';
import { exampleDoc } from '../example-doc.ts';
import { LIMIT, USER } from '../orders.ts';
import { Gate } from './gate.ts';

const DEADLINE_MS = 8000;
const LOOK_MS = 5;

/** A store of its own in this process, with a gate before everything that it uses, and proxies of its own. */
export interface Node {
  readonly store: HybridStore;
  readonly link: RedisLink;
  readonly cache: Gate<SessionCache>;
  readonly database: Gate<Database>;
  /** LISTEN/NOTIFY, heartbeats included. */
  readonly changes: Gate<EventChannel>;
  readonly redisProxy: FaultProxy;
  /** Of the connection that listens; statements go another way. */
  readonly listenProxy: FaultProxy;
  /** Called on every change of mode, until it is replaced. */
  onMode: (change: HealthChange) => void;
}

/** Real servers for scenarios, one after another. */
export class Bench {
  readonly redis: RedisServer;
  readonly postgres: PostgresServer;
  readonly #closers: (() => Promise<unknown>)[] = [];
  #url = '';
  #nodes = 0;

  private constructor(redis: RedisServer, postgres: PostgresServer) {
    this.redis = redis;
    this.postgres = postgres;
  }

  static async start(): Promise<Bench> {
    const redis = await startRedis();
    try {
      return new Bench(redis, await startPostgres());
    } catch (error) {
      await redis.dispose();
      throw error;
    }
  }

  /** Runs one scenario on an empty database and an empty Redis. */
  async play(scenario: (bench: Bench) => Promise<void>): Promise<void> {
    this.#url = await this.postgres.createDatabase();
    await this.redis.cli('flushall');
    try {
      await scenario(this);
    } finally {
      await Promise.all(this.#closers.splice(0).map(close => close().catch(() => {})));
    }
  }

  get databaseUrl(): string {
    return this.#url;
  }

  /** A store that is up; one that hears nobody, or has not begun, where that is wanted. */
  async node(options: { readonly redisDown?: boolean; readonly isIdle?: boolean } = {}): Promise<Node> {
    const name = `node-${this.#nodes++}`;
    const redisProxy = await FaultProxy.start({ port: this.redis.port });
    const listenProxy = await FaultProxy.start({ port: this.postgres.port });
    if (options.redisDown === true) await redisProxy.refuse();
    const listenUrl = new URL(this.#url);
    listenUrl.port = String(listenProxy.port);
    const opened = await openPostgresDatabase({ url: this.#url, listenUrl: listenUrl.href, serverId: name });
    const link = connectRedis({
      topology: 'single',
      host: redisProxy.host,
      port: redisProxy.port,
      commandTimeoutMs: 500,
    });
    const cache = new Gate<SessionCache>(new RedisSessionCache(link));
    const database = new Gate<Database>(opened.database);
    const changes = new Gate<EventChannel>(opened.openChannel());
    const node = {
      link,
      cache,
      database,
      changes,
      redisProxy,
      listenProxy,
      onMode: (_: HealthChange): void => {},
    };
    const store = new HybridStore(
      {
        sender: name,
        database: database.through,
        changes: changes.through,
        redis: { link, cache: cache.through, events: new RedisEventChannel(link) },
        settings: { l1Entries: 100, l1TtlMs: 30_000, entryTtlMs: 3_600_000, warmEntries: 0 },
        modeChanged: change => made.onMode(change),
      },
      await opened.database.epochs(),
    );
    const made: Node = Object.assign(node, { store });
    this.#closers.push(async () => {
      await store.close();
      await link.close();
      await redisProxy.dispose();
      await listenProxy.dispose();
    });
    if (options.isIdle === true) return made;
    store.start();
    if (options.redisDown !== true) await this.isUp(made);
    return made;
  }

  isUp({ store }: Node): Promise<void> {
    return until('the store is up', () => store.isUp);
  }

  /** Every write so far has reached Redis and the other servers. */
  isSettled(): Promise<void> {
    return until('the outbox is empty', async () => {
      const [row] = await this.postgres.query('SELECT count(*)::int AS n FROM cache_outbox', this.#url);
      return row?.n === 0;
    });
  }

  /** The revision that Redis has; 0 when it has none. */
  async cached(id: string): Promise<number> {
    const text = await this.redis.cli('get', `triterm:session:${id}`);
    return decodeEntry(text, id)?.record.rev ?? 0;
  }

  async evict(id: string): Promise<void> {
    await this.redis.cli('del', `triterm:session:${id}`);
  }

  onClose(close: () => Promise<unknown>): void {
    this.#closers.push(close);
  }

  async dispose(): Promise<void> {
    await Promise.all([this.redis.dispose(), this.postgres.dispose()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/** A session of this id, made by the store. */
export function make({ store }: Node, id: string): Promise<SessionRow> {
  return store.create(
    { id, userId: USER, name: id, ownerServer: 'server', state: 'running', doc: exampleDoc('made') },
    { limit: LIMIT },
  );
}

export function change({ store }: Node, id: string, title: string): Promise<SessionRow> {
  return store.update(id, {}, { doc: { title } });
}

/** Asks until it is so; rejects at a deadline. */
export async function until(
  what: string,
  ask: () => boolean | Promise<boolean>,
  deadlineMs = DEADLINE_MS,
): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!(await ask())) {
    if (performance.now() > endMs) throw new Error(`it was not so in ${deadlineMs} ms: ${what}`);
    await new Promise(resolve => setTimeout(resolve, LOOK_MS));
  }
}

/** Whether it came to that within the time. For what must not happen at all. */
export function within(ms: number, event: Promise<unknown>): Promise<boolean> {
  const timeout = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => timeout.resolve(false), ms);
  return Promise.race([event.then(() => true), timeout.promise]).finally(() => clearTimeout(timer));
}
