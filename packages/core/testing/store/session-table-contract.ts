import { describe, expect, it } from 'vitest';
import type { Opened } from './database-contract.ts';
import { exampleSession } from './session-examples.ts';

const ROOMY = { limit: 1000 };

export function sessionTable({ database, another }: Opened): void {
  it('tells what is, what was deleted and what never was', async () => {
    const row = await database().create(exampleSession('work'), ROOMY);
    expect(await database().read(row.id)).toEqual(row);
    const tombstone = await database().delete(row.id, {});
    expect(await database().read(row.id)).toEqual(tombstone);
    expect(await (await another()).read(row.id)).toEqual(tombstone);
    expect(await database().read('000000000000')).toBeUndefined();
    await database().collect(Date.now() + 60_000);
    expect(await database().read(row.id)).toBeUndefined();
  });

  it('reads at once what another server has committed', async () => {
    const second = await another();
    let row = await database().create(exampleSession('work'), ROOMY);
    for (let cols = 1; cols <= 20; cols += 1) {
      row = await database().update(row.id, { rev: row.rev }, { doc: { cols } });
      expect(await second.read(row.id)).toEqual(row);
      expect(await second.get(row.id)).toEqual(row);
    }
  });

  it('returns the most recently active first, none that is deleted, and no more than asked', async () => {
    const [one, two, three, gone] = [
      await database().create(exampleSession('one'), ROOMY),
      await database().create(exampleSession('two', { userId: 'other' }), ROOMY),
      await database().create(exampleSession('three'), ROOMY),
      await database().create(exampleSession('gone'), ROOMY),
    ];
    const at = Date.now() + 60_000;
    await database().recordActivity(
      new Map([
        [one.id, at + 2],
        [two.id, at + 3],
        [gone.id, at + 4],
      ]),
    );
    await database().delete(gone.id, {});
    expect(await database().recent(10)).toEqual([two, one, three]);
    expect(await database().recent(2)).toEqual([two, one]);
  });

  describe('with limits in a claim', () => {
    const lost = (name: string, ownerServer: string) =>
      database().create(exampleSession(name, { ownerServer, state: 'lost' }), ROOMY);
    const running = (name: string, ownerServer: string) =>
      database().create(exampleSession(name, { ownerServer }), ROOMY);
    const anew = (id: string, limits: { limit: number; serverLimit?: number }, guard = {}) =>
      database().claim(id, guard, 'server-1', { state: 'running' }, limits);
    const FULL = { code: 'TOO_MANY_SESSIONS' };

    it('counts what runs again against its user, and nothing else', async () => {
      await running('one', 'server-2');
      const row = await lost('two', 'server-1');
      await expect(anew(row.id, { limit: 1 })).rejects.toMatchObject(FULL);
      expect(await database().get(row.id)).toEqual(row);
      await database().claim(row.id, {}, 'server-1', {}, { limit: 1 });
      expect(await anew(row.id, { limit: 2 })).toMatchObject({ state: 'running' });
      // It is among the two.
      await anew(row.id, { limit: 2, serverLimit: 1 });
    });

    it('counts what comes to a server, whether it counts as running or not', async () => {
      await running('one', 'server-1');
      const [dead, ended] = [await running('two', 'gone'), await lost('three', 'gone')];
      for (const { id } of [dead, ended])
        await expect(anew(id, { limit: 9, serverLimit: 1 })).rejects.toMatchObject({
          ...FULL,
          details: { serverId: 'server-1', running: 1, limit: 1 },
        });
      // It counts as running already.
      expect(await anew(dead.id, { limit: 2, serverLimit: 2 })).toMatchObject({ ownerServer: 'server-1' });
    });

    it('says to a repetition that it was done, not that there are too many', async () => {
      const row = await lost('one', 'gone');
      const guard = { rev: row.rev };
      await anew(row.id, { limit: 1, serverLimit: 1 }, guard);
      await database().update(row.id, {}, { state: 'lost' });
      await expect(anew(row.id, { limit: 0, serverLimit: 0 }, guard)).rejects.toMatchObject({
        code: 'STALE_REVISION',
      });
    });

    it('lets no more run again at once than there may be', async () => {
      const rows = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(name => lost(name, 'gone')));
      const second = await another();
      const claims = await Promise.allSettled(
        rows.map(({ id }, at) =>
          [database(), second][at % 2]?.claim(id, {}, `server-${at}`, { state: 'running' }, { limit: 3 }),
        ),
      );
      expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    });
  });
}
