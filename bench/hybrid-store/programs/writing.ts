import { setTimeout as pause } from 'node:timers/promises';
import { change } from '../../../packages/core/src/store/postgres/session-queries.ts';
import { POSTGRES, type SUBJECT } from '../measure.ts';
import type { Place } from './place.ts';

/** What follows a write behind the writer's back is over. */
const SETTLE_MS = 60;

export interface WritesOptions {
  readonly peer: typeof SUBJECT | typeof POSTGRES;
  readonly writers: number;
  readonly writes: number;
}

/** The same statement through the store, and bare on a connection for each writer. Microseconds of each write. */
export async function writes(
  place: Place,
  { peer, writers, writes: wanted }: WritesOptions,
): Promise<number[]> {
  const { store, ids } = place;
  await place.untilUp();
  const microseconds: number[] = [];
  const one = async (writer: number) => {
    const bare = await place.bare(writer);
    for (let done = writer; done < wanted; done += writers) {
      const id = ids[done % ids.length] ?? '';
      const wish = { doc: { title: `title ${done}` } };
      const startedMs = performance.now();
      await (peer === POSTGRES ? change(bare, id, {}, wish) : store.sessions.update(id, {}, wish));
      microseconds.push((performance.now() - startedMs) * 1000);
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => place.bare(writer)));
  await Promise.all(Array.from({ length: writers }, (_, writer) => one(writer)));
  await pause(SETTLE_MS);
  return microseconds;
}
