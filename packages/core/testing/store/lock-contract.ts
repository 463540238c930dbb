import { TermError } from '@triterm/core/errors';
import { type Lock, type LockManager, withLock } from '@triterm/core/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** The locks of one test, and the way to reach them as several servers would. */
export interface LockHarness {
  /** A server's manager; `dispose` closes it. Where locks are one process' own, the same again. */
  open(): Promise<LockManager>;
  dispose(): Promise<void>;
}

const NAME = 'session:0123456789ab';
const PATIENT = { waitMs: 10_000 };

/** Resolves when so many wait for the lock. */
export async function untilWaiting(locks: LockManager, name: string, waiters: number): Promise<void> {
  await expect
    .poll(async () => (await locks.show(name))?.waiters, { timeout: 5000, interval: 2 })
    .toBe(waiters);
}

/** What every lock manager does. Registers a suite. */
export function lockContract(name: string, makeHarness: () => Promise<LockHarness>): void {
  describe(`${name} keeps the locks' contract`, () => {
    let harness: LockHarness;
    let first: LockManager;
    let second: LockManager;
    beforeEach(async () => {
      harness = await makeHarness();
      first = await harness.open();
      second = await harness.open();
    });
    afterEach(() => harness.dispose());

    it('gives a lock to one at a time', async () => {
      let inside = 0;
      let most = 0;
      let done = 0;
      const turn = async (locks: LockManager) =>
        withLock(locks, NAME, PATIENT, async () => {
          inside += 1;
          most = Math.max(most, inside);
          await new Promise(resolve => setImmediate(resolve));
          inside -= 1;
          done += 1;
        });
      await Promise.all(Array.from({ length: 40 }, (_, i) => turn(i % 2 === 0 ? first : second)));
      expect({ most, done }).toEqual({ most: 1, done: 40 });
    });

    it('does not make one name wait for another', async () => {
      const held = await first.acquire(NAME, PATIENT);
      const other = await second.acquire('session:zzzzzzzzzzzz', { waitMs: 0 });
      expect(other.token).not.toBe(held.token);
      await other.release();
      await held.release();
    });

    it('serves waiters in their order, and no newcomer before them', async () => {
      const order: string[] = [];
      // Not the first of its manager: that may take another way.
      for (const locks of [first, second]) await (await locks.acquire(NAME, PATIENT)).release();
      const held = await first.acquire(NAME, PATIENT);
      const take = (locks: LockManager, who: string) =>
        locks.acquire(NAME, PATIENT).then(async lock => {
          order.push(who);
          await lock.release();
        });
      const waiting: Promise<void>[] = [];
      for (const [index, who] of ['a', 'b', 'c', 'd'].entries()) {
        waiting.push(take(index % 2 === 0 ? second : first, who));
        await untilWaiting(first, NAME, index + 1);
      }
      await held.release();
      waiting.push(take(first, 'newcomer'));
      await Promise.all(waiting);
      expect(order).toEqual(['a', 'b', 'c', 'd', 'newcomer']);
    });

    it('says LOCK_TIMEOUT when it can not be had in time, and leaves the queue', async () => {
      const held = await first.acquire(NAME, PATIENT);
      await expect(second.acquire(NAME, { waitMs: 0 })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
      const began = performance.now();
      await expect(second.acquire(NAME, { waitMs: 60 })).rejects.toMatchObject({
        code: 'LOCK_TIMEOUT',
        details: { lock: NAME },
      });
      expect(performance.now() - began).toBeGreaterThan(55);
      await untilWaiting(first, NAME, 0);
      await held.release();
      await (await second.acquire(NAME, { waitMs: 0 })).release();
    });

    it('lets a waiter give up, and blocks nobody behind it', async () => {
      const held = await first.acquire(NAME, PATIENT);
      const quitter = new AbortController();
      const given = second.acquire(NAME, { ...PATIENT, signal: quitter.signal });
      await untilWaiting(first, NAME, 1);
      const next = first.acquire(NAME, PATIENT);
      await untilWaiting(first, NAME, 2);
      quitter.abort();
      await expect(given).rejects.toMatchObject({ code: 'ABORTED' });
      await untilWaiting(first, NAME, 1);
      await held.release();
      await (await next).release();
      await expect(second.acquire(NAME, { ...PATIENT, signal: quitter.signal })).rejects.toMatchObject({
        code: 'ABORTED',
      });
      expect(await first.show(NAME)).toBeUndefined();
    });

    it('is given back once: a second release does not touch the next holder', async () => {
      const old = await first.acquire(NAME, PATIENT);
      await old.release();
      const held = await second.acquire(NAME, PATIENT);
      await old.release();
      await expect(first.acquire(NAME, { waitMs: 0 })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
      expect(await first.show(NAME)).toMatchObject({ tokenPrefix: held.token.slice(0, 8) });
      expect(held.lost.aborted).toBe(false);
      await held.release();
    });

    it('shows who holds it, since when, and who waits', async () => {
      expect(await first.show(NAME)).toBeUndefined();
      expect(await first.list(10)).toEqual([]);
      const held = await first.acquire(NAME, PATIENT);
      const waiting = second.acquire(NAME, PATIENT);
      await untilWaiting(second, NAME, 1);
      const info = await second.show(NAME);
      expect(info).toMatchObject({ name: NAME, tokenPrefix: held.token.slice(0, 8), waiters: 1 });
      expect(info?.holder).not.toBe('');
      expect(info?.ageMs).toBeGreaterThanOrEqual(0);
      expect(info?.ageMs).toBeLessThan(10_000);
      expect(info?.ttlMs).toBeGreaterThan(0);
      const others = await Promise.all(
        ['session:a', 'session:b'].map(other => second.acquire(other, { waitMs: 0 })),
      );
      const names = (await first.list(10)).map(lock => lock.name);
      expect(names.toSorted()).toEqual([NAME, 'session:a', 'session:b']);
      expect(await first.list(2)).toHaveLength(2);
      await Promise.all([held, ...others].map(lock => lock.release()));
      await (await waiting).release();
    });

    it('is given back when the work under it fails', async () => {
      const failing = withLock(first, NAME, PATIENT, () => Promise.reject(new TermError('NAME_TAKEN', 'no')));
      await expect(failing).rejects.toMatchObject({ code: 'NAME_TAKEN' });
      expect(await second.show(NAME)).toBeUndefined();
    });

    it('keeps nobody waiting when it is closed', async () => {
      const held: Lock = await second.acquire(NAME, PATIENT);
      const waiting = first.acquire(NAME, PATIENT);
      const refused = expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
      await untilWaiting(second, NAME, 1);
      await first.close();
      await refused;
      await held.release();
      await expect(first.acquire(NAME, PATIENT)).rejects.toMatchObject({ code: 'ABORTED' });
    });
  });
}
