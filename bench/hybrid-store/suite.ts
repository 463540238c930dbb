import type { Results } from '../results.ts';
import type { StoreMeasureName } from './measure.ts';
import { STORE_MEASURES } from './measures/all.ts';
import type { StoreScale } from './scale.ts';
import { World } from './world.ts';

export interface StoreSuite {
  readonly measures: readonly StoreMeasureName[];
  readonly scale: StoreScale;
  readonly results: Results;
  readonly progress: (what: string) => void;
}

/** Measures one after the other in one world. One that fails is noted, and the others go on. */
export async function measureStore({ measures, scale, results, progress }: StoreSuite): Promise<void> {
  progress('PostgreSQL, Redis and three servers start');
  const world = await World.start(scale.sessions);
  try {
    for (const measure of measures) {
      try {
        await STORE_MEASURES[measure]({ world, scale, results, progress });
      } catch (thrown) {
        const text = `failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
        results.note({ measure, peer: 'triterm', variant: '', text });
        progress(`${measure} ${text}`);
      }
    }
  } finally {
    await world.end();
  }
}
