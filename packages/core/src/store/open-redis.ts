import { type EventChannel, MAX_MESSAGE_BYTES } from './event-channel.ts';
import { MESSAGE_ID_BYTES } from './fallback-channel.ts';
import type { RedisTier } from './hybrid/hybrid-tiers.ts';
import { DAEMON_CHANNEL } from './redis/key-names.ts';
import type { RedisLockManager } from './redis/redis-lock-manager.ts';
import type { RedisSocketRegistry } from './redis/redis-socket-registry.ts';
import type { RedisSettings } from './redis/settings.ts';
import type { StoreSettings } from './store-settings.ts';

/** Everything that lies in Redis. */
export interface OpenedRedis extends RedisTier {
  readonly locks: RedisLockManager;
  readonly registry: RedisSocketRegistry;
  /** For what daemons tell each other. */
  readonly daemons: EventChannel;
}

/** Loads the driver and begins to connect; waits for nothing. Throws BAD_CONFIG. */
export async function openRedis(
  redis: RedisSettings,
  serverId: string,
  settings: StoreSettings,
): Promise<OpenedRedis> {
  const [{ connectRedis }, { RedisSessionCache }, { RedisEventChannel }, { RedisLockManager }, registry] =
    await Promise.all([
      import('./redis/connect.ts'),
      import('./redis/redis-cache.ts'),
      import('./redis/redis-channel.ts'),
      import('./redis/redis-lock-manager.ts'),
      import('./redis/redis-socket-registry.ts'),
    ]);
  const link = connectRedis({ connectionName: `triterm-${serverId}`, ...redis });
  const { sessionTtlMs, tombstoneTtlMs, lockTtlMs, leaseMs } = settings;
  return {
    link,
    cache: new RedisSessionCache(link, { sessionTtlMs, tombstoneTtlMs }),
    events: new RedisEventChannel(link),
    daemons: new RedisEventChannel(link, {
      name: DAEMON_CHANNEL,
      maxBytes: MAX_MESSAGE_BYTES + MESSAGE_ID_BYTES,
    }),
    locks: new RedisLockManager({ link, serverId, ttlMs: lockTtlMs }),
    registry: new registry.RedisSocketRegistry({ link, serverId, leaseMs }),
  };
}
