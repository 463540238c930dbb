import type { Cluster, Redis } from 'ioredis';
import { TermError } from '../../errors/index.ts';
import { infoField } from './info-text.ts';
import type { RedisSettings } from './settings.ts';

/** SET … GET, GETDEL and ACL selectors that we rely on are there from 6.2 on. */
const NEEDED_VERSION = [6, 2] as const;

/**
 * Whether this is a Redis that we may use: the database number exists (ioredis goes on with database 0 where SELECT was
 * refused) and no server is too old. Rejects with CACHE_REFUSED, or with what the server answered.
 */
export async function admit(
  client: Redis | Cluster,
  settings: RedisSettings,
  endpoint: string,
): Promise<void> {
  const servers = client.isCluster && 'nodes' in client ? client.nodes('master') : [client];
  const refuse = (text: string, details: Record<string, unknown>) =>
    new TermError('CACHE_REFUSED', `Redis at ${endpoint} ${text}`, {
      details: { failure: 'error', endpoint, ...details },
    });
  const db = settings.db ?? 0;
  if (db !== 0 && !client.isCluster) {
    try {
      await client.select(db);
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      if (!/DB index|invalid/i.test(reason)) throw thrown;
      throw refuse(`has no database ${db} (${reason}); correct REDIS_DB.`, { db });
    }
  }
  const answers = await Promise.allSettled(servers.map(server => server.info('server')));
  // A cluster that has lost a node is used all the same.
  if (!answers.some(({ status }) => status === 'fulfilled'))
    throw answers.find(answer => answer.status === 'rejected')?.reason ?? new Error('no server answers');
  for (const answer of answers) {
    if (answer.status === 'rejected') continue;
    const version = infoField(answer.value, 'redis_version') ?? '0';
    if (isTooOld(version))
      throw refuse(`is of version ${version}; ${NEEDED_VERSION.join('.')} or newer is needed.`, {
        version,
        needed: NEEDED_VERSION.join('.'),
      });
  }
}

export function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(part => Number.parseInt(part, 10) || 0);
  return major < NEEDED_VERSION[0] || (major === NEEDED_VERSION[0] && minor < NEEDED_VERSION[1]);
}
