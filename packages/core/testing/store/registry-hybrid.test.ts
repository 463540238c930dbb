import { afterEach, describe, expect, it } from 'vitest';
import { Reaper, reapable } from '../../src/store/registry/reaper.ts';
import { awakeMs } from '../awake-time.ts';
import { Program } from '../program.ts';
import { PATIENT_MS } from './lock-redis-harness.ts';
import { exampleSocket, idsOn } from './registry-contract.ts';
import { HybridRegistryHarness } from './registry-harness.ts';

const LEASE_MS = 1500;
/** A command's deadline that no busy machine takes for work without Redis. */
const SLOW_MS = 500;
const soon = <T>(look: () => Promise<T>) => expect.poll(look, { timeout: 5000, interval: 10 });
const other = (socketId: string, terminalId: string) =>
  exampleSocket(socketId, terminalId, { serverId: 'server-2' });

describe('the hybrid registry', () => {
  let harness: HybridRegistryHarness | undefined;
  afterEach(async () => {
    await harness?.dispose();
    harness = undefined;
  });
  const open = async (
    isUp: boolean,
    leaseMs = 15_000,
    renewEveryMs = 5000,
    commandTimeoutMs = PATIENT_MS,
  ) => {
    harness = await HybridRegistryHarness.start(isUp, { leaseMs, renewEveryMs }, commandTimeoutMs);
    return { harness, first: await harness.open('server-1'), second: await harness.open('server-2') };
  };

  it('answers for own sockets at once while Redis hangs, and for others from the database', async () => {
    const { harness, first, second } = await open(true, 15_000, 5000, SLOW_MS);
    await second.addSocket(other('theirs', 't1'));
    await soon(async () => (await first.getStats()).sockets).toBe(1);
    const database = await harness.database();
    await soon(async () => (await database.listSockets({}, 10)).length).toBe(1);
    harness.redis.server.signal('SIGSTOP');
    const began = awakeMs();
    await first.addSocket(exampleSocket('s1', 't1'));
    expect(await first.hasConnectedDevices('t1')).toBe(true);
    expect(await first.getTerminalsForSocket('s1')).toEqual(['t1']);
    expect(await first.updatePing('s1')).toBe(true);
    expect(awakeMs() - began).toBeLessThan(SLOW_MS);
    expect(await idsOn(first, 't1')).toEqual(['theirs', 's1']);
    expect(await first.setPrimarySocket('t1', 's1', null)).toBe(true);
    expect(await first.getPrimarySocket('t1')).toBe('s1');
    expect(await first.removeSocket('t1', 's1')).toBe(true);
    expect(await first.getPrimarySocket('t1')).toBeUndefined();
    expect(awakeMs() - began).toBeLessThan(5 * SLOW_MS);
    expect(new Set(harness.troubles)).toEqual(new Set(['CACHE_UNAVAILABLE']));
  });

  it('is not empty after a fall-back, and is reconciled before Redis counts again', async () => {
    const { harness, first, second } = await open(true);
    await first.addSocket(exampleSocket('s1', 't1'));
    await second.addSocket(other('s2', 't1'));
    await soon(() => idsOn(first, 't1')).toEqual(['s1', 's2']);
    await first.setPrimarySocket('t1', 's1');
    harness.isUp = false;
    await harness.redis.server.kill();
    await soon(() => idsOn(first, 't1')).toEqual(['s1', 's2']);
    await soon(() => idsOn(second, 't1')).toEqual(['s1', 's2']);
    await first.addSocket(exampleSocket('s3', 't1'));
    expect(await first.setPrimarySocket('t1', 's3', 's1')).toBe(true);
    await first.removeSocket('t1', 's1');
    await harness.redis.server.restart();
    const raw = await harness.redis.open('observer');
    await soon(() =>
      first.republishAll().then(
        () => true,
        () => false,
      ),
    ).toBe(true);
    await soon(() =>
      second.republishAll().then(
        () => true,
        () => false,
      ),
    ).toBe(true);
    expect(await idsOn(raw, 't1')).toEqual(['s2', 's3']);
    expect(await raw.getPrimarySocket('t1')).toBe('s3');
    harness.isUp = true;
    expect(await idsOn(second, 't1')).toEqual(['s2', 's3']);
    expect(await second.getPrimarySocket('t1')).toBe('s3');
  });

  it('never shows a socket twice, whichever tiers know it', async () => {
    const { harness, first, second } = await open(true);
    await first.addSocket(exampleSocket('s1', 't1'));
    await second.addSocket(other('s2', 't1'));
    for (const isUp of [true, false, true]) {
      harness.isUp = isUp;
      for (const registry of [first, second]) await soon(() => idsOn(registry, 't1')).toEqual(['s1', 's2']);
      expect(await first.getStats()).toMatchObject({ sockets: 2, terminals: 1 });
    }
  });

  it('tells Redis of a hand-over that was decided while it was away', async () => {
    const { harness, first, second } = await open(true);
    await first.addSocket(exampleSocket('s1', 't1'));
    await second.addSocket(other('s2', 't1'));
    await soon(() => idsOn(first, 't1')).toEqual(['s1', 's2']);
    const database = await harness.database();
    await soon(async () => (await database.listSockets({}, 10)).length).toBe(2);
    harness.isUp = false;
    expect(await first.setPrimarySocket('t1', 'stranger')).toBe(false);
    expect(await first.setPrimarySocket('t1', 's2', 's1')).toBe(false);
    expect(await first.setPrimarySocket('t1', 's2', null)).toBe(true);
    harness.isUp = true;
    expect(await first.getPrimarySocket('t1')).toBe('s2');
    expect(await second.getPrimarySocket('t1')).toBe('s2');
  });

  it('carries such a hand-over to Redis once that is back, though nobody asks', async () => {
    const { harness, first } = await open(true, 180_000, 60_000);
    await first.addSocket(exampleSocket('s1', 't1'));
    const raw = await harness.redis.open('observer');
    await soon(() => idsOn(raw, 't1')).toEqual(['s1']);
    harness.isUp = false;
    expect(await first.setPrimarySocket('t1', 's1')).toBe(true);
    harness.isUp = true;
    await soon(() => raw.getPrimarySocket('t1')).toBe('s1');
  });

  it('has its primary socket again once another server’s, which had taken its place, is gone', async () => {
    const { harness, first } = await open(true, 15_000, 100);
    await first.addSocket(exampleSocket('s1', 't1'));
    expect(await first.setPrimarySocket('t1', 's1')).toBe(true);
    const late = await harness.redis.open('server-2');
    await late.addSocket(other('s2', 't1'));
    expect(await late.setPrimarySocket('t1', 's2')).toBe(true);
    await soon(() => first.getPrimarySocket('t1')).toBe('s2');
    // It hears of the other one, as with every whole renewal.
    await first.republishAll();
    await late.removeSocket('t1', 's2');
    expect(await first.getPrimarySocket('t1')).toBeUndefined();
    await soon(() => late.getPrimarySocket('t1')).toBe('s1');
  });

  it('is whole again in Redis after everything there was lost, without a reconnection', async () => {
    const { harness, first, second } = await open(true, 1000, 200);
    await first.addSocket(exampleSocket('s1', 't1'));
    await first.setPrimarySocket('t1', 's1');
    await harness.redis.server.cli('FLUSHALL');
    await soon(() => idsOn(second, 't1')).toEqual(['s1']);
    await soon(() => second.getPrimarySocket('t1')).toBe('s1');
    expect(harness.troubles).toEqual([]);
  });

  it('makes an own socket primary though Redis has just lost it', async () => {
    const { harness, first, second } = await open(true);
    await first.addSocket(exampleSocket('s1', 't1'));
    await soon(() => idsOn(second, 't1')).toEqual(['s1']);
    await harness.redis.server.cli('FLUSHALL');
    expect(await first.setPrimarySocket('t1', 's1', null)).toBe(true);
    expect(await second.getPrimarySocket('t1')).toBe('s1');
  });

  it('leaves no socket behind that left while thousands were registered anew', async () => {
    const { harness, first } = await open(true);
    const raw = await harness.redis.open('raw');
    const ids = Array.from({ length: 2000 }, (_, i) => `s${i}`);
    for (const id of ids) await first.addSocket(exampleSocket(id, `t-${id}`));
    await soon(async () => (await raw.getStats()).sockets).toBe(2000);
    const republished = first.republishAll();
    for (const id of ids.slice(100)) await first.removeSocket(`t-${id}`, id);
    await republished;
    await soon(async () => (await raw.getStats()).sockets).toBe(100);
  });

  it('keeps live sockets far longer than a lease', async () => {
    const { first, second } = await open(true, 300, 60);
    await first.addSocket(exampleSocket('s1', 't1'));
    await soon(() => idsOn(second, 't1')).toEqual(['s1']);
    const end = performance.now() + 1500;
    while (performance.now() < end) {
      expect(await idsOn(second, 't1')).toEqual(['s1']);
      expect(await second.isSocketConnected('s1')).toBe(true);
    }
  });

  it('registers its sockets under the new incarnation of its server', async () => {
    const { harness, first, second } = await open(true);
    await first.addSocket(exampleSocket('s1', 't1'));
    first.adoptIncarnation(7);
    await soon(() => second.getSocketsForTerminal('t1')).toMatchObject([{ incarnation: 7 }]);
    const database = await harness.database();
    await soon(() => database.listSockets({}, 10)).toMatchObject([{ incarnation: 7 }]);
    expect(await idsOn(second, 't1')).toEqual(['s1']);
  });

  it('carries a storm of changes to the database in the end, and nothing else', async () => {
    const { harness, first } = await open(false);
    const database = await harness.database();
    for (let i = 0; i < 30_000; i += 1) {
      await first.addSocket(exampleSocket(`s${i}`, `t${i % 100}`));
      if (i >= 50) await first.removeSocket(`t${(i - 50) % 100}`, `s${i - 50}`);
    }
    const live = Array.from({ length: 50 }, (_, i) => `s${29_950 + i}`).toSorted();
    const ids = async () => (await database.listSockets({}, 100)).map(({ socketId }) => socketId).toSorted();
    await soon(ids).toEqual(live);
  }, 60_000);
});

describe('the reaper', () => {
  const server = (id: string, incarnation: number, leaseLeftMs: number) => ({
    ...{ id, incarnation, leaseLeftMs },
    ...{ hostId: 'host', bootId: 'boot', stateDir: '/', advertiseUrl: null, draining: false },
  });

  it('takes all incarnations of the dead and the earlier ones of the living, and never itself', () => {
    const servers = [server('dead', 3, -1), server('alive', 5, 10), server('self', 7, -1)];
    expect(reapable(servers, 'self')).toEqual([
      { serverId: 'dead', below: 4 },
      { serverId: 'alive', below: 5 },
      { serverId: 'self', below: 7 },
    ]);
  });

  it('removes the sockets of a server whose lease ended, and spares one that lives', async () => {
    await using stack = new AsyncDisposableStack();
    const harness = await HybridRegistryHarness.start(true);
    stack.defer(() => harness.dispose());
    const database = await harness.database();
    const identity = (id: string) => ({
      id,
      hostId: 'host',
      bootId: 'boot',
      stateDir: id,
      advertiseUrl: null,
    });
    const dead = await database.registerServer(identity('server-1'), 60_000);
    const alive = await database.registerServer(identity('server-2'), 60_000);
    const redis = await harness.redis.open('server-3');
    const rows = [
      exampleSocket('dead', 't1', { incarnation: dead.incarnation }),
      exampleSocket('alive', 't1', { serverId: 'server-2', incarnation: alive.incarnation }),
      exampleSocket('earlier', 't1', { serverId: 'server-2', incarnation: alive.incarnation - 1 }),
    ];
    await database.putSockets(rows);
    for (const row of rows) await redis.addSocket(row);
    const reaped: [string, number][] = [];
    const reaper = new Reaper({
      serverId: 'server-3',
      servers: database,
      table: database,
      redis,
      isUp: () => true,
      everyMs: 60_000,
      onReaped: (...what) => reaped.push(what),
    });
    stack.defer(() => reaper.close());
    expect(await reaper.reap()).toBe(1);
    expect(await idsOn(redis, 't1')).toEqual(['dead', 'alive']);
    await database.releaseServer('server-1', dead.incarnation);
    // A lease that ends in this very millisecond has not ended.
    await soon(() => reaper.reap()).toBe(1);
    expect(await idsOn(redis, 't1')).toEqual(['alive']);
    expect((await database.listSockets({}, 10)).map(({ socketId }) => socketId)).toEqual(['alive']);
    expect(reaped).toEqual([
      ['server-2', 1],
      ['server-1', 1],
    ]);
    // It comes back: its new incarnation is not the dead one.
    const again = await database.registerServer(identity('server-1'), 60_000);
    const back = exampleSocket('back', 't1', { incarnation: again.incarnation });
    await database.putSockets([back]);
    await redis.addSocket(back);
    expect(await reaper.reap()).toBe(0);
    expect(await idsOn(redis, 't1')).toEqual(['alive', 'back']);
  });
});

describe('servers that are killed in a storm of comings and goings', () => {
  it('are out of the registry within lease + 5 s; it shows the live sockets, a member or nobody as primary, and leaks nothing', async () => {
    await using stack = new AsyncDisposableStack();
    const harness = await HybridRegistryHarness.start(true, {
      leaseMs: LEASE_MS,
      renewEveryMs: LEASE_MS / 3,
    });
    stack.defer(() => harness.dispose());
    const observer = await harness.open('observer');
    const database = await harness.database();
    const file = new URL('./programs/registry-server.ts', import.meta.url);
    const port = String(harness.redis.server.port);
    const start = (id: string) => {
      const program = new Program(file, [port, harness.sqlite.file, id, String(LEASE_MS)]);
      stack.defer(() => program.dispose());
      return program;
    };
    const [victims, survivor] = [['a', 'b'].map(start), start('c')];
    for (const program of [...victims, survivor]) await program.until(lines => lines.includes('ready'));
    await soon(async () => Object.keys((await observer.getStats()).byServer).toSorted()).toEqual([
      'a',
      'b',
      'c',
    ]);
    await soon(async () => (await database.listSockets({}, 1000)).length).toBeGreaterThan(10);
    for (const victim of victims) await victim.dispose();
    const killedMs = performance.now();
    survivor.send('enough');
    await survivor.until(lines => lines.includes('calm'));
    const live = survivor.lines.filter(line => /^t\d /.test(line)).toSorted();
    expect(live.length).toBeGreaterThanOrEqual(10);

    const left = LEASE_MS + 5000 - (performance.now() - killedMs);
    const terminals = ['t0', 't1', 't2', 't3', 't4'];
    const shown = async () => {
      const all = await Promise.all(terminals.map(id => observer.getSocketsForTerminal(id)));
      return all
        .flat()
        .map(({ terminalId, socketId }) => `${terminalId} ${socketId}`)
        .toSorted();
    };
    const inTable = async () =>
      (await database.listSockets({}, 1000))
        .map(({ terminalId, socketId }) => `${terminalId} ${socketId}`)
        .toSorted();
    await expect.poll(shown, { timeout: left }).toEqual(live);
    await expect.poll(inTable, { timeout: left }).toEqual(live);
    harness.isUp = false;
    expect(await shown()).toEqual(live);
    harness.isUp = true;
    for (const terminalId of terminals) {
      const primary = await observer.getPrimarySocket(terminalId);
      if (primary !== undefined) expect(live).toContain(`${terminalId} ${primary}`);
    }
    for (const { key, ttlMs } of await harness.redis.keys()) {
      expect(ttlMs).not.toBe(-1);
      expect(key).not.toMatch(/undefined/);
    }
    await survivor.dispose();
    await expect.poll(() => harness.redis.keys(), { timeout: 2 * LEASE_MS }).toEqual([]);
  }, 60_000);
});
