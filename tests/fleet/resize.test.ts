/** Two clients on different servers resize one terminal at the same time: the last write wins, and everybody agrees which that was. */
import { newToken, type WindowSize } from '@triterm/core/domain';
import { expect, it } from 'vitest';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { Fleet, untilText } from '../support/fleet.ts';
import { until } from '../support/triterm.ts';

const RESIZES = 1000;
/** Of one client, under way at once. */
const AT_ONCE = 4;

it('after 1,000 of them the PTY, the screen, clients, caches, Redis and the database have one size', async () => {
  await using fleet = await Fleet.start({ listen: true });
  const [first, second] = await Promise.all([fleet.daemon('server-1'), fleet.daemon('server-2')]);
  const { id } = await first.session('work', ['sh', '-c', 'while read -r line; do stty size; done']);
  const viewer = await (await second.client()).attach(id, { role: 'viewer' });
  const done: string[] = [];
  const resizes = async (daemon: DaemonProcess, base: number) => {
    const client = await daemon.client();
    const turns = Array.from({ length: RESIZES / 2 }, (_, turn) => turn);
    const run = async () => {
      for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) {
        const size = { cols: base + (turn % 100), rows: 10 + (turn % 40) };
        await client.request('session.resize', { target: id, size }, 60_000);
        done.push(text(size));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, run));
  };
  await Promise.all([resizes(first, 40), resizes(second, 140)]);
  expect(done).toHaveLength(RESIZES);

  const last = text(await first.state(id));
  expect(done.slice(-2 * AT_ONCE)).toContain(last);
  expect(text(await second.state(id))).toBe(last);
  await viewer.until('the last size', ({ sizes }) => sizes.some(size => text(size) === last));
  expect(viewer.sizes.map(text).at(-1)).toBe(last);

  const [cols, rows] = last.split('x');
  const data = Buffer.from('\r').toString('base64');
  await second.request('session.send', { target: id, data, idempotencyKey: newToken() });
  await untilText(second, id, `^${rows} ${cols}`);
  const { screen } = await second.request('session.capture', { target: id, format: 'text' });
  expect(screen).toHaveLength(Number(rows));

  const { rev, doc } = await fleet.row(id);
  expect(sizeIn(doc)).toBe(last);
  await until(async () => (await fleet.entry(id))?.version === rev, 'the last revision in Redis');
  expect(sizeIn((await fleet.entry(id))?.doc)).toBe(last);
  for (const daemon of [first, second]) {
    await until(
      async () => (await daemon.request('cache.show', { target: id })).agree === true,
      'caches that agree',
    );
    const { tiers } = await daemon.request('cache.show', { target: id });
    for (const { state, value } of tiers) if (state === 'present') expect(sizeIn(value?.doc)).toBe(last);
  }
});

const text = ({ cols, rows }: WindowSize): string => `${cols}x${rows}`;

function sizeIn(doc: unknown): string {
  if (typeof doc !== 'object' || doc === null || !('cols' in doc) || !('rows' in doc)) return 'none';
  return `${doc.cols}x${doc.rows}`;
}
