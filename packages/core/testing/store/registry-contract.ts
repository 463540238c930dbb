import type { SocketRegistry, SocketRow } from '@triterm/core/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** The registry of one test, and the way to reach it as several servers would. */
export interface RegistryHarness {
  /** The servers' own registries; `dispose` closes them. Where there is one process only, both are the same. */
  open(serverId: 'server-1' | 'server-2'): Promise<SocketRegistry>;
  readonly oneProcess?: boolean;
  dispose(): Promise<void>;
}

let clock = 1_700_000_000_000;

/** A socket of server-1 that came after the one before. */
export function exampleSocket(
  socketId: string,
  terminalId: string,
  change: Partial<SocketRow> = {},
): SocketRow {
  clock += 1;
  return {
    socketId,
    terminalId,
    userId: 'user',
    serverId: 'server-1',
    incarnation: 1,
    deviceId: 'laptop',
    deviceName: 'Laptop – ünïcödé "quoted"',
    connectedAt: clock,
    ...change,
  };
}

export const idsOn = async (registry: SocketRegistry, terminalId: string): Promise<string[]> =>
  (await registry.getSocketsForTerminal(terminalId)).map(({ socketId }) => socketId);

/** What other servers see they may see a moment later. */
const soon = <T>(look: () => Promise<T>) => expect.poll(look, { timeout: 3000, interval: 5 });

/** What every socket registry does. Registers a suite. */
export function registryContract(name: string, makeHarness: () => Promise<RegistryHarness>): void {
  describe(`${name} keeps the socket registry's contract`, () => {
    let harness: RegistryHarness;
    let first: SocketRegistry;
    let second: SocketRegistry;
    beforeEach(async () => {
      harness = await makeHarness();
      first = await harness.open('server-1');
      second = await harness.open('server-2');
    });
    afterEach(() => harness.dispose());

    const other = (socketId: string, terminalId: string, change: Partial<SocketRow> = {}) =>
      exampleSocket(socketId, terminalId, { serverId: 'server-2', ...change });

    it('knows nothing of a terminal without sockets', async () => {
      expect(await first.getSocketsForTerminal('t1')).toEqual([]);
      expect(await first.getDevicesForTerminal('t1')).toEqual([]);
      expect(await first.getPrimarySocket('t1')).toBeUndefined();
      expect(await first.getDeviceCount('t1')).toBe(0);
      expect(await first.hasConnectedDevices('t1')).toBe(false);
      expect(await first.isSocketConnected('s1')).toBe(false);
      expect(await first.getTerminalsForSocket('s1')).toEqual([]);
      expect(await first.getTerminalsForUser('user')).toEqual([]);
      expect(await first.removeSocket('t1', 's1')).toBe(false);
      expect(await first.removeSocketFromAllTerminals('s1')).toEqual([]);
      expect(await first.setPrimarySocket('t1', 's1')).toBe(false);
      expect(await first.updatePing('s1')).toBe(false);
      expect(await first.getStats()).toEqual({ sockets: 0, terminals: 0, byServer: {} });
    });

    it('shows each server the sockets of all, whole and in the order in which they came', async () => {
      const rows = [
        exampleSocket('s1', 't1'),
        other('s2', 't1', { deviceId: 'phone' }),
        exampleSocket('s0', 't1'),
      ];
      const [one, two, three] = rows;
      if (one === undefined || two === undefined || three === undefined) throw new Error('three rows');
      await first.addSocket(three);
      await second.addSocket(two);
      await first.addSocket(one);
      const expected = rows.map(row => ({ ...row, lastPingAt: row.connectedAt }));
      await soon(() => first.getSocketsForTerminal('t1')).toEqual(expected);
      await soon(() => second.getSocketsForTerminal('t1')).toEqual(expected);
    });

    it('counts a socket once that is added again', async () => {
      const row = exampleSocket('s1', 't1');
      await first.addSocket(row);
      await first.addSocket({ ...row, deviceName: 'Renamed' });
      await soon(() => second.getSocketsForTerminal('t1')).toMatchObject([{ deviceName: 'Renamed' }]);
      expect(await first.getTerminalsForUser('user')).toEqual(['t1']);
      await first.removeSocket('t1', 's1');
      expect(await first.getTerminalsForUser('user')).toEqual([]);
    });

    it('leaves a socket in its other terminals when it leaves one', async () => {
      await first.addSocket(exampleSocket('s1', 't1'));
      await first.addSocket(exampleSocket('s1', 't2'));
      await first.setPrimarySocket('t2', 's1');
      expect(await first.removeSocket('t1', 's1')).toBe(true);
      expect(await first.removeSocket('t1', 's1')).toBe(false);
      for (const registry of [first, second]) {
        await soon(() => registry.getTerminalsForSocket('s1')).toEqual(['t2']);
        await soon(() => idsOn(registry, 't2')).toEqual(['s1']);
        expect(await idsOn(registry, 't1')).toEqual([]);
        expect(await registry.isSocketConnected('s1')).toBe(true);
        expect(await registry.getPrimarySocket('t2')).toBe('s1');
        expect(await registry.getTerminalsForUser('user')).toEqual(['t2']);
      }
    });

    it('takes a socket that has gone out of all its terminals', async () => {
      for (const terminalId of ['t1', 't2', 't3']) await first.addSocket(exampleSocket('s1', terminalId));
      await first.addSocket(exampleSocket('s2', 't2'));
      expect((await first.removeSocketFromAllTerminals('s1')).toSorted()).toEqual(['t1', 't2', 't3']);
      expect(await first.isSocketConnected('s1')).toBe(false);
      await soon(() => second.isSocketConnected('s1')).toBe(false);
      await soon(() => idsOn(second, 't2')).toEqual(['s2']);
      expect(await second.hasConnectedDevices('t1')).toBe(false);
    });

    it('tells devices from sockets', async () => {
      await first.addSocket(exampleSocket('s1', 't1'));
      await second.addSocket(other('s2', 't1', { deviceId: 'phone', deviceName: 'Phone' }));
      await first.addSocket(exampleSocket('s3', 't1'));
      await soon(() => idsOn(first, 't1')).toEqual(['s1', 's2', 's3']);
      expect(await first.setPrimarySocket('t1', 's2')).toBe(true);
      for (const registry of [first, second]) {
        await soon(() => registry.getDeviceCount('t1')).toBe(2);
        expect(await registry.hasConnectedDevices('t1')).toBe(true);
        await soon(() => registry.getDevicesForTerminal('t1')).toMatchObject([
          { deviceId: 'laptop', primary: false, sockets: [{ socketId: 's1' }, { socketId: 's3' }] },
          { deviceId: 'phone', deviceName: 'Phone', primary: true, sockets: [{ socketId: 's2' }] },
        ]);
      }
    });

    it('has a primary that is a member, or none', async () => {
      await first.addSocket(exampleSocket('s1', 't1'));
      await first.addSocket(exampleSocket('s2', 't1'));
      expect(await first.getPrimarySocket('t1')).toBeUndefined();
      expect(await first.setPrimarySocket('t1', 'stranger')).toBe(false);
      expect(await first.setPrimarySocket('t1', 's1')).toBe(true);
      await soon(() => second.getPrimarySocket('t1')).toBe('s1');
      expect(await first.getPrimarySocket('t2')).toBeUndefined();
      await first.removeSocket('t1', 's2');
      expect(await first.getPrimarySocket('t1')).toBe('s1');
      await first.removeSocket('t1', 's1');
      expect(await first.getPrimarySocket('t1')).toBeUndefined();
      await soon(() => second.getPrimarySocket('t1')).toBeUndefined();
      await first.addSocket(exampleSocket('s1', 't1'));
      await soon(() => idsOn(second, 't1')).toEqual(['s1']);
      expect(await second.getPrimarySocket('t1')).toBeUndefined();
    });

    it('hands the primary over only from whom it is expected to be', async () => {
      await first.addSocket(exampleSocket('s1', 't1'));
      await first.addSocket(exampleSocket('s2', 't1'));
      await second.addSocket(other('s3', 't1'));
      expect(await first.setPrimarySocket('t1', 's1', 's2')).toBe(false);
      expect(await first.setPrimarySocket('t1', 's1', null)).toBe(true);
      expect(await first.setPrimarySocket('t1', 's2', null)).toBe(false);
      expect(await second.setPrimarySocket('t1', 's3', 's1')).toBe(true);
      expect(await first.setPrimarySocket('t1', 's2', 's1')).toBe(false);
      expect(await first.getPrimarySocket('t1')).toBe('s3');
      expect(await first.setPrimarySocket('t1', 's2')).toBe(true);
      await first.removeSocket('t1', 's2');
      expect(await first.setPrimarySocket('t1', 's1', null)).toBe(true);
    });

    it('gives the primary to one of many that expect the same', async () => {
      for (const id of ['s1', 's2', 's3', 's4']) await first.addSocket(exampleSocket(id, 't1'));
      await soon(() => idsOn(second, 't1')).toHaveLength(4);
      const asked = await Promise.all(
        ['s1', 's2', 's3', 's4'].map((id, i) =>
          (i % 2 === 0 ? first : second).setPrimarySocket('t1', id, null),
        ),
      );
      expect(asked.filter(Boolean)).toHaveLength(1);
      expect(await second.getPrimarySocket('t1')).toBe(`s${asked.indexOf(true) + 1}`);
    });

    it('notes when a client was heard', async () => {
      const before = Date.now();
      await first.addSocket(exampleSocket('s1', 't1'));
      await first.addSocket(exampleSocket('s1', 't2'));
      expect(await first.updatePing('s1')).toBe(true);
      for (const terminalId of ['t1', 't2'])
        expect((await first.getSocketsForTerminal(terminalId))[0]?.lastPingAt).toBeGreaterThanOrEqual(before);
      await soon(() => second.updatePing('s1')).toBe(true);
      expect(await second.updatePing('stranger')).toBe(false);
    });

    it('finds the terminals of a user', async () => {
      await first.addSocket(exampleSocket('s1', 't1'));
      await first.addSocket(exampleSocket('s2', 't1'));
      await second.addSocket(other('s3', 't2'));
      await second.addSocket(other('s4', 't3', { userId: 'somebody else' }));
      for (const registry of [first, second])
        await soon(async () => (await registry.getTerminalsForUser('user')).toSorted()).toEqual(['t1', 't2']);
      await first.removeSocket('t1', 's1');
      await soon(async () => (await second.getTerminalsForUser('user')).toSorted()).toEqual(['t1', 't2']);
      await first.removeSocket('t1', 's2');
      await soon(() => second.getTerminalsForUser('user')).toEqual(['t2']);
    });

    it('counts sockets by server', async () => {
      await first.addSocket(exampleSocket('s1', 't1'));
      await first.addSocket(exampleSocket('s1', 't2'));
      await second.addSocket(other('s2', 't1'));
      for (const registry of [first, second])
        await soon(() => registry.getStats()).toEqual({
          sockets: 3,
          terminals: 2,
          byServer: { 'server-1': 2, 'server-2': 1 },
        });
    });

    it('clears what its own server has registered', async () => {
      await first.addSocket(exampleSocket('s1', 't1'));
      await first.addSocket(exampleSocket('s1', 't2'));
      await first.setPrimarySocket('t1', 's1');
      if (harness.oneProcess !== true) await second.addSocket(other('s2', 't1'));
      await first.clear();
      const left = harness.oneProcess === true ? [] : ['s2'];
      for (const registry of [second, first]) {
        await soon(() => idsOn(registry, 't1')).toEqual(left);
        await soon(() => registry.isSocketConnected('s1')).toBe(false);
        expect(await registry.getPrimarySocket('t1')).toBeUndefined();
      }
    });
  });
}
