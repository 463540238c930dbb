/** Several devices on one session, each through a server of its own: who is there, who is the primary one, and how that changes. */
import type { Result } from '@triterm/core/protocol';
import type { ProtocolAttachment, ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { Fleet } from '../support/fleet.ts';
import { RunningCommand } from '../support/running-command.ts';
import { until } from '../support/triterm.ts';

let fleet: Fleet;
let first: DaemonProcess;
let second: DaemonProcess;
beforeAll(async () => {
  fleet = await Fleet.start({ listen: true });
  [first, second] = await Promise.all([fleet.daemon('server-1'), fleet.daemon('server-2')]);
});
afterAll(() => fleet[Symbol.asyncDispose]());

/** At the session's own server. */
let desktopClient: ProtocolClient;
let desktop: ProtocolAttachment;
/** Through another one. */
let phoneClient: ProtocolClient;
let phone: ProtocolAttachment;
beforeEach(async () => {
  await first.session('work', ['cat'], { handOver: 'explicit' });
  [desktopClient, phoneClient] = [await first.client(), await second.client()];
  desktop = await desktopClient.attach('work', { deviceId: 'desktop-id', deviceName: 'my desktop' });
  phone = await phoneClient.attach('work', { deviceId: 'phone-id', deviceName: 'my phone' });
});
afterEach(async () => {
  await Promise.all([desktopClient.close(), phoneClient.close()]);
  for (const _ of ['end', 'remove']) await first.request('session.kill', { target: 'work' });
});

const show = (daemon: DaemonProcess): Promise<Result<'session.show'>> =>
  daemon.request('session.show', { target: 'work' });
const primaryDevice = async () => (await show(first)).devices.find(({ primary }) => primary)?.id;
const untilPrimary = (device: string) =>
  until(async () => (await primaryDevice()) === device, `${device} is the primary one`);
/** What every server calls a device's client: the only one, or that of the role. */
async function clientOf(device: string, role: 'controller' | 'viewer' = 'controller'): Promise<string> {
  const found = (await show(first)).clients.find(
    client => client.deviceId === device && client.role === role,
  );
  return found?.id ?? `no client of ${device}`;
}

it('every server shows which devices there are, through which server, and which is the primary one', async () => {
  await phoneClient.attach('work', {
    deviceId: 'phone-id',
    deviceName: 'my phone',
    role: 'viewer',
  });
  const ids = {
    desktop: await clientOf('desktop-id'),
    phone: await clientOf('phone-id'),
    again: await clientOf('phone-id', 'viewer'),
  };
  for (const daemon of [first, second]) {
    const { devices, clients } = await show(daemon);
    expect(devices).toMatchObject([
      {
        id: 'desktop-id',
        name: 'my desktop',
        primary: true,
        clients: [ids.desktop],
        servers: ['server-1'],
      },
      {
        ...{ id: 'phone-id', name: 'my phone', primary: false, servers: ['server-2'] },
        clients: [ids.phone, ids.again],
      },
    ]);
    for (const { connectedAt, lastHeardAt } of devices) expect(lastHeardAt >= connectedAt).toBe(true);
    expect(clients.map(({ deviceId, asking }) => [deviceId, asking])).toEqual([
      ['desktop-id', false],
      ['phone-id', false],
      ['phone-id', false],
    ]);
  }
  const registered = async () => {
    const { sockets } = await second.request('sockets.list', { limit: 10 });
    return sockets.map(({ deviceId, primary }) => `${deviceId}${primary ? ' primary' : ''}`).toSorted();
  };
  const expected = ['desktop-id primary', 'phone-id', 'phone-id'];
  await until(
    async () => (await registered()).join() === expected.join(),
    'the registry of the other server',
  );

  await using command = new RunningCommand({ env: second.env, dir: second.stateDir }, [
    'sessions',
    'show',
    'work',
  ]);
  await command.exited();
  const line = command.lines.find(text => text.startsWith('my phone'));
  expect(line).toMatch(new RegExp(`^my phone +${ids.phone} ${ids.again} +- +server-2 .* phone-id$`));
});

it('a device is primary by typing where the policy says so, and by taking over', async () => {
  phone.type('x');
  await until(() => phone.unappliedBytes === 0, 'the input is applied');
  expect(await primaryDevice()).toBe('desktop-id');
  await second.request('session.take', { target: 'work', client: await clientOf('phone-id') });
  expect(await primaryDevice()).toBe('phone-id');
  await second.request('session.policy', { target: 'work', handOver: 'typing' });
  desktop.type('x');
  await untilPrimary('desktop-id');
  expect((await fleet.row((await first.state('work')).id)).doc.handOver).toBe('typing');
});

it('a device asks, and the primary one hands over or does not', async () => {
  const ask = () => second.request('session.request', { target: 'work', deviceId: 'phone-id' });
  expect(await ask()).toMatchObject({ client: await clientOf('phone-id'), state: 'asked' });
  await desktop.until('it is asked', ({ requested }) => requested.length === 1);
  expect(desktop.requested).toEqual([{ client: await clientOf('phone-id'), deviceName: 'my phone' }]);
  expect((await show(second)).clients.map(({ asking }) => asking)).toEqual([false, true]);
  await first.request('session.grant', { target: 'work', deny: true });
  await phone.until('it is answered', ({ answered }) => answered.length === 1);

  await ask();
  expect(await first.request('session.grant', { target: 'work' })).toMatchObject({
    client: await clientOf('phone-id'),
  });
  await phone.until('it is answered again', ({ answered }) => answered.length === 2);
  expect(phone.answered.map(({ granted }) => granted)).toEqual([false, true]);
  expect(await primaryDevice()).toBe('phone-id');
  expect(await ask()).toMatchObject({ state: 'granted' });
  await expect(first.request('session.grant', { target: 'work' })).rejects.toMatchObject({
    code: 'CLIENT_NOT_FOUND',
  });
});

it('a request is over when the one that was asked has left', async () => {
  const tablet = await phoneClient.attach('work', { deviceId: 'tablet-id' });
  await second.request('session.request', { target: 'work', deviceId: 'phone-id' });
  await desktopClient.close();
  await phone.until('it is answered', ({ answered }) => answered.length === 1);
  expect([phone.answered[0]?.granted, tablet.answered]).toEqual([false, []]);
  expect(await primaryDevice()).toBe('tablet-id');
});

it('nobody takes over unasked where the primary client is to be asked', async () => {
  await second.request('session.policy', { target: 'work', handOver: 'request' });
  const user = await fleet.client('server-2', { token: await fleet.token({ user: 'local', scope: 'use' }) });
  const take = { target: 'work', client: await clientOf('phone-id') };
  await expect(user.request('session.take', take)).rejects.toMatchObject({
    code: 'HAND_OVER_REFUSED',
    hint: expect.stringContaining('sessions request'),
  });
  await expect(user.attach('work', { take: true })).rejects.toMatchObject({ code: 'HAND_OVER_REFUSED' });
  phone.type('x');
  await until(() => phone.unappliedBytes === 0, 'the input is applied');
  expect(await primaryDevice()).toBe('desktop-id');
  await user.request('session.take', { target: 'work', client: await clientOf('desktop-id') });
  await second.request('session.take', take);
  expect(await primaryDevice()).toBe('phone-id');
});
