import { SOCKET_OWNER } from '@triterm/core/domain';
import type { RegisteredDevice } from '@triterm/core/store';
import { describe, expect, it } from 'vitest';
import type { Attachment } from './attachment.ts';
import { DeviceRoster, deviceIdOf, deviceInfos } from './devices.ts';

const client = (deviceId: string, id: string) => ({ deviceId, deviceName: `my ${deviceId}`, id });

describe('the devices on a session', () => {
  it('have joined with their first client, and left with their last one', () => {
    const roster = new DeviceRoster();
    const changes = (...clients: { deviceId: string; deviceName: string }[]) => {
      const { joined, left } = roster.update(clients);
      return [joined.map(({ deviceId }) => deviceId), left.map(({ deviceName }) => deviceName)];
    };
    expect(changes(client('desktop', 'a'))).toEqual([['desktop'], []]);
    expect(changes(client('desktop', 'a'), client('desktop', 'b'), client('phone', 'c'))).toEqual([
      ['phone'],
      [],
    ]);
    expect(changes(client('desktop', 'b'))).toEqual([[], ['my phone']]);
    expect(changes()).toEqual([[], ['my desktop']]);
  });

  it('are those of their token, whatever a client says its device is', () => {
    const guest = { ...SOCKET_OWNER, tokenId: 'aaaaaaaa' };
    const other = { ...SOCKET_OWNER, tokenId: 'bbbbbbbb' };
    const ids = [SOCKET_OWNER, guest, other].map(principal => deviceIdOf(principal, 'phone'));
    expect(ids).toEqual(['phone', 'aaaaaaaa/phone', 'bbbbbbbb/phone']);
    expect(deviceIdOf(guest, 'bbbbbbbb/phone')).not.toBe(ids[2]);
  });

  const MOMENT = { serverId: 'server-1', now: 10_000, nowMs: 500 };
  const attachment = (deviceId: string, id: string, more: Partial<Attachment> = {}): Attachment =>
    ({
      ...client(deviceId, id),
      ...{ via: undefined, primary: false, attachedAt: new Date(1000).toISOString(), heardAtMs: 400 },
      ...more,
    }) as Attachment;
  const registered = (serverId: string): RegisteredDevice => ({
    ...{ deviceId: 'tablet', deviceName: 'my tablet', primary: true },
    sockets: [
      {
        ...{ socketId: 'x', terminalId: 't', userId: 'anna', serverId, incarnation: 1, deviceId: 'tablet' },
        ...{ deviceName: 'my tablet', connectedAt: 500, lastPingAt: 9000 },
      },
    ],
  });

  it('are shown with all their clients, when they came and were heard, and by which server', () => {
    const clients = [
      attachment('phone', 'c', { via: 'server-2', attachedAt: new Date(3000).toISOString(), heardAtMs: 500 }),
      attachment('desktop', 'a'),
      attachment('desktop', 'b', { primary: true, via: 'server-3', heardAtMs: 300 }),
    ];
    expect(deviceInfos(clients, [], MOMENT)).toEqual([
      {
        ...{
          id: 'desktop',
          name: 'my desktop',
          primary: true,
          clients: ['a', 'b'],
          servers: ['server-1', 'server-3'],
        },
        ...{ connectedAt: new Date(1000).toISOString(), lastHeardAt: new Date(9900).toISOString() },
      },
      {
        ...{ id: 'phone', name: 'my phone', primary: false, clients: ['c'], servers: ['server-2'] },
        ...{ connectedAt: new Date(3000).toISOString(), lastHeardAt: new Date(10_000).toISOString() },
      },
    ]);
  });

  it('include what only the registry knows of other servers, and not what is gone from this one', () => {
    const shown = (serverId: string) =>
      deviceInfos([attachment('phone', 'c')], [registered(serverId)], MOMENT);
    expect(shown('server-2').map(({ id, servers }) => [id, servers])).toEqual([
      ['tablet', ['server-2']],
      ['phone', ['server-1']],
    ]);
    expect(shown('server-1').map(({ id }) => id)).toEqual(['phone']);
  });
});
