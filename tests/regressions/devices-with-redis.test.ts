/**
 * With Redis switched on, a session could be used from one device only: the registry's keys were put together from fields that
 * were not there (`undefined…`), so that every terminal and every device was the same one.
 */
import { newToken } from '@triterm/core/domain';
import type { Params } from '@triterm/core/protocol';
import { expect, it } from 'vitest';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { Fleet, untilText } from '../support/fleet.ts';
import { until } from '../support/triterm.ts';

it('several devices use several sessions while Redis is on, and no key is made of nothing', async () => {
  await using fleet = await Fleet.start();
  const daemon = await fleet.daemon('server-1');
  const [work, play] = [await daemon.session('work', ['cat']), await daemon.session('play', ['cat'])];
  for (const device of ['desktop', 'phone']) await attach(daemon, { target: 'work', deviceId: device });
  await attach(daemon, { target: 'play', deviceId: 'phone' });

  const shown = async () => {
    const { sockets } = await daemon.request('sockets.list', { limit: 100 });
    return sockets.map(({ terminal, deviceId }) => `${terminal} ${deviceId}`).toSorted();
  };
  const expected = [`${work.id} desktop`, `${work.id} phone`, `${play.id} phone`].toSorted();
  await until(async () => (await shown()).length === expected.length, 'three sockets');
  expect(await shown()).toEqual(expected);

  const typist = await (await daemon.client()).attach('work', {});
  typist.type('from one to all\n');
  await untilText(daemon, 'work', 'from one to all');

  const keys = (await fleet.redis.cli('--scan')).split('\n');
  for (const id of [work.id, play.id]) expect(keys.some(key => key.includes(id))).toBe(true);
  expect(keys.filter(key => /undefined|null|NaN|object/.test(key))).toEqual([]);
});

async function attach(
  daemon: DaemonProcess,
  params: Pick<Params<'session.attach'>, 'target' | 'deviceId'>,
): Promise<void> {
  const client = await daemon.client();
  const window = { cols: 80, rows: 24 };
  const attachment = newToken();
  await client.request('session.attach', { ...params, attachment, role: 'controller', window }, 20_000, 1);
}
