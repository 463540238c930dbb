import { startRedis } from '../../src/sandbox/redis-server.ts';
import { RedisLockManager } from '../../src/store/redis/redis-lock-manager.ts';
import { RedisSocketRegistry } from '../../src/store/redis/redis-socket-registry.ts';
import { lockContract } from './lock-contract.ts';
import { lateLink } from './lock-late-link.ts';
import { connectedLink } from './lock-redis-harness.ts';
import { registryContract } from './registry-contract.ts';

const MAX_DELAY_MS = 10;

async function lateLinks() {
  const server = await startRedis();
  const closing: (() => Promise<void>)[] = [];
  return {
    connect: async () => {
      const link = await connectedLink(server.port);
      closing.push(() => link.close());
      return lateLink(link, MAX_DELAY_MS);
    },
    dispose: async () => {
      await Promise.all(closing.map(close => close()));
      await server.dispose();
    },
  };
}

lockContract('Redis, with every call late,', async () => {
  const links = await lateLinks();
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

registryContract('Redis, with every call late,', async () => {
  const links = await lateLinks();
  return {
    open: async serverId => new RedisSocketRegistry({ link: await links.connect(), serverId }),
    dispose: links.dispose,
  };
});
