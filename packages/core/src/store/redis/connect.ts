import { TermError } from '../../errors/index.ts';
import { IoredisLink } from './link.ts';
import type { LinkObserver, RedisLink } from './redis-link.ts';
import type { RedisSettings } from './settings.ts';

/**
 * Begins to connect, and returns at once: start-up never waits for Redis. `disconnected` is told of every failed attempt, and
 * commands reject until the first `connected`. Throws BAD_CONFIG for what cannot be.
 */
export function connectRedis(settings: RedisSettings, observer?: LinkObserver): RedisLink {
  if (settings.topology === 'cluster' && (settings.db ?? 0) !== 0)
    throw new TermError('BAD_CONFIG', 'A Redis cluster has only database 0; remove REDIS_DB.');
  if (settings.topology === 'cluster' && settings.nodes.length === 0)
    throw new TermError('BAD_CONFIG', 'REDIS_CLUSTER_NODES names no node.');
  if (settings.topology === 'sentinel' && settings.sentinels.length === 0)
    throw new TermError('BAD_CONFIG', 'REDIS_SENTINELS names no sentinel.');
  return new IoredisLink(settings, observer);
}
