import type { SocketRow } from '@triterm/core/store';
import { expect, it } from 'vitest';
import type { Opened } from './database-contract.ts';

let clock = 1_700_000_000_000;

/** A socket that came after the one before. */
function socket(socketId: string, terminalId: string, change: Partial<SocketRow> = {}): SocketRow {
  clock += 1;
  return {
    socketId,
    terminalId,
    userId: 'user',
    serverId: 'server-1',
    incarnation: 1,
    deviceId: 'device-1',
    deviceName: 'Laptop – ünïcödé',
    connectedAt: clock,
    ...change,
  };
}

export function socketTable({ database, another }: Opened): void {
  it('finds them by terminal, user, socket and server, in the order in which they came', async () => {
    const rows = [
      socket('s1', 't1'),
      socket('s2', 't1', { userId: 'other', serverId: 'server-2' }),
      socket('s2', 't2', { userId: 'other', serverId: 'server-2' }),
    ];
    await database().putSockets(rows.toReversed());
    const [one, two, three] = rows;
    const second = await another();
    expect(await second.listSockets({}, 10)).toEqual(rows);
    expect(await second.listSockets({ terminalId: 't1' }, 10)).toEqual([one, two]);
    expect(await second.listSockets({ userId: 'other' }, 10)).toEqual([two, three]);
    expect(await second.listSockets({ socketId: 's2' }, 10)).toEqual([two, three]);
    expect(await second.listSockets({ serverId: 'server-1' }, 10)).toEqual([one]);
    expect(await second.listSockets({ terminalId: 't2', socketId: 's1' }, 10)).toEqual([]);
    expect(await second.listSockets({}, 2)).toEqual([one, two]);
  });

  it('replaces what is put again', async () => {
    const before = socket('s1', 't1');
    const after = { ...before, incarnation: 2, deviceName: 'Phone', serverId: 'server-2' };
    await database().putSockets([before]);
    await database().putSockets([after]);
    expect(await database().listSockets({}, 10)).toEqual([after]);
  });

  it('removes a socket from one terminal and leaves it on another', async () => {
    const [here, there] = [socket('s1', 't1'), socket('s1', 't2')];
    await database().putSockets([here, there]);
    await database().removeSockets([{ socketId: 's1', terminalId: 't1' }]);
    expect(await database().listSockets({}, 10)).toEqual([there]);
    await database().removeSockets([{ socketId: 'unknown', terminalId: 't2' }]);
    expect(await database().listSockets({ socketId: 's1' }, 10)).toEqual([there]);
  });

  it('takes thousands in one call, and none', async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => socket(`s${i}`, `t${i % 7}`));
    await database().putSockets(rows);
    await database().putSockets([]);
    expect(await database().listSockets({}, 10_000)).toEqual(rows);
    await database().removeSockets(rows.slice(1));
    await database().removeSockets([]);
    expect(await database().listSockets({}, 10_000)).toEqual(rows.slice(0, 1));
  });

  it('reaps what a server’s earlier incarnations left, or all of it', async () => {
    const [old, present, foreign] = [
      socket('s1', 't1', { incarnation: 3 }),
      socket('s2', 't1', { incarnation: 5 }),
      socket('s3', 't1', { serverId: 'server-2', incarnation: 2 }),
    ];
    await database().putSockets([old, present, foreign]);
    expect(await database().reapSockets('server-1', 5)).toBe(1);
    expect(await database().listSockets({}, 10)).toEqual([present, foreign]);
    expect(await database().reapSockets('server-1', 5)).toBe(0);
    expect(await database().reapSockets('server-1', undefined)).toBe(1);
    expect(await database().listSockets({}, 10)).toEqual([foreign]);
  });
}
