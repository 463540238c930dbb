import { change, read } from '../../../packages/core/src/store/postgres/session-queries.ts';
import { nowMs } from '../../host/clock.ts';
import type { Place } from './place.ts';

const LOCK_WAIT_MS = 5000;

/** A call: what, when it began on the host's clock, and how long it took. */
export interface Call {
  readonly what:
    | 'read'
    | 'update'
    | 'lock'
    | 'release'
    | 'bare read'
    | 'bare update'
    | 'bare lock'
    | 'bare release';
  readonly startedMs: number;
  readonly tookMs: number;
  readonly failed?: string;
}

/** What a server does with sessions, one call after the other, for as long. */
export async function metadata(place: Place, { forMs }: { readonly forMs: number }): Promise<Call[]> {
  const { store, ids } = place;
  const bare = await place.bare();
  await place.untilUp();
  const calls: Call[] = [];
  const time = async <T>(what: Call['what'], work: () => Promise<T>): Promise<T | undefined> => {
    const startedMs = nowMs();
    try {
      const value = await work();
      calls.push({ what, startedMs, tookMs: nowMs() - startedMs });
      return value;
    } catch (thrown) {
      calls.push({ what, startedMs, tookMs: nowMs() - startedMs, failed: String(thrown) });
      return undefined;
    }
  };
  const endMs = nowMs() + forMs;
  for (let turn = 0; nowMs() < endMs; turn += 1) {
    const id = ids[turn % ids.length] ?? '';
    const wish = { doc: { title: `title ${turn}` } };
    await time('read', () => store.sessions.get(id));
    await time('update', () => store.sessions.update(id, {}, wish));
    const lock = await time('lock', () => store.locks.acquire(`session:${id}`, { waitMs: LOCK_WAIT_MS }));
    if (lock !== undefined) await time('release', () => lock.release());
    await time('bare read', () => read(bare, id));
    await time('bare update', () => change(bare, id, {}, wish));
    await time('bare lock', () => bare.lock(turn));
    await time('bare release', () => bare.unlock());
  }
  return calls;
}
