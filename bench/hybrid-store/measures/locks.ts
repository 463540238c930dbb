import { figuresOf } from '../figures.ts';
import { idealWaitsMs, overtaken } from '../ideal-queue.ts';
import { SEMAPHORE, type StoreMeasure, SUBJECT } from '../measure.ts';

const HOLD_MS = 5;
export const FREE = { measure: 'locks', variant: 'free' };
export const CONTENDED = { measure: 'locks', variant: `3 servers, ${HOLD_MS} ms held` };
/** What a queue without any cost would do with the same requests. */
export const IDEAL = 'ideal queue';

export const locks: StoreMeasure = async ({ world, scale, results, progress }) => {
  await world.first.run('locks', { turns: scale.locks });
  for (let round = 1; round <= scale.rounds; round += 1) {
    progress(`locks: free ${round}/${scale.rounds}`);
    const microseconds = await world.first.run('locks', { turns: scale.locks });
    for (const peer of [SUBJECT, SEMAPHORE] as const) {
      const { p50, p99, mean } = figuresOf(microseconds[peer]);
      results.add({ ...FREE, peer, metric: 'p50 µs' }, p50);
      results.add({ ...FREE, peer, metric: 'mean µs' }, mean);
      results.add({ ...FREE, peer, metric: 'p99 µs' }, p99);
    }
  }
  for (let round = 0; round <= scale.rounds; round += 1)
    for (const peer of [SUBJECT, SEMAPHORE] as const) {
      progress(`locks: contended, ${peer} ${round}/${scale.rounds}`);
      const options = { peer, turns: scale.contendedTurns, holdMs: HOLD_MS };
      const turns = (await Promise.all(world.servers.map(server => server.run('contend', options)))).flat();
      // The first round warms up.
      if (round === 0) continue;
      const waits = figuresOf(turns.map(({ askedMs, gotMs }) => gotMs - askedMs));
      results.add({ ...CONTENDED, peer, metric: 'p50 ms' }, waits.p50);
      results.add({ ...CONTENDED, peer, metric: 'p99 ms' }, waits.p99);
      results.add({ ...CONTENDED, peer, metric: 'overtaken %' }, (overtaken(turns) / turns.length) * 100);
      if (peer !== SUBJECT) continue;
      const ideal = figuresOf(idealWaitsMs(turns, HOLD_MS));
      results.add({ ...CONTENDED, peer: IDEAL, metric: 'p50 ms' }, ideal.p50);
      results.add({ ...CONTENDED, peer: IDEAL, metric: 'p99 ms' }, ideal.p99);
    }
};
