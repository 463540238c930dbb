import { setTimeout as pause } from 'node:timers/promises';
import { Mutex } from 'redis-semaphore';
import { nowMs } from '../../host/clock.ts';
import type { Turn } from '../ideal-queue.ts';
import { SEMAPHORE, SUBJECT } from '../measure.ts';
import type { Place } from './place.ts';

const LOCKS = 50;
const WAIT_MS = 30_000;
const MUTEX_OPTIONS = { acquireTimeout: WAIT_MS };

export type LockPeer = typeof SUBJECT | typeof SEMAPHORE;
type Take = (name: string) => Promise<() => Promise<unknown>>;

/** Takes a lock, and gives how to give it back. */
function taking({ store, redis }: Place, peer: LockPeer): Take {
  if (peer === SUBJECT)
    return async name => {
      const lock = await store.locks.acquire(`session:${name}`, { waitMs: WAIT_MS });
      return () => lock.release();
    };
  return async name => {
    const mutex = new Mutex(redis, name, MUTEX_OPTIONS);
    await mutex.acquire();
    return () => mutex.release();
  };
}

/** Locks that nobody else wants, taken and given back by turns. Microseconds of each, by peer. */
export async function locks(
  place: Place,
  { turns }: { readonly turns: number },
): Promise<Record<LockPeer, number[]>> {
  await place.untilUp();
  const microseconds: Record<LockPeer, number[]> = { [SUBJECT]: [], [SEMAPHORE]: [] };
  for (let turn = 0; turn < turns; turn += 1)
    for (const peer of [SUBJECT, SEMAPHORE] as const) {
      const take = taking(place, peer);
      const startedMs = performance.now();
      await (await take(`${turn % LOCKS}`))();
      microseconds[peer].push((performance.now() - startedMs) * 1000);
    }
  return microseconds;
}

export interface ContendOptions {
  readonly peer: LockPeer;
  readonly turns: number;
  readonly holdMs: number;
}

/** Takes one lock that every server wants, again and again. */
export async function contend(place: Place, { peer, turns, holdMs }: ContendOptions): Promise<Turn[]> {
  await place.untilUp();
  const take = taking(place, peer);
  const done: Turn[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    const askedMs = nowMs();
    const release = await take('contended');
    const gotMs = nowMs();
    await pause(holdMs);
    const releasedMs = nowMs();
    await release();
    done.push({ askedMs, gotMs, releasedMs });
  }
  return done;
}
