import type { Redis } from 'ioredis';
import { TermError } from '../../errors/index.ts';
import type { Client } from './connection.ts';
import { infoField, infoNumber } from './info-text.ts';
import { KEY_PREFIX } from './key-names.ts';
import type { LinkIdentity, LinkInfo, RedisLink } from './redis-link.ts';

type Link = Pick<RedisLink, 'command'>;

const SCAN_COUNT = 500;

/** Every server that takes writes: of a cluster, the masters. */
function mastersOf(client: Client): Redis[] {
  return 'nodes' in client ? client.nodes('master') : [client];
}

/** Own keys that match `triterm:<pattern>`, at most `limit`; each step has a deadline of its own. */
export async function scanKeys(
  link: Link,
  pattern: string,
  limit: number,
  deadlineMs: number,
): Promise<string[]> {
  const found = new Set<string>();
  const masters = await link.command('scan', async client => mastersOf(client));
  for (const master of masters) {
    let cursor = '0';
    do {
      const [next, keys] = await link.command(
        'scan',
        () => master.scan(cursor, 'MATCH', `${KEY_PREFIX}${pattern}`, 'COUNT', SCAN_COUNT),
        deadlineMs,
      );
      cursor = next;
      for (const key of keys) {
        if (found.size >= limit) return [...found];
        found.add(key);
      }
    } while (cursor !== '0');
  }
  return [...found];
}

/** Another database of the same server is another cache. */
export async function readIdentity(link: Link, db: number): Promise<LinkIdentity> {
  const answers = await link.command('identity', client =>
    Promise.all(
      mastersOf(client).map(async server => {
        const [info, role] = await Promise.all([server.info('server'), server.role()]);
        return { info, role };
      }),
    ),
  );
  const runIds = answers.map(({ info }) => infoField(info, 'run_id'));
  const [first] = answers;
  if (first === undefined || runIds.includes(undefined))
    throw new TermError('CACHE_UNAVAILABLE', 'Redis does not tell which server it is: INFO has no run_id.', {
      details: { failure: 'error' },
    });
  return {
    identity: `${db}/${runIds.toSorted().join(',')}`,
    master: answers.every(({ role }) => Array.isArray(role) && role[0] === 'master'),
    version: infoField(first.info, 'redis_version') ?? '',
  };
}

type ServerInfo = Pick<LinkInfo, 'version' | 'usedMemoryBytes' | 'maxMemoryBytes' | 'evictionPolicy'>;

/** What can be learned now; a cluster's memory is the sum. Does not reject. */
export async function readInfo(link: Link, deadlineMs: number): Promise<ServerInfo> {
  try {
    const infos = await link.command(
      'info',
      client => Promise.all(mastersOf(client).map(server => server.info())),
      deadlineMs,
    );
    const sum = (name: string) =>
      infos.reduce<number | null>((total, info) => {
        const value = infoNumber(info, name);
        return total === null || value === null ? null : total + value;
      }, 0);
    const [first = ''] = infos;
    return {
      version: infoField(first, 'redis_version') ?? null,
      usedMemoryBytes: sum('used_memory'),
      maxMemoryBytes: sum('maxmemory'),
      evictionPolicy: infoField(first, 'maxmemory_policy') ?? null,
    };
  } catch {
    return { version: null, usedMemoryBytes: null, maxMemoryBytes: null, evictionPolicy: null };
  }
}
