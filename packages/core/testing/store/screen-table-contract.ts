import type { NewScreen, ScreenRow, SessionRow } from '@triterm/core/store';
import { expect, it } from 'vitest';
import type { Opened } from './database-contract.ts';
import { exampleSession } from './session-examples.ts';

const ROOMY = { limit: 1000 };
const MAX_BYTES = 96 * 1024;

export function exampleScreen(
  { id, ownerEpoch }: Pick<SessionRow, 'id' | 'ownerEpoch'>,
  offset: number,
  change: Partial<ScreenRow> = {},
): NewScreen {
  const content = JSON.stringify({
    scrollback: ['ünïcödé 🗒'],
    screen: [`at ${offset}\u0000`],
    cursor: { row: 0, col: 0, visible: true },
    alternateScreen: false,
  });
  return { sessionId: id, ownerEpoch, offset, cols: 120, rows: 40, content, ...change };
}

export function screenTable({ database, another }: Opened): void {
  const make = (name: string) => database().create(exampleSession(name), ROOMY);

  it('returns the last of each session, with the time of the database', async () => {
    const before = Date.now();
    const [one, two] = [await make('one'), await make('two')];
    const [first, last, other] = [exampleScreen(one, 10), exampleScreen(one, 20), exampleScreen(two, 5)];
    await database().putScreens([first, other]);
    expect(await database().getScreen(one.id)).toEqual({ ...first, at: expect.any(Number) });
    await database().putScreens([last]);
    const second = await another();
    const kept = await second.getScreen(one.id);
    expect(kept).toEqual({ ...last, at: expect.any(Number) });
    expect(kept?.at).toBeGreaterThanOrEqual(before);
    expect(await second.getScreen(two.id)).toMatchObject(other);
    expect(await second.getScreen('000000000000')).toBeUndefined();
    await database().putScreens([]);
  });

  it('never goes back to a lower offset, and takes the same one again: a resize moves none', async () => {
    const row = await make('work');
    await database().putScreens([exampleScreen(row, 30), exampleScreen(row, 20)]);
    await (await another()).putScreens([exampleScreen(row, 10)]);
    expect(await database().getScreen(row.id)).toMatchObject({ offset: 30 });
    await database().putScreens([exampleScreen(row, 30, { cols: 80 })]);
    expect(await database().getScreen(row.id)).toMatchObject({ offset: 30, cols: 80 });
  });

  it('drops what an earlier owner still sends, and keeps his until the present one tells', async () => {
    const row = await make('work');
    await database().putScreens([exampleScreen(row, 500)]);
    const claimed = await database().claim(row.id, {}, 'server-2', {});
    expect(await database().getScreen(row.id)).toMatchObject({ offset: 500, ownerEpoch: row.ownerEpoch });
    await database().putScreens([exampleScreen(row, 900)]);
    expect(await database().getScreen(row.id)).toMatchObject({ offset: 500 });
    await database().putScreens([exampleScreen(claimed, 7), exampleScreen(row, 1000)]);
    expect(await database().getScreen(row.id)).toMatchObject({ offset: 7, ownerEpoch: claimed.ownerEpoch });
    await database().putScreens([exampleScreen(claimed, 3, { ownerEpoch: claimed.ownerEpoch + 1 })]);
    expect(await database().getScreen(row.id)).toMatchObject({ offset: 7 });
  });

  it('goes with its session, and comes back with none of the same id', async () => {
    const row = await make('work');
    await database().putScreens([exampleScreen(row, 10)]);
    await database().delete(row.id, {});
    expect(await database().getScreen(row.id)).toBeUndefined();
    await database().putScreens([exampleScreen(row, 20)]);
    expect(await database().getScreen(row.id)).toBeUndefined();
    const again = await database().create(exampleSession('again', { id: row.id }), ROOMY);
    expect(await database().getScreen(row.id)).toBeUndefined();
    await database().putScreens([exampleScreen(again, 1)]);
    expect(await database().getScreen(row.id)).toMatchObject({ offset: 1 });
  });

  it('stays with its session when a deletion is refused', async () => {
    const row = await make('work');
    await database().putScreens([exampleScreen(row, 10)]);
    await expect(database().delete(row.id, { rev: row.rev - 1 })).rejects.toMatchObject({
      code: 'STALE_REVISION',
    });
    expect(await database().getScreen(row.id)).toMatchObject({ offset: 10 });
  });

  it('takes 96 KiB, and refuses more before it keeps any of the call', async () => {
    const row = await make('work');
    const most = exampleScreen(row, 10, { content: JSON.stringify({ x: 'ü'.repeat((MAX_BYTES - 8) / 2) }) });
    expect(Buffer.byteLength(most.content)).toBe(MAX_BYTES);
    await database().putScreens([most]);
    expect(await database().getScreen(row.id)).toMatchObject(most);
    const tooMuch = exampleScreen(row, 30, { content: `${most.content} ` });
    const refused = database().putScreens([exampleScreen(row, 20), tooMuch]);
    await expect(refused).rejects.toMatchObject({ code: 'TOO_LARGE' });
    expect(await database().getScreen(row.id)).toMatchObject({ offset: 10 });
  });

  it('of a session that is deleted while its owner tells never stays behind', async () => {
    const second = await another();
    for (let round = 0; round < 10; round += 1) {
      const row = await make(`s${round}`);
      await Promise.all([
        ...Array.from({ length: 4 }, (_, i) => database().putScreens([exampleScreen(row, i)])),
        second.delete(row.id, {}),
        ...Array.from({ length: 4 }, (_, i) => database().putScreens([exampleScreen(row, 10 + i)])),
      ]);
      await database().create(exampleSession(`again${round}`, { id: row.id }), ROOMY);
      expect(await database().getScreen(row.id)).toBeUndefined();
    }
  });
}
