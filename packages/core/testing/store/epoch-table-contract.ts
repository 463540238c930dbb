import { expect, it } from 'vitest';
import type { Opened } from './database-contract.ts';

export function epochTable({ database, another }: Opened): void {
  it('says the same to every server', async () => {
    const epochs = await database().epochs();
    expect(epochs.db).toMatch(/^[^.]{8,}$/);
    expect(Number.isSafeInteger(epochs.cache)).toBe(true);
    expect(await (await another()).epochs()).toEqual(epochs);
  });

  it('raises the epoch of caches for who has seen the present one', async () => {
    const before = await database().epochs();
    const after = await database().bumpCacheEpoch(before.cache);
    expect(after).toEqual({ db: before.db, cache: before.cache + 1 });
    expect(await (await another()).epochs()).toEqual(after);
    expect(await database().bumpCacheEpoch(before.cache)).toEqual(after);
    expect(await database().epochs()).toEqual(after);
  });

  it('raises it once for several servers that have seen the same', async () => {
    const servers = [database(), await another(), await another()];
    const { db, cache } = await database().epochs();
    const bumped = await Promise.all(servers.map(server => server.bumpCacheEpoch(cache)));
    expect(bumped).toEqual(servers.map(() => ({ db, cache: cache + 1 })));
  });

  it('notes the first cache server, and raises the epoch for another one only', async () => {
    const { db, cache } = await database().epochs();
    expect(await database().adoptCache('run-1')).toEqual({ db, cache });
    const second = await another();
    expect(await second.adoptCache('run-1')).toEqual({ db, cache });
    expect(await second.adoptCache('run-2')).toEqual({ db, cache: cache + 1 });
    expect(await database().adoptCache('run-2')).toEqual({ db, cache: cache + 1 });
    // The first one again may have kept what it held.
    expect(await database().adoptCache('run-1')).toEqual({ db, cache: cache + 2 });
    expect(await second.epochs()).toEqual({ db, cache: cache + 2 });
  });

  it('raises it once for several servers that meet the same new cache server', async () => {
    const servers = [database(), await another(), await another()];
    await database().adoptCache('run-1');
    const { db, cache } = await database().epochs();
    const adopted = await Promise.all(servers.map(server => server.adoptCache('run-2')));
    expect(adopted).toEqual(servers.map(() => ({ db, cache: cache + 1 })));
  });
}
