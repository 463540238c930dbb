import { type LockManager, withLock } from '@triterm/core/store';
import { afterEach, describe, expect, it } from 'vitest';
import { FallbackLockManager } from '../../src/store/locks/fallback-lock-manager.ts';
import { QueuedLockManager } from '../../src/store/locks/queued-lock-manager.ts';
import { LocalLockManager } from '../../src/store/memory/local-lock-manager.ts';
import { awakeMs } from '../awake-time.ts';
import { type LockHarness, lockContract, untilWaiting } from './lock-contract.ts';
import { RedisLockHarness, USUAL_MS } from './lock-redis-harness.ts';

const one = (locks: LockManager): LockHarness => ({ open: async () => locks, dispose: () => locks.close() });
const local = (maxWaiters?: number) =>
  new LocalLockManager({ serverId: 'server-1', ...(maxWaiters === undefined ? {} : { maxWaiters }) });

lockContract('the process', async () => one(local()));
lockContract('Redis', () => RedisLockHarness.start());
// Waiters of another process' queue are known to that process only, so here all are in one.
lockContract('Redis behind a queue in the process', async () => {
  const harness = await RedisLockHarness.start();
  const locks = new QueuedLockManager(await harness.open(), { serverId: 'server-1' });
  return {
    open: async () => locks,
    dispose: async () => {
      await locks.close();
      await harness.dispose();
    },
  };
});
lockContract('the fall-back with Redis away', async () =>
  one(new FallbackLockManager({ redis: local(), database: local(), isUp: () => false })),
);

describe('a queue in the process', () => {
  it('refuses more waiters than it has room for', async () => {
    const locks = new QueuedLockManager(local(), { serverId: 'server-1', maxWaiters: 2 });
    const held = await locks.acquire('session:a', { waitMs: 0 });
    const waiting = [1, 2].map(() => locks.acquire('session:a', { waitMs: 5000 }));
    await untilWaiting(locks, 'session:a', 2);
    await expect(locks.acquire('session:a', { waitMs: 5000 })).rejects.toMatchObject({
      code: 'TOO_MANY_WAITING',
    });
    await held.release();
    for (const lock of waiting) await (await lock).release();
    await locks.close();
  });

  it('asks the shared locks for one caller at a time', async () => {
    const shared = local();
    const locks = new QueuedLockManager(shared, { serverId: 'server-1' });
    const held = await locks.acquire('session:a', { waitMs: 0 });
    const waiting = [1, 2, 3].map(() => locks.acquire('session:a', { waitMs: 5000 }));
    await untilWaiting(locks, 'session:a', 3);
    expect(await shared.show('session:a')).toMatchObject({ waiters: 0 });
    await held.release();
    for (const lock of waiting) await (await lock).release();
    await locks.close();
  });
});

describe('the fall-back', () => {
  let harness: RedisLockHarness | undefined;
  afterEach(() => harness?.dispose());

  it('does not drop the database write when the lock in Redis fails', async () => {
    harness = await RedisLockHarness.start({}, USUAL_MS);
    const database = local();
    const locks = new FallbackLockManager({ redis: await harness.open(), database, isUp: () => true });
    harness.server.signal('SIGSTOP');
    const began = awakeMs();
    const lock = await locks.acquire('session:a', { waitMs: 1000 });
    expect(awakeMs() - began).toBeLessThan(500);
    expect(await database.show('session:a')).toMatchObject({ tokenPrefix: lock.token.slice(0, 8) });
    await expect(locks.acquire('session:a', { waitMs: 100 })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
    await lock.release();
    const write = () => withLock(locks, 'session:a', { waitMs: 1000 }, async () => 'written');
    expect(await Promise.all([write(), write()])).toEqual(['written', 'written']);
    await locks.close();
  });

  it('says LOCK_TIMEOUT when the database has no lock either, and why', async () => {
    const broken: LockManager = new LocalLockManager({ serverId: 'server-1' });
    await broken.close();
    const unavailable: LockManager = {
      acquire: () => Promise.reject(new Error('the database is away')),
      list: limit => broken.list(limit),
      show: name => broken.show(name),
      close: () => broken.close(),
    };
    const locks = new FallbackLockManager({ redis: local(), database: unavailable, isUp: () => false });
    await expect(locks.acquire('session:a', { waitMs: 10 })).rejects.toMatchObject({
      code: 'LOCK_TIMEOUT',
      message: expect.stringContaining('the database is away'),
    });
  });

  it('uses Redis again as soon as it may', async () => {
    let up = false;
    const [redis, database] = [local(), local()];
    const locks = new FallbackLockManager({ redis, database, isUp: () => up });
    const before = await locks.acquire('session:a', { waitMs: 0 });
    up = true;
    const after = await locks.acquire('session:a', { waitMs: 0 });
    expect(await redis.show('session:a')).toMatchObject({ tokenPrefix: after.token.slice(0, 8) });
    expect((await locks.list(10)).map(({ tokenPrefix }) => tokenPrefix)).toEqual(
      [after, before].map(({ token }) => token.slice(0, 8)),
    );
    await before.release();
    await after.release();
    await locks.close();
  });
});
