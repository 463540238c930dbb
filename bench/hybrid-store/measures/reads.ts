import {
  BENTO_MEMORY,
  BENTO_TIERS,
  POSTGRES,
  REDIS,
  type StoreContext,
  type StoreMeasure,
  SUBJECT,
} from '../measure.ts';
import type { ReadsDone } from '../programs/reading.ts';

const PEERS = [SUBJECT, POSTGRES, REDIS, BENTO_MEMORY, BENTO_TIERS] as const;
/** These answer most reads from memory. */
const QUICK_PEERS: ReadonlySet<string> = new Set([SUBJECT, BENTO_MEMORY, BENTO_TIERS]);
export const READS = { measure: 'reads', variant: 'Zipf 0.99, 1 % writes, 3 servers' };

/** All servers read and write at once, the peers by turns. */
export const reads: StoreMeasure = async context => {
  const { world, scale, results, progress } = context;
  for (const peer of PEERS) {
    progress(`reads: ${peer} warms up`);
    await Promise.all(world.servers.map(server => server.run('openReader', { peer })));
  }
  for (let round = 1; round <= scale.rounds; round += 1)
    for (const peer of PEERS) {
      progress(`reads: ${peer} ${round}/${scale.rounds}`);
      const all = QUICK_PEERS.has(peer) ? scale.reads : scale.slowReads;
      const each = Math.ceil(all / scale.rounds / world.servers.length);
      const done = await Promise.all(
        world.servers.map((server, index) =>
          server.run('reads', { peer, reads: each, seed: round * 100 + index }),
        ),
      );
      const took = sum(done, ({ readMs }) => readMs);
      results.add({ ...READS, peer, metric: 'mean µs' }, (took * 1000) / sum(done, one => one.reads));
      if (peer === SUBJECT) addSources(context, done);
    }
};

function addSources({ results }: StoreContext, done: readonly ReadsDone[]): void {
  const all = sum(done, ({ counters }) => counters.reads);
  const share = (metric: string, count: (one: ReadsDone) => number) =>
    results.add({ ...READS, peer: SUBJECT, metric }, (sum(done, count) / all) * 100);
  share('memory hit %', ({ counters }) => counters.l1Hits);
  share('Redis hit %', ({ counters }) => counters.redisHits);
  share('bypassed %', ({ counters }) => counters.bypassed);
}

function sum(done: readonly ReadsDone[], of: (one: ReadsDone) => number): number {
  return done.reduce((all, one) => all + of(one), 0);
}
