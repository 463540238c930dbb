import { FaultProxy } from '../../src/sandbox/fault-proxy.ts';
import { RedisServer } from '../../src/sandbox/redis-server.ts';
import { MemoryHub } from '../../src/store/memory/memory-channel.ts';
import { RedisEventChannel } from '../../src/store/redis/redis-channel.ts';
import { seededRandom } from '../chaos-wrapper.ts';
import { RedisCluster } from '../servers/redis-cluster.ts';
import { eventChannelContract } from './event-channel-contract.ts';
import { connectedLink } from './redis-witness.ts';

eventChannelContract('Memory', async () => {
  const hub = new MemoryHub();
  return { open: () => hub.channel(), interrupt: async () => hub.interrupt(), dispose: async () => {} };
});

eventChannelContract('Redis', async () => {
  const server = await RedisServer.start();
  const { host, port } = server;
  const { link } = await connectedLink({ topology: 'single', host, port, commandTimeoutMs: 2000 });
  return {
    open: () => new RedisEventChannel(link),
    interrupt: async () => {
      await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await server.cli('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    },
    dispose: async () => {
      await link.close();
      await server.dispose();
    },
  };
});

eventChannelContract('Redis over a slow network', async () => {
  const server = await RedisServer.start();
  const proxy = await FaultProxy.start({ port: server.port, random: seededRandom(1) });
  const { host, port } = proxy;
  const { link } = await connectedLink({ topology: 'single', host, port, commandTimeoutMs: 2000 });
  proxy.set({ kind: 'delay', ms: 1, jitterMs: 5 });
  return {
    open: () => new RedisEventChannel(link),
    interrupt: async () => proxy.cut(),
    dispose: async () => {
      await link.close();
      await proxy.dispose();
      await server.dispose();
    },
  };
});

eventChannelContract('A Redis cluster', async () => {
  const cluster = await RedisCluster.start();
  const { link } = await connectedLink({
    topology: 'cluster',
    nodes: cluster.nodes,
    commandTimeoutMs: 2000,
  });
  return {
    open: () => new RedisEventChannel(link),
    interrupt: async () => {
      for (const server of cluster.servers) await server.cli([], ['CLIENT', 'KILL', 'TYPE', 'pubsub']);
    },
    dispose: async () => {
      await link.close();
      await cluster.dispose();
    },
  };
});
