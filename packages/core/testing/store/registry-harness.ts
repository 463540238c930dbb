import type { Database, SocketRegistry } from '@triterm/core/store';
import { type RedisServer, startRedis } from '../../src/sandbox/redis-server.ts';
import { MemoryRegistry } from '../../src/store/memory/memory-registry.ts';
import type { RedisLink } from '../../src/store/redis/redis-link.ts';
import { RedisSocketRegistry } from '../../src/store/redis/redis-socket-registry.ts';
import { HybridRegistry } from '../../src/store/registry/hybrid-registry.ts';
import { connectedLink, PATIENT_MS } from './lock-redis-harness.ts';
import type { RegistryHarness } from './registry-contract.ts';
import { SqliteHarness } from './sqlite-harness.ts';

export class MemoryRegistryHarness implements RegistryHarness {
  readonly oneProcess = true;
  readonly #registry = new MemoryRegistry();

  async open(): Promise<SocketRegistry> {
    return this.#registry;
  }

  async dispose(): Promise<void> {}
}

/** Registries of several servers in one real Redis. */
export class RedisRegistryHarness implements RegistryHarness {
  readonly server: RedisServer;
  readonly #leaseMs: number;
  readonly #commandTimeoutMs: number;
  readonly #links: RedisLink[] = [];

  constructor(server: RedisServer, leaseMs: number, commandTimeoutMs: number) {
    this.server = server;
    this.#leaseMs = leaseMs;
    this.#commandTimeoutMs = commandTimeoutMs;
  }

  async open(serverId: string, leaseMs = this.#leaseMs): Promise<RedisSocketRegistry> {
    const link = await connectedLink(this.server.port, this.#commandTimeoutMs);
    this.#links.push(link);
    return new RedisSocketRegistry({ link, serverId, leaseMs });
  }

  /** Keys of ours that are there now, with the time that they have left. */
  async keys(): Promise<{ key: string; ttlMs: number }[]> {
    const keys = (await this.server.cli('--scan')).split('\n').filter(key => key !== '');
    return Promise.all(keys.map(async key => ({ key, ttlMs: Number(await this.server.cli('PTTL', key)) })));
  }

  async dispose(): Promise<void> {
    this.server.signal('SIGCONT');
    await Promise.all(this.#links.map(link => link.close()));
    await this.server.dispose();
  }
}

export async function redisRegistryHarness(
  leaseMs = 15_000,
  commandTimeoutMs = PATIENT_MS,
): Promise<RedisRegistryHarness> {
  return new RedisRegistryHarness(await startRedis(), leaseMs, commandTimeoutMs);
}

export interface HybridTiming {
  readonly leaseMs: number;
  readonly renewEveryMs: number;
}

/** Hybrid registries on a real Redis and a real SQLite file. */
export class HybridRegistryHarness implements RegistryHarness {
  /** What every server's health machine would say of Redis. */
  isUp: boolean;
  readonly troubles: string[] = [];
  readonly redis: RedisRegistryHarness;
  readonly sqlite = new SqliteHarness();
  readonly #timing: HybridTiming;
  readonly #opened: HybridRegistry[] = [];

  private constructor(redis: RedisRegistryHarness, isUp: boolean, timing: HybridTiming) {
    this.redis = redis;
    this.isUp = isUp;
    this.#timing = timing;
  }

  static async start(
    isUp: boolean,
    timing: HybridTiming = { leaseMs: 15_000, renewEveryMs: 5000 },
    commandTimeoutMs = PATIENT_MS,
  ): Promise<HybridRegistryHarness> {
    return new HybridRegistryHarness(
      await redisRegistryHarness(timing.leaseMs, commandTimeoutMs),
      isUp,
      timing,
    );
  }

  database(): Promise<Database> {
    return this.sqlite.open();
  }

  async open(serverId: string): Promise<HybridRegistry> {
    const registry = new HybridRegistry({
      serverId,
      redis: await this.redis.open(serverId),
      table: await this.sqlite.open(),
      isUp: () => this.isUp,
      renewEveryMs: this.#timing.renewEveryMs,
      onTrouble: error => this.troubles.push(error.code),
    });
    this.#opened.push(registry);
    return registry;
  }

  async dispose(): Promise<void> {
    for (const registry of this.#opened) registry.close();
    await this.redis.dispose();
    await this.sqlite.dispose();
  }
}
