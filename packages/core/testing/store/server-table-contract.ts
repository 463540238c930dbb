import type { ServerIdentity } from '@triterm/core/store';
import { expect, it } from 'vitest';
import type { Opened } from './database-contract.ts';
import { exampleServer, LONG_MS } from './server-examples.ts';

export function serverTable({ database, another }: Opened): void {
  const register = (id: string, leaseMs: number, change: Partial<ServerIdentity> = {}) =>
    database().registerServer(exampleServer(id, change), leaseMs);

  it('lists them as they introduced themselves, by id', async () => {
    const b = await register('b', LONG_MS, { advertiseUrl: 'wss://b.example' });
    const a = await register('a', LONG_MS);
    const servers = await (await another()).listServers();
    expect(servers).toMatchObject([
      exampleServer('a'),
      exampleServer('b', { advertiseUrl: 'wss://b.example' }),
    ]);
    expect(servers.map(({ incarnation }) => incarnation)).toEqual([a.incarnation, b.incarnation]);
    for (const { leaseLeftMs } of [a, b, ...servers]) {
      expect(leaseLeftMs).toBeGreaterThan(LONG_MS / 2);
      expect(leaseLeftMs).toBeLessThanOrEqual(LONG_MS);
    }
  });

  it('gives the same host and state directory a higher incarnation at once, and ends the one before', async () => {
    const first = await register('a', LONG_MS);
    const second = await register('a', LONG_MS, { bootId: 'boot-2', advertiseUrl: 'wss://new.example' });
    expect(second.incarnation).toBeGreaterThan(first.incarnation);
    expect(await database().renewServer('a', first.incarnation, LONG_MS)).toBe(false);
    expect(await database().renewServer('a', second.incarnation, LONG_MS)).toBe(true);
    expect(await database().listServers()).toMatchObject([
      { incarnation: second.incarnation, bootId: 'boot-2', advertiseUrl: 'wss://new.example' },
    ]);
  });

  it('refuses the id to another host or state directory until the lease has run out', async () => {
    const leaseMs = 600;
    const first = await register('a', leaseMs);
    for (const other of [{ hostId: 'host-2' }, { stateDir: '/elsewhere' }])
      await expect(register('a', LONG_MS, other)).rejects.toMatchObject({ code: 'SERVER_ID_TAKEN' });
    const second = await register('b', LONG_MS, { hostId: 'host-2' });
    expect(second.incarnation).toBeGreaterThan(0);
    await expect
      .poll(() => register('a', LONG_MS, { hostId: 'host-2' }).catch(() => undefined), { timeout: 5000 })
      .toMatchObject({ hostId: 'host-2' });
    expect(await database().renewServer('a', first.incarnation, LONG_MS)).toBe(false);
    await expect(register('a', LONG_MS)).rejects.toMatchObject({ code: 'SERVER_ID_TAKEN' });
  });

  it('gives an id to one of two hosts that ask at once', async () => {
    const second = await another();
    const asked = await Promise.allSettled([
      database().registerServer(exampleServer('a', { hostId: 'host-1' }), LONG_MS),
      second.registerServer(exampleServer('a', { hostId: 'host-2' }), LONG_MS),
    ]);
    expect(asked.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(asked.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'SERVER_ID_TAKEN' },
    });
  });

  it('gives incarnations of one id in strict order, whoever asks', async () => {
    const second = await another();
    const rows = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        (i % 2 === 0 ? database() : second).registerServer(exampleServer('a'), LONG_MS),
      ),
    );
    expect(new Set(rows.map(({ incarnation }) => incarnation)).size).toBe(10);
    const last = Math.max(...rows.map(({ incarnation }) => incarnation));
    expect(await database().listServers()).toMatchObject([{ incarnation: last }]);
    for (const { incarnation } of rows)
      expect(await second.renewServer('a', incarnation, LONG_MS)).toBe(incarnation === last);
  });

  it('renews from now on, by what is asked', async () => {
    const { incarnation } = await register('a', 2000);
    expect(await database().renewServer('a', incarnation, LONG_MS)).toBe(true);
    const [row] = await database().listServers();
    expect(row?.leaseLeftMs).toBeGreaterThan(LONG_MS / 2);
  });

  it('renews no lease that has run out, however often it is asked', async () => {
    const { incarnation } = await register('a', 30);
    await expect.poll(async () => (await database().listServers())[0]?.leaseLeftMs).toBeLessThan(0);
    for (let attempt = 0; attempt < 3; attempt += 1)
      expect(await database().renewServer('a', incarnation, LONG_MS)).toBe(false);
    const again = await register('a', LONG_MS);
    expect(again.incarnation).toBeGreaterThan(incarnation);
    expect(await database().renewServer('a', incarnation, LONG_MS)).toBe(false);
  });

  it('knows nothing of a server that never was', async () => {
    expect(await database().renewServer('nobody', 1, LONG_MS)).toBe(false);
    await database().releaseServer('nobody', 1);
    expect(await database().listServers()).toEqual([]);
  });

  it('lets go of the id when its holder does', async () => {
    const first = await register('a', LONG_MS);
    await database().releaseServer('a', first.incarnation);
    expect(await database().renewServer('a', first.incarnation, LONG_MS)).toBe(false);
    expect((await database().listServers())[0]?.leaseLeftMs).toBeLessThanOrEqual(0);
    const second = await register('a', LONG_MS, { hostId: 'host-2' });
    expect(second.incarnation).toBeGreaterThan(first.incarnation);
    // The one before, late.
    await database().releaseServer('a', first.incarnation);
    expect(await database().renewServer('a', second.incarnation, LONG_MS)).toBe(true);
  });

  it('drain by the word of their incarnation, until another one begins', async () => {
    const first = await register('a', LONG_MS);
    await register('b', LONG_MS);
    expect(first.draining).toBe(false);
    const draining = async () =>
      (await (await another()).listServers()).map(({ id, draining }) => [id, draining]);
    await database().setDraining('a', first.incarnation, true);
    expect(await draining()).toEqual([
      ['a', true],
      ['b', false],
    ]);
    expect(await database().renewServer('a', first.incarnation, LONG_MS)).toBe(true);
    expect(await draining()).toEqual([
      ['a', true],
      ['b', false],
    ]);
    await database().setDraining('a', first.incarnation, false);
    await database().setDraining('a', first.incarnation, true);
    expect((await register('a', LONG_MS)).draining).toBe(false);
    await database().setDraining('a', first.incarnation, true);
    expect(await draining()).toEqual([
      ['a', false],
      ['b', false],
    ]);
  });
}
