import { newSessionId } from '@triterm/core/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultProxy } from '../../src/sandbox/fault-proxy.ts';
import { RedisSentinelGroup } from '../../src/sandbox/redis-sentinel.ts';
import { RedisServer } from '../../src/sandbox/redis-server.ts';
import { RedisSessionCache } from '../../src/store/redis/redis-cache.ts';
import type { RedisLink } from '../../src/store/redis/redis-link.ts';
import { seededRandom } from '../chaos-wrapper.ts';
import { RedisCluster } from '../servers/redis-cluster.ts';
import { cacheContract, EPOCHS, exampleRow } from './cache-contract.ts';
import { redisCacheHarness } from './cache-harnesses.ts';
import { connectedLink } from './redis-witness.ts';

cacheContract('Redis', () =>
  redisCacheHarness(async () => {
    const server = await RedisServer.start({ password: 'secret', tls: true });
    const { host, port, ca = '' } = server;
    const settings = { topology: 'single', host, port, password: 'secret', db: 2, tls: { ca } } as const;
    return { settings, dispose: () => server.dispose() };
  }),
);

cacheContract('Redis over a slow network', () =>
  redisCacheHarness(async () => {
    const server = await RedisServer.start();
    const proxy = await FaultProxy.start({ port: server.port, random: seededRandom(1) });
    proxy.set({ kind: 'delay', ms: 1, jitterMs: 5 });
    const dispose = async (): Promise<void> => {
      await proxy.dispose();
      await server.dispose();
    };
    return { settings: { topology: 'single', host: proxy.host, port: proxy.port }, dispose };
  }),
);

cacheContract('Redis by sentinels', () =>
  redisCacheHarness(async () => {
    const group = await RedisSentinelGroup.start({ password: 'secret', tls: true });
    const { sentinels, name, ca = '' } = group;
    const settings = { topology: 'sentinel', sentinels, name, password: 'secret', tls: { ca } } as const;
    return { settings, dispose: () => group.dispose() };
  }),
);

cacheContract('A Redis cluster', () =>
  redisCacheHarness(async () => {
    const cluster = await RedisCluster.start();
    return {
      settings: { topology: 'cluster', nodes: cluster.nodes },
      dispose: () => cluster.dispose(),
    };
  }),
);

describe('the session cache in Redis', () => {
  let server: RedisServer;
  let link: RedisLink;
  let cache: RedisSessionCache;
  beforeAll(async () => {
    server = await RedisServer.start();
    const { host, port } = server;
    ({ link } = await connectedLink({ topology: 'single', host, port, commandTimeoutMs: 2000 }));
    cache = new RedisSessionCache(link, { sessionTtlMs: 60_000, tombstoneTtlMs: 30_000 });
  });
  afterAll(async () => {
    await link?.close();
    await server?.dispose();
  });

  const fill = async (id: string, rev: number): Promise<void> => {
    const answer = await cache.get(id, EPOCHS, 0);
    if (answer.kind !== 'miss') throw new Error('it is there already');
    expect(await cache.fill(exampleRow(id, rev), EPOCHS, answer.fillToken ?? '')).toBe('stored');
  };

  it('shows an operator JSON with the version under triterm:session:<id>', async () => {
    const id = newSessionId();
    await fill(id, 5);
    const value = JSON.parse(await server.cli('GET', `triterm:session:${id}`));
    expect(value).toMatchObject({ version: 5, epoch: 'db1.3', id, name: 'rev-5' });
    await cache.put({ id, rev: 6, deleted: true }, EPOCHS);
    expect(JSON.parse(await server.cli('GET', `triterm:session:${id}`))).toEqual({
      version: 6,
      epoch: 'db1.3',
      id,
      deleted: true,
    });
    const ttls = await Promise.all(
      [`triterm:session:${id}`].map(async key => Number(await server.cli('PTTL', key))),
    );
    expect(ttls[0]).toBeGreaterThan(20_000);
    expect(ttls[0]).toBeLessThanOrEqual(30_000);
  });

  it.each([
    '',
    'no JSON',
    '{}',
    '[]',
    'null',
    '{"version":"5","epoch":"db1.3"}',
    '{"version":5,"epoch":"db1.3","id":"ANOTHER"}',
    '{"version":5,"epoch":"db1.3","id":"ID","name":7}',
    '{"version":5,"epoch":7,"id":"ID","deleted":true}',
    '{"version":1e400,"epoch":"db1.3","id":"ID","deleted":true}',
  ])('takes the value %j that somebody has put there for a miss, and it can be replaced', async text => {
    const id = newSessionId();
    await server.cli('SET', `triterm:session:${id}`, text.replace('ID', id));
    const answer = await cache.get(id, EPOCHS, 0);
    expect(answer).toMatchObject({ kind: 'miss', reason: 'absent', fillToken: expect.any(String) });
    const token = answer.kind === 'miss' ? (answer.fillToken ?? '') : '';
    expect(await cache.fill(exampleRow(id, 6), EPOCHS, token)).toBe('stored');
    expect(await cache.get(id, EPOCHS, 6)).toEqual({ kind: 'hit', row: exampleRow(id, 6) });
  });

  it('reads a hit by one GET and nothing else', async () => {
    const id = newSessionId();
    await fill(id, 5);
    await server.cli('CONFIG', 'RESETSTAT');
    for (let count = 0; count < 10; count += 1) await cache.get(id, EPOCHS, 5);
    const stats = await server.cli('INFO', 'commandstats');
    const commands = [...stats.matchAll(/^cmdstat_([\w|]+):calls=(\d+)/gm)].map(found => found.slice(1));
    expect(commands.filter(([name]) => !name?.startsWith('config'))).toEqual([['get', '10']]);
  });

  it('goes on when the server has forgotten the scripts', async () => {
    const id = newSessionId();
    await fill(id, 1);
    await server.cli('SCRIPT', 'FLUSH');
    expect(await cache.put(exampleRow(id, 2), EPOCHS)).toEqual({ kind: 'stored' });
    await server.cli('SCRIPT', 'FLUSH');
    expect(await cache.putAll([exampleRow(id, 3), exampleRow(id, 4)], EPOCHS)).toEqual([
      { kind: 'stored' },
      { kind: 'stored' },
    ]);
  });

  it('leaves nobody else’s key behind or away', async () => {
    await server.cli('SET', 'theirs', 'untouched');
    const id = newSessionId();
    await fill(id, 1);
    await cache.invalidate(id);
    expect(await server.cli('GET', 'theirs')).toBe('untouched');
    const keys = (await server.cli('KEYS', '*')).split('\n');
    expect(keys.filter(key => key.includes(id))).toEqual([]);
  });
});
