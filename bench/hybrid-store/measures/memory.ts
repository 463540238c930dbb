import { type StoreMeasure, SUBJECT } from '../measure.ts';

export const MEMORY = { measure: 'memory', variant: '', metric: 'µs a hit' };

/** A tight loop over what lies in memory, in one process. */
export const memory: StoreMeasure = async ({ world, scale, results, progress }) => {
  await world.first.run('memoryReads', { reads: scale.memoryReads, seed: 0 });
  for (let round = 1; round <= scale.rounds; round += 1) {
    progress(`memory: ${round}/${scale.rounds}`);
    const { microseconds, missed } = await world.first.run('memoryReads', {
      reads: scale.memoryReads,
      seed: round,
    });
    for (const [peer, each] of Object.entries(microseconds)) results.add({ ...MEMORY, peer }, each);
    if (missed > 0)
      results.note({
        measure: 'memory',
        peer: SUBJECT,
        variant: '',
        text: `${missed} reads went past memory`,
      });
  }
};
