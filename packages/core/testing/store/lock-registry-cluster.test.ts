import { afterAll, describe, expect, it } from 'vitest';
import type { RedisLink } from '../../src/store/redis/redis-link.ts';
import { RedisLockManager } from '../../src/store/redis/redis-lock-manager.ts';
import { RedisSocketRegistry } from '../../src/store/redis/redis-socket-registry.ts';
import { RedisCluster } from '../servers/redis-cluster.ts';
import { lockContract } from './lock-contract.ts';
import { linkTo, PATIENT_MS } from './lock-redis-harness.ts';
import { exampleSocket, registryContract } from './registry-contract.ts';

let started: Promise<RedisCluster> | undefined;
const cluster = () => (started ??= RedisCluster.start());
afterAll(async () => (await started)?.dispose());

/** Connections to the one cluster of this file; emptied for the next test. */
async function clusterLinks() {
  const { nodes, servers } = await cluster();
  const links: RedisLink[] = [];
  return {
    connect: async () => {
      const link = await linkTo({ topology: 'cluster', nodes, commandTimeoutMs: PATIENT_MS });
      links.push(link);
      return link;
    },
    dispose: async () => {
      await Promise.all(links.map(link => link.close()));
      await Promise.all(servers.map(server => server.cli([], ['FLUSHALL'])));
    },
  };
}

lockContract('a Redis cluster', async () => {
  const links = await clusterLinks();
  const managers: RedisLockManager[] = [];
  return {
    open: async () => {
      const manager = new RedisLockManager({ link: await links.connect(), serverId: 'server-1' });
      managers.push(manager);
      return manager;
    },
    dispose: async () => {
      await Promise.all(managers.map(manager => manager.close()));
      await links.dispose();
    },
  };
});

registryContract('a Redis cluster', async () => {
  const links = await clusterLinks();
  return {
    open: async serverId => new RedisSocketRegistry({ link: await links.connect(), serverId }),
    dispose: links.dispose,
  };
});

describe('in a Redis cluster', () => {
  it('hundreds of terminals are registered and found over all nodes', async () => {
    const links = await clusterLinks();
    try {
      const registry = new RedisSocketRegistry({ link: await links.connect(), serverId: 'server-1' });
      const rows = Array.from({ length: 300 }, (_, i) => exampleSocket(`s${i}`, `t${i}`));
      await registry.publish(
        rows.map(row => ({ ...row, lastPingAt: row.connectedAt })),
        new Map(),
      );
      expect(await registry.getStats()).toEqual({
        sockets: 300,
        terminals: 300,
        byServer: { 'server-1': 300 },
      });
      expect((await registry.getTerminalsForUser('user')).length).toBe(300);
      const { servers } = await cluster();
      for (const server of servers) expect(Number(await server.cli([], ['DBSIZE']))).toBeGreaterThan(100);
      await registry.clear();
      expect(await registry.getStats()).toMatchObject({ sockets: 0 });
    } finally {
      await links.dispose();
    }
  });
});
