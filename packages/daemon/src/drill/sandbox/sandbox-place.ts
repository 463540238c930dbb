import type { DaemonProcess } from '@triterm/core/sandbox/daemon-process';
import type { FaultProxy } from '@triterm/core/sandbox/fault-proxy';
import type { ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import type { RedisServer } from '@triterm/core/sandbox/redis-server';
import type { Place, RedisFault } from '../place.ts';
import type { Sandbox } from './sandbox.ts';

/** A daemon of a sandbox that reaches its Redis through a proxy. */
export class SandboxPlace implements Place {
  readonly daemon: DaemonProcess;
  readonly redis: RedisServer;
  readonly redisProxy: FaultProxy;
  readonly #sandbox: Sandbox;

  private constructor(sandbox: Sandbox, parts: Pick<SandboxPlace, 'daemon' | 'redis' | 'redisProxy'>) {
    this.#sandbox = sandbox;
    this.daemon = parts.daemon;
    this.redis = parts.redis;
    this.redisProxy = parts.redisProxy;
  }

  /** On a database of the sandbox's kind. */
  static async open(sandbox: Sandbox, env: Readonly<Record<string, string>> = {}): Promise<SandboxPlace> {
    const redis = await sandbox.redis();
    const redisProxy = await sandbox.proxy(redis.port);
    const daemon = await sandbox.daemon('drill-1', {
      redisPort: redisProxy.port,
      database: await sandbox.database(),
      env,
    });
    return new SandboxPlace(sandbox, { daemon, redis, redisProxy });
  }

  client(): Promise<ProtocolClient> {
    return this.daemon.client();
  }

  sessionName(word: string): string {
    return this.#sandbox.name(word);
  }

  async breakRedis(fault: RedisFault): Promise<void> {
    if (fault.kind === 'down') await this.redisProxy.refuse();
    else if (fault.kind === 'hang') this.redisProxy.set({ kind: 'halfOpen' });
    else this.redisProxy.set({ kind: 'delay', ms: fault.latencyMs });
  }

  restoreRedis(): Promise<void> {
    return this.redisProxy.heal();
  }
}
