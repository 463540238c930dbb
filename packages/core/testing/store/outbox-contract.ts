import type { OutboxEntry } from '@triterm/core/store';
import { expect, it } from 'vitest';
import type { Opened } from './database-contract.ts';
import { exampleSession } from './session-examples.ts';

const ROOMY = { limit: 1000 };

export function outbox({ database, another }: Opened): void {
  const make = (name: string) => database().create(exampleSession(name), ROOMY);
  const entries = async (): Promise<OutboxEntry[]> =>
    (await database().listOutbox(0, 1000)).map(({ id, rev }) => ({ id, rev }));
  const empty = async (): Promise<void> => {
    await database().clearOutbox(await entries());
  };

  it('puts every write there, under the revision of the last one', async () => {
    const { id, rev } = await make('work');
    expect(await entries()).toEqual([{ id, rev }]);
    const updated = await database().update(id, {}, { name: 'play' });
    expect(await entries()).toEqual([{ id, rev: updated.rev }]);
    const claimed = await database().claim(id, {}, 'server-2', {});
    expect(await entries()).toEqual([{ id, rev: claimed.rev }]);
    const deleted = await database().delete(id, {});
    expect(await entries()).toEqual([{ id, rev: deleted?.rev }]);
    const again = await database().create(exampleSession('again', { id }), ROOMY);
    expect(await entries()).toEqual([{ id, rev: again.rev }]);
  });

  it('puts each kind of write there again after it was cleared', async () => {
    const { id } = await make('work');
    for (const write of [
      () => database().update(id, {}, { name: 'play' }),
      () => database().claim(id, {}, 'server-2', {}),
      () => database().delete(id, {}),
    ]) {
      await empty();
      const written = await write();
      expect(await entries()).toEqual([{ id, rev: written?.rev }]);
    }
  });

  it('has nothing of a write that was refused, nor of activity', async () => {
    const row = await database().create(exampleSession('work'), { limit: 1, idempotencyKey: 'key' });
    await database().create(exampleSession('ended', { state: 'exited' }), ROOMY);
    await empty();
    const refused = await Promise.allSettled([
      make('work'),
      database().create(exampleSession('more'), { limit: 1 }),
      database().update(row.id, { rev: row.rev - 1 }, { name: 'late' }),
      database().update(row.id, {}, { name: 'ended' }),
      database().claim(row.id, { ownerEpoch: row.ownerEpoch - 1 }, 'server-2', {}),
      database().delete(row.id, { rev: row.rev - 1 }),
      database().update('000000000000', {}, { name: 'nobody' }),
    ]);
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 'rejected'));
    expect(await database().delete('000000000000', {})).toBeUndefined();
    await database().create(exampleSession('work'), { limit: 1, idempotencyKey: 'key' });
    await database().recordActivity(new Map([[row.id, Date.now()]]));
    expect(await entries()).toEqual([]);
    expect(await database().read(row.id)).toEqual(row);
  });

  it('says with each entry what its session is now', async () => {
    const kept = await make('kept');
    const gone = await make('gone');
    const tombstone = await database().delete(gone.id, {});
    expect(await database().listOutbox(0, 10)).toEqual([
      { id: kept.id, rev: kept.rev, record: kept },
      { id: gone.id, rev: tombstone?.rev, record: tombstone },
    ]);
    await database().collect(Date.now() + 60_000);
    expect(await database().read(gone.id)).toBeUndefined();
    expect((await database().listOutbox(0, 10))[1]).toEqual({
      id: gone.id,
      rev: tombstone?.rev,
      record: tombstone,
    });
  });

  it('lists the oldest first, no more than asked, and only those of the given age', async () => {
    const rows = [await make('one'), await make('two'), await make('three')];
    const again = await database().update(rows[0]?.id ?? '', {}, { name: 'last' });
    const ids = [rows[1]?.id, rows[2]?.id, again.id];
    expect((await entries()).map(({ id }) => id)).toEqual(ids);
    expect((await database().listOutbox(0, 2)).map(({ id }) => id)).toEqual(ids.slice(0, 2));
    expect(await database().listOutbox(60_000, 10)).toEqual([]);
    await expect.poll(async () => (await database().listOutbox(30, 10)).length).toBe(3);
  });

  it('clears only entries that still have their revision', async () => {
    const [one, two] = [await make('one'), await make('two')];
    const seen = await entries();
    const after = await (await another()).update(one.id, {}, { name: 'newer' });
    await database().clearOutbox(seen);
    expect(await entries()).toEqual([{ id: one.id, rev: after.rev }]);
    await database().clearOutbox([
      { id: one.id, rev: after.rev },
      { id: two.id, rev: two.rev },
    ]);
    expect(await entries()).toEqual([]);
    await database().clearOutbox([]);
  });

  it('clears and lists thousands in one call', async () => {
    const rows = await Promise.all(
      Array.from({ length: 40 }, (_, i) => database().create(exampleSession(`s${i}`), ROOMY)),
    );
    const strangers = Array.from({ length: 5000 }, (_, i) => ({ id: `stranger-${i}`, rev: i }));
    await database().clearOutbox([...strangers, ...rows.slice(1)]);
    expect(await entries()).toEqual([{ id: rows[0]?.id, rev: rows[0]?.rev }]);
  });

  it('drops what is older, and says how many', async () => {
    await make('one');
    await make('two');
    expect(await database().dropOutbox(60_000)).toBe(0);
    await expect.poll(async () => (await database().outboxDepth()).oldestMs).toBeGreaterThan(20);
    let dropped = 0;
    await expect.poll(async () => (dropped += await database().dropOutbox(20))).toBe(2);
    expect(await entries()).toEqual([]);
  });

  it('says how many there are and how old the oldest is', async () => {
    expect(await database().outboxDepth()).toEqual({ entries: 0, oldestMs: 0 });
    await make('one');
    await make('two');
    await expect.poll(async () => (await database().outboxDepth()).oldestMs).toBeGreaterThan(0);
    const { entries: count, oldestMs } = await database().outboxDepth();
    expect(count).toBe(2);
    expect(oldestMs).toBeLessThan(30_000);
  });
}
