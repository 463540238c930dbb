import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ServerIdentity, ServerRow, ServerTable } from '../database.ts';
import { LeaseKeeper } from './lease-keeper.ts';

const IDENTITY: ServerIdentity = {
  id: 'a',
  hostId: 'host',
  bootId: 'boot',
  stateDir: '/state',
  advertiseUrl: null,
};
/** Never within a test. */
const NEVER_MS = 3_600_000;

/** A database that answers as it is told to. */
class Servers implements Pick<ServerTable, 'registerServer' | 'renewServer' | 'releaseServer'> {
  incarnation = 0;
  renewals = 0;
  answer: () => Promise<void> = async () => {};
  isLost = false;

  async registerServer(identity: ServerIdentity, leaseMs: number): Promise<ServerRow> {
    await this.answer();
    this.incarnation += 1;
    this.isLost = false;
    return { ...identity, incarnation: this.incarnation, leaseLeftMs: leaseMs, draining: false };
  }

  async renewServer(_id: string, incarnation: number): Promise<boolean> {
    this.renewals += 1;
    await this.answer();
    return !this.isLost && incarnation === this.incarnation;
  }

  async releaseServer(): Promise<void> {}
}

describe('a lease that must be held', () => {
  const servers = new Servers();
  const told: unknown[] = [];
  let keeper: LeaseKeeper;
  const start = async (leaseMs: number): Promise<void> => {
    keeper = new LeaseKeeper({
      table: servers,
      identity: IDENTITY,
      leaseMs,
      renewMs: NEVER_MS,
      reincarnated: incarnation => told.push(incarnation),
      trouble: thrown => told.push(thrown),
    });
    await keeper.start();
  };
  afterEach(async () => {
    vi.useRealTimers();
    await keeper.close();
    Object.assign(servers, { incarnation: 0, renewals: 0, isLost: false, answer: async () => {} });
    told.length = 0;
  });

  it('is asked for by nobody while it is held', async () => {
    await start(NEVER_MS);
    expect(await keeper.ensure(1000)).toBe(true);
    expect(servers.renewals).toBe(0);
  });

  it('is renewed at once, by one renewal for all who need it', async () => {
    await start(0);
    expect(keeper.held).toBe(false);
    const asked = [keeper.ensure(1000), keeper.ensure(1000)];
    expect(await Promise.all(asked)).toEqual([false, false]);
    expect(servers.renewals).toBe(1);
  });

  it('is over when the machine was suspended for longer, though the monotonic clock stood still', async () => {
    await start(15_000);
    expect(keeper.held).toBe(true);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 20_000 });
    expect(keeper.held).toBe(false);
    expect(keeper.leftMs).toBeLessThan(0);
    servers.isLost = true;
    expect(await keeper.ensure(1000)).toBe(true);
    expect(keeper.incarnation).toBe(2);
  });

  it('is over by the monotonic clock, though the other one was set back', async () => {
    await start(40);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
    await expect.poll(() => keeper.held).toBe(false);
  });

  it('begins again as another incarnation when it was lost', async () => {
    await start(40);
    await expect.poll(() => keeper.held).toBe(false);
    servers.isLost = true;
    expect(await keeper.ensure(1000)).toBe(true);
    expect([keeper.incarnation, told]).toEqual([2, [2]]);
  });

  it('is taken anew when the database refuses the incarnation, though it is held by the time here', async () => {
    await start(NEVER_MS);
    servers.isLost = true;
    expect(await keeper.ensure(1000, 0)).toBe(true);
    expect(servers.renewals).toBe(0);
    expect(await keeper.ensure(1000, 1)).toBe(true);
    expect(keeper.incarnation).toBe(2);
  });

  it('is not had while the database fails, which is told as trouble', async () => {
    await start(0);
    const failure = new Error('away');
    servers.answer = () => Promise.reject(failure);
    expect(await keeper.ensure(1000)).toBe(false);
    expect(told).toEqual([failure]);
  });

  it('is awaited no longer than was asked, though the database hangs', async () => {
    await start(0);
    const { promise, resolve } = Promise.withResolvers<void>();
    servers.answer = () => promise;
    expect(await keeper.ensure(20)).toBe(false);
    resolve();
  });

  it('is asked for no more after it was closed', async () => {
    await start(0);
    await keeper.close();
    expect(await keeper.ensure(1000)).toBe(false);
    expect(servers.renewals).toBe(0);
  });
});
