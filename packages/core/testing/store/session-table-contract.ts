import { expect, it } from 'vitest';
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
}
