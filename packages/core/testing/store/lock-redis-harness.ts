import type { LockManager } from '@triterm/core/store';
import { type RedisServer, startRedis } from '../../src/sandbox/redis-server.ts';
import { connectRedis } from '../../src/store/redis/connect.ts';
import type { RedisLink } from '../../src/store/redis/redis-link.ts';
import { RedisLockManager, type RedisLockOptions } from '../../src/store/redis/redis-lock-manager.ts';
import type { RedisSettings } from '../../src/store/redis/settings.ts';
import type { LockHarness } from './lock-contract.ts';

/** Resolves when the link may be used. */
export async function linkTo(settings: RedisSettings): Promise<RedisLink> {
  const connected = Promise.withResolvers<void>();
  const link = connectRedis(settings, {
    connected: () => connected.resolve(),
    disconnected: () => {},
    settled: () => {},
    topologyChanged: () => {},
  });
  await connected.promise;
  return link;
}

/** A command's deadline where a test is not about deadlines: the machine may be busy. */
export const PATIENT_MS = 2000;
/** The product's. */
export const USUAL_MS = 50;

export const connectedLink = (port: number, commandTimeoutMs = PATIENT_MS): Promise<RedisLink> =>
  linkTo({ topology: 'single', host: '127.0.0.1', port, commandTimeoutMs });

/** Locks of several servers in one real Redis. */
export class RedisLockHarness implements LockHarness {
  readonly server: RedisServer;
  readonly #change: Partial<RedisLockOptions>;
  readonly #commandTimeoutMs: number;
  readonly #managers: LockManager[] = [];
  readonly #links: RedisLink[] = [];

  private constructor(server: RedisServer, change: Partial<RedisLockOptions>, commandTimeoutMs: number) {
    this.server = server;
    this.#change = change;
    this.#commandTimeoutMs = commandTimeoutMs;
  }

  static async start(
    change: Partial<RedisLockOptions> = {},
    commandTimeoutMs = PATIENT_MS,
  ): Promise<RedisLockHarness> {
    return new RedisLockHarness(await startRedis(), change, commandTimeoutMs);
  }

  async open(): Promise<RedisLockManager> {
    const link = await connectedLink(this.server.port, this.#commandTimeoutMs);
    this.#links.push(link);
    const serverId = `server-${this.#links.length}`;
    const manager = new RedisLockManager({ link, serverId, ...this.#change });
    this.#managers.push(manager);
    return manager;
  }

  async dispose(): Promise<void> {
    this.server.signal('SIGCONT');
    await Promise.all(this.#managers.map(manager => manager.close()));
    await Promise.all(this.#links.map(link => link.close()));
    await this.server.dispose();
  }
}
