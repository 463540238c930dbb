import { figuresOf } from '../figures.ts';
import { POSTGRES, type StoreMeasure, SUBJECT } from '../measure.ts';

export const WRITERS = [1, 8] as const;

export function writesKey(writers: number) {
  return { measure: 'writes', variant: writersText(writers) };
}

export function writersText(writers: number): string {
  return writers === 1 ? '1 writer' : `${writers} writers`;
}

const PEERS = [SUBJECT, POSTGRES] as const;

/** One server writes, through the store and bare by turns, which are short: a disk is slow for seconds at a time. */
export const writes: StoreMeasure = async ({ world, scale, results, progress }) => {
  for (let round = 0; round <= scale.rounds; round += 1)
    for (const writers of WRITERS) {
      progress(`writes: ${writersText(writers)} ${round}/${scale.rounds}`);
      const microseconds: Record<(typeof PEERS)[number], number[]> = { [SUBJECT]: [], [POSTGRES]: [] };
      for (let block = 0; block < scale.writeBlocks; block += 1)
        for (const peer of PEERS)
          microseconds[peer].push(
            ...(await world.first.run('writes', { peer, writers, writes: scale.writes })),
          );
      // The first round warms up.
      if (round === 0) continue;
      for (const peer of PEERS) {
        const figures = figuresOf(microseconds[peer]);
        const key = { ...writesKey(writers), peer };
        results.add({ ...key, metric: 'p50 µs' }, figures.p50);
        results.add({ ...key, metric: 'mean µs' }, figures.mean);
        results.add({ ...key, metric: 'p99 µs' }, figures.p99);
      }
    }
};
