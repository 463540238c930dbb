import { memoryBytes } from '../../host/processes.ts';
import { growSockets, registryKey } from '../../hybrid-store/measures/registry.ts';
import { World } from '../../hybrid-store/world.ts';
import type { FleetMeasure } from '../measure.ts';
import { SUBJECT } from '../measure.ts';

const MEGABYTE = 1e6;

/** More and more sockets on three servers: what they take, and what a call costs then. */
export const registry: FleetMeasure = async ({ scale, results, progress }) => {
  progress('registry: PostgreSQL, Redis and three servers start');
  const world = await World.start(1);
  try {
    const [, other] = world.servers;
    let registered = 0;
    for (const sockets of scale.sockets) {
      progress(`registry: ${sockets} sockets`);
      await growSockets(world, registered, sockets);
      registered = sockets;
      for (let round = 0; round <= scale.registryRounds; round += 1) {
        const { microseconds } = await world.first.run('registryCosts', {
          registered: Math.floor(sockets / world.servers.length),
          calls: scale.registryCalls,
          seed: round,
          otherServer: other?.serverId ?? '',
        });
        // The first round warms up.
        if (round === 0) continue;
        for (const [call, each] of Object.entries(microseconds))
          results.add(registryKey(sockets, call), each);
      }
      const key = { measure: 'registry', variant: `${sockets} sockets:`, peer: SUBJECT };
      const used = /used_memory:(\d+)/.exec(await world.redis.cli('INFO', 'memory'))?.[1];
      results.add({ ...key, metric: 'MB, Redis' }, Number(used) / MEGABYTE);
      const pids = world.servers.map(({ pid }) => pid);
      results.add({ ...key, metric: 'MB a server' }, memoryBytes(pids) / pids.length / MEGABYTE);
    }
  } finally {
    await world.end();
  }
};
