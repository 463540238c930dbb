import type { SessionCache, Store } from '@triterm/core/store';
import type { Stage } from '../../stage.ts';

/** Of a store that was opened with Redis. */
export function cacheOf({ cache }: Store): SessionCache {
  if (cache === undefined) throw new Error('the store was opened without Redis');
  return cache;
}

/** What Redis has of a session: its version, 0 for nothing. */
export async function cachedVersion(store: Store, id: string): Promise<number> {
  return (await cacheOf(store).inspect(id))?.version ?? 0;
}

export async function untilUp(stage: Stage, stores: readonly Store[]): Promise<void> {
  await stage.until('every server works with Redis', () => stores.every(({ sessions }) => sessions.isUp));
}

/** Redis has this version, and nothing is on its way there any more. */
export async function untilCached(stage: Stage, store: Store, id: string, version: number): Promise<void> {
  await stage.until(
    `Redis has version ${version}`,
    async () =>
      (await cachedVersion(store, id)) === version && (await store.database.outboxDepth()).entries === 0,
  );
}
