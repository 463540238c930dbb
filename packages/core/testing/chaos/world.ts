import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster, Redis } from 'ioredis';
import { FaultProxy } from '../../src/sandbox/fault-proxy.ts';
import { type PostgresServer, startPostgres } from '../../src/sandbox/postgres-server.ts';
import { RedisSentinelGroup } from '../../src/sandbox/redis-sentinel.ts';
import { type RedisServer, startRedis } from '../../src/sandbox/redis-server.ts';
import { KeyNames } from '../../src/store/redis/key-names.ts';
import type { RedisSettings } from '../../src/store/redis/settings.ts';
import { RedisCluster } from '../servers/redis-cluster.ts';
import type { Commit } from './history.ts';
import { type Journal, PostgresJournal, SqliteJournal } from './journal.ts';
import type { StoreProcessOptions } from './orders.ts';

/** What one server reaches the others by. */
export interface Links {
  readonly redis: FaultProxy | undefined;
  readonly database: FaultProxy | undefined;
}

export interface WorldOptions {
  readonly database: 'postgres' | 'sqlite';
  /** Only a single one is reached through proxies: the others tell their clients where they are. */
  readonly redis: 'none' | 'single' | 'sentinel' | 'cluster';
  readonly servers: number;
}

/** Real servers, and a proxy of its own from each store process to each of them. */
export class World {
  readonly options: WorldOptions;
  readonly dir = mkdtempSync(join(tmpdir(), 'triterm-chaos-'));
  readonly links: Links[] = [];
  #postgres: PostgresServer | undefined;
  #redis: RedisServer | undefined;
  #sentinel: RedisSentinelGroup | undefined;
  #cluster: RedisCluster | undefined;
  #direct: Redis | Cluster | undefined;
  #databaseUrl = '';
  #journal: Journal | undefined;

  private constructor(options: WorldOptions) {
    this.options = options;
  }

  static async start(options: WorldOptions, random: () => number): Promise<World> {
    const world = new World(options);
    try {
      await world.#begin(random);
      return world;
    } catch (error) {
      await world.dispose();
      throw error;
    }
  }

  get postgres(): PostgresServer | undefined {
    return this.#postgres;
  }

  get redis(): RedisServer | undefined {
    return this.#redis;
  }

  get sentinel(): RedisSentinelGroup | undefined {
    return this.#sentinel;
  }

  get cluster(): RedisCluster | undefined {
    return this.#cluster;
  }

  /** What Redis has of a session, asked past the proxies. */
  async entryText(id: string): Promise<string | null> {
    const keys = new KeyNames(this.#cluster !== undefined);
    return (await this.#direct?.get(keys.session(id))) ?? null;
  }

  databaseOf(server: number): StoreProcessOptions['database'] {
    const proxy = this.links[server]?.database;
    if (proxy === undefined) return { kind: 'sqlite', file: join(this.dir, 'triterm.db') };
    const url = new URL(this.#databaseUrl);
    url.port = String(proxy.port);
    return { kind: 'postgres', url: url.href };
  }

  redisOf(server: number): RedisSettings | null {
    if (this.#sentinel !== undefined) {
      const { sentinels, name } = this.#sentinel;
      return { topology: 'sentinel', sentinels, name };
    }
    if (this.#cluster !== undefined) return { topology: 'cluster', nodes: this.#cluster.nodes };
    const proxy = this.links[server]?.redis;
    return proxy === undefined ? null : { topology: 'single', host: proxy.host, port: proxy.port };
  }

  /** Begins to write down every commit; the tables have to be there. */
  async beginJournal(): Promise<void> {
    this.#journal =
      this.#postgres === undefined
        ? new SqliteJournal(join(this.dir, 'triterm.db'))
        : new PostgresJournal(this.#databaseUrl);
    await this.#journal.begin();
  }

  /** All commits after `seq`. */
  commitsAfter(seq: number): Promise<Commit[]> {
    return this.journal.after(seq);
  }

  get journal(): Journal {
    if (this.#journal === undefined) throw new Error('the journal was not begun');
    return this.#journal;
  }

  async dispose(): Promise<void> {
    this.#direct?.disconnect();
    await this.#journal?.close();
    await Promise.all(this.links.flatMap(({ redis, database }) => [redis?.dispose(), database?.dispose()]));
    const servers = [this.#redis, this.#sentinel, this.#cluster, this.#postgres];
    await Promise.all(servers.map(server => server?.dispose()));
    rmSync(this.dir, { recursive: true, force: true });
  }

  async #begin(random: () => number): Promise<void> {
    const { database, servers } = this.options;
    await this.#beginRedis();
    if (database === 'postgres') {
      this.#postgres = await startPostgres();
      this.#databaseUrl = await this.#postgres.createDatabase();
    }
    for (let server = 0; server < servers; server += 1)
      this.links.push({
        redis: this.#redis && (await FaultProxy.start({ port: this.#redis.port, random })),
        database: this.#postgres && (await FaultProxy.start({ port: this.#postgres.port, random })),
      });
  }

  async #beginRedis(): Promise<void> {
    const patient = { maxRetriesPerRequest: null, retryStrategy: () => 50 };
    switch (this.options.redis) {
      case 'none':
        return;
      case 'single':
        this.#redis = await startRedis();
        this.#direct = new Redis({ ...patient, port: this.#redis.port });
        break;
      case 'sentinel': {
        this.#sentinel = await RedisSentinelGroup.start();
        const { sentinels, name } = this.#sentinel;
        this.#direct = new Redis({
          ...patient,
          sentinels: [...sentinels],
          name,
          sentinelRetryStrategy: () => 50,
        });
        break;
      }
      case 'cluster':
        this.#cluster = await RedisCluster.start();
        this.#direct = new Cluster([...this.#cluster.nodes], { clusterRetryStrategy: () => 50 });
    }
    this.#direct.on('error', () => {});
  }
}
