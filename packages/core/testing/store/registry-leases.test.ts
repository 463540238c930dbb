import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RedisSocketRegistry } from '../../src/store/redis/redis-socket-registry.ts';
import { exampleSocket, idsOn } from './registry-contract.ts';
import { type RedisRegistryHarness, redisRegistryHarness } from './registry-harness.ts';

const LEASE_MS = 300;

/** Of `t1` alone. */
const PRIMARIES = new Map([['t1', { socketId: 's1', force: false }]]);

const heard = (socketId: string, terminalId: string, incarnation = 1) => {
  const row = exampleSocket(socketId, terminalId, { incarnation });
  return { ...row, lastPingAt: row.connectedAt };
};

describe('sockets in Redis', () => {
  let harness: RedisRegistryHarness;
  let registry: RedisSocketRegistry;
  let observer: RedisSocketRegistry;
  beforeEach(async () => {
    harness = await redisRegistryHarness(LEASE_MS);
    registry = await harness.open('server-1');
    observer = await harness.open('server-2');
  });
  afterEach(() => harness.dispose());

  it('of a dead server vanish with their leases, and leave no key', async () => {
    await registry.addSocket(exampleSocket('s1', 't1'));
    await registry.addSocket(exampleSocket('s1', 't2'));
    await registry.setPrimarySocket('t1', 's1');
    const keys = await harness.keys();
    expect(keys.length).toBeGreaterThan(5);
    for (const { ttlMs } of keys) expect(ttlMs).toBeGreaterThan(0);
    await expect.poll(() => idsOn(observer, 't1'), { timeout: 2000 }).toEqual([]);
    expect(await observer.getPrimarySocket('t1')).toBeUndefined();
    expect(await observer.isSocketConnected('s1')).toBe(false);
    expect(await observer.getTerminalsForUser('user')).toEqual([]);
    await expect.poll(() => harness.keys(), { timeout: 2000 }).toEqual([]);
  });

  it('of a live server stay as long as it renews them, with their primary', async () => {
    const socket = heard('s1', 't1');
    await registry.publish([socket], new Map());
    await registry.setPrimarySocket('t1', 's1');
    const end = performance.now() + 5 * LEASE_MS;
    while (performance.now() < end) {
      await registry.publish([socket], new Map());
      expect(await idsOn(observer, 't1')).toEqual(['s1']);
      expect(await observer.getPrimarySocket('t1')).toBe('s1');
      expect(await observer.getTerminalsForSocket('s1')).toEqual(['t1']);
      expect(await observer.getTerminalsForUser('user')).toEqual(['t1']);
    }
  });

  it('of a dead server are not seen though nobody has swept them out', async () => {
    const lasting = await harness.open('server-2', 60_000);
    await lasting.addSocket(exampleSocket('live', 't1', { serverId: 'server-2' }));
    await registry.addSocket(exampleSocket('dead', 't1', { userId: 'gone', deviceId: 'phone' }));
    await registry.setPrimarySocket('t1', 'dead');
    expect(await idsOn(observer, 't1')).toEqual(['live', 'dead']);
    await expect.poll(() => idsOn(observer, 't1')).toEqual(['live']);
    expect(await harness.server.cli('ZCARD', 'triterm:sockets:t1')).toBe('2');
    expect(await observer.getPrimarySocket('t1')).toBeUndefined();
    expect(await observer.getStats()).toEqual({ sockets: 1, terminals: 1, byServer: { 'server-2': 1 } });
    expect(await observer.setPrimarySocket('t1', 'dead')).toBe(false);
    expect(await observer.getTerminalsForUser('gone')).toEqual([]);
    expect(await observer.isSocketConnected('dead')).toBe(false);
    expect(await observer.getDeviceCount('t1')).toBe(1);
  });

  it('stay by renewal alone, with their primary, and lapse without', async () => {
    const sockets = [heard('s1', 't1'), heard('s2', 't2')];
    await registry.publish(sockets, new Map());
    await registry.setPrimarySocket('t1', 's1');
    const end = performance.now() + 3 * LEASE_MS;
    while (performance.now() < end) {
      expect(await registry.renew(sockets, PRIMARIES)).toEqual([]);
      expect(await idsOn(observer, 't1')).toEqual(['s1']);
      expect(await observer.getPrimarySocket('t1')).toBe('s1');
    }
    await expect.poll(() => harness.keys(), { timeout: 2000 }).toEqual([]);
    expect(await registry.renew(sockets, PRIMARIES)).toEqual(sockets);
    expect(await harness.keys()).toEqual([]);
  });

  it.each(['sockets', 'socket-details', 'primary'])('are to be published when %s was evicted', async kind => {
    const sockets = [heard('s1', 't1'), heard('s2', 't2')];
    await registry.publish(sockets, new Map());
    await registry.setPrimarySocket('t1', 's1');
    await harness.server.cli('DEL', `triterm:${kind}:t1`);
    expect(await registry.renew(sockets, PRIMARIES)).toEqual([sockets[0]]);
  });

  it('keep nobody alive who is not renewed beside them', async () => {
    const [live, dead] = [heard('live', 't1'), heard('dead', 't1')];
    await registry.publish([live, dead], new Map());
    await registry.setPrimarySocket('t1', 'dead');
    await expect
      .poll(async () => {
        await registry.publish([live], new Map());
        return idsOn(observer, 't1');
      })
      .toEqual(['live']);
    expect(await observer.getPrimarySocket('t1')).toBeUndefined();
    expect(await observer.setPrimarySocket('t1', 'live', null)).toBe(true);
    expect(await harness.server.cli('HLEN', 'triterm:socket-details:t1')).toBe('2');
  });

  it('stand under keys that name their terminal', async () => {
    await registry.addSocket(exampleSocket('s1', 't1'));
    await observer.addSocket(exampleSocket('s2', 't1', { serverId: 'server-2' }));
    await registry.setPrimarySocket('t1', 's1');
    const keys = (await harness.keys()).map(({ key }) => key).toSorted();
    expect(keys).toEqual([
      'triterm:primary:t1',
      'triterm:socket-details:t1',
      'triterm:socket-terminals:s1',
      'triterm:socket-terminals:s2',
      'triterm:sockets:t1',
      'triterm:user-terminals:user',
    ]);
    expect(keys.join()).not.toContain('undefined');
    expect(await idsOn(observer, 't1')).toEqual(['s1', 's2']);
  });

  it('move to the later incarnation of their server, and stay there', async () => {
    await registry.publish([heard('s1', 't1', 1)], new Map());
    await registry.setPrimarySocket('t1', 's1');
    await registry.publish([heard('s1', 't1', 2)], new Map());
    expect(await observer.getPrimarySocket('t1')).toBe('s1');
    await registry.publish([heard('s1', 't1', 1)], new Map());
    expect(await observer.getSocketsForTerminal('t1')).toMatchObject([{ socketId: 's1', incarnation: 2 }]);
    expect(await harness.server.cli('ZCARD', 'triterm:sockets:t1')).toBe('1');
  });

  it('are reaped by incarnation', async () => {
    await registry.publish([heard('old', 't1', 1), heard('new', 't1', 2)], new Map());
    await observer.addSocket(exampleSocket('theirs', 't1', { serverId: 'server-2' }));
    await registry.setPrimarySocket('t1', 'old');
    expect(await observer.reap('server-1', 2, ['t1', 't2'])).toBe(1);
    expect(await idsOn(observer, 't1')).toEqual(['new', 'theirs']);
    expect(await observer.getPrimarySocket('t1')).toBeUndefined();
  });

  it.each(['sockets', 'socket-details', 'primary'])('are whole again after %s was evicted', async kind => {
    const known = new Map([['t1', { socketId: 's1', force: false }]]);
    const sockets = [heard('s1', 't1'), heard('s2', 't1')];
    await registry.publish(sockets, new Map());
    await registry.setPrimarySocket('t1', 's1');
    await harness.server.cli('DEL', `triterm:${kind}:t1`);
    expect(await registry.publish(sockets, known)).toEqual(new Map([['t1', 's1']]));
    expect(await idsOn(observer, 't1')).toEqual(['s1', 's2']);
    expect(await observer.getPrimarySocket('t1')).toBe('s1');
  });

  it('keep the primary that Redis has against one that a server remembers', async () => {
    await registry.publish([heard('s1', 't1'), heard('s2', 't1')], new Map());
    await observer.setPrimarySocket('t1', 's2');
    const remembered = new Map([['t1', { socketId: 's1', force: false }]]);
    expect(await registry.publish([heard('s1', 't1')], remembered)).toEqual(new Map([['t1', 's2']]));
  });
});
