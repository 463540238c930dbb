import type { DaemonProcess } from '@triterm/core/sandbox/daemon-process';
import type { FaultProxy } from '@triterm/core/sandbox/fault-proxy';
import type { RedisServer } from '@triterm/core/sandbox/redis-server';
import { rowsOf, type StoredRow } from '@triterm/core/sandbox/stored-rows';
import type { Sandbox } from '../../sandbox/sandbox.ts';

/** Two servers on one PostgreSQL and one Redis; the network of the first one can fail. */
export class TwoServers {
  readonly first: DaemonProcess;
  readonly second: DaemonProcess;
  readonly redis: RedisServer;
  readonly databaseUrl: string;
  readonly #sandbox: Sandbox;
  readonly #links: readonly FaultProxy[];

  private constructor(
    sandbox: Sandbox,
    parts: Pick<TwoServers, 'first' | 'second' | 'redis' | 'databaseUrl'>,
    links: readonly FaultProxy[],
  ) {
    this.#sandbox = sandbox;
    this.first = parts.first;
    this.second = parts.second;
    this.redis = parts.redis;
    this.databaseUrl = parts.databaseUrl;
    this.#links = links;
  }

  static async start(sandbox: Sandbox, env: Readonly<Record<string, string>>): Promise<TwoServers> {
    const [redis, databaseUrl] = await Promise.all([sandbox.redis(), sandbox.database('postgres')]);
    const proxied = new URL(databaseUrl);
    const [redisLink, databaseLink] = await Promise.all([
      sandbox.proxy(redis.port),
      sandbox.proxy(Number(proxied.port)),
    ]);
    proxied.port = String(databaseLink.port);
    const [first, second] = await Promise.all([
      sandbox.daemon('drill-1', {
        redisPort: redisLink.port,
        database: proxied.href,
        listens: true,
        env,
      }),
      sandbox.daemon('drill-2', { redisPort: redis.port, database: databaseUrl, listens: true, env }),
    ]);
    return new TwoServers(sandbox, { first, second, redis, databaseUrl }, [redisLink, databaseLink]);
  }

  /** The first one hears nothing any more from the database and Redis, and nobody tells it so. */
  cutOff(): void {
    for (const link of this.#links) link.set({ kind: 'halfOpen' });
  }

  async heal(): Promise<void> {
    await Promise.all(this.#links.map(link => link.heal()));
  }

  /** What PostgreSQL has. */
  async rows(): Promise<StoredRow[]> {
    return await rowsOf(await this.#sandbox.postgres(), this.databaseUrl);
  }

  async row(id: string): Promise<StoredRow | undefined> {
    return (await this.rows()).find(row => row.id === id);
  }
}
