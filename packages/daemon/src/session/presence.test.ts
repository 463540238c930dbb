import type { SocketRegistry } from '@triterm/core/store';
import { describe, expect, it } from 'vitest';
import type { Attachment } from './attachment.ts';
import { Presence } from './presence.ts';

const CLIENT = {
  ...{ id: 'abcd1234', deviceId: 'desktop', deviceName: 'my desktop', userId: 'anna', via: undefined },
  ...{ primary: true, attachedAt: new Date(1000).toISOString(), heardAtMs: 0 },
} as Attachment;

async function setUp(registry: Partial<SocketRegistry>) {
  const troubles: string[] = [];
  const presence = new Presence({
    registry: { clear: async () => {}, ...registry } as SocketRegistry,
    serverId: 'server-1',
    incarnation: () => 3,
    trouble: (_session, what) => troubles.push(what),
  });
  return { presence, troubles, [Symbol.asyncDispose]: () => presence.stop() };
}

describe('presence', () => {
  it('tells the registry on whose behalf a client is there, and on what', async () => {
    const told: unknown[] = [];
    await using set = await setUp({
      addSocket: async socket => {
        told.push(socket);
      },
    });
    set.presence.joined('work-id', CLIENT);
    await expect
      .poll(() => told)
      .toEqual([
        {
          ...{
            socketId: 'abcd1234',
            terminalId: 'work-id',
            userId: 'anna',
            serverId: 'server-1',
            incarnation: 3,
          },
          ...{ deviceId: 'desktop', deviceName: 'my desktop', connectedAt: 1000 },
        },
      ]);
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('away'))],
    ['does not answer', () => new Promise<never>(() => {})],
  ])('knows the devices of its own clients while the registry %s', async (_what, getDevicesForTerminal) => {
    await using set = await setUp({ getDevicesForTerminal });
    expect(await set.presence.devices('work-id', [CLIENT])).toMatchObject([
      { id: 'desktop', clients: ['abcd1234'], servers: ['server-1'], primary: true },
    ]);
    expect(set.troubles).toEqual(['looking up devices']);
  });
});
