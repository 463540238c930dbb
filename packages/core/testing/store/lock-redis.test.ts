import type { LockManager } from '@triterm/core/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { awakeMs } from '../awake-time.ts';
import { Program } from '../program.ts';
import { untilWaiting } from './lock-contract.ts';
import { RedisLockHarness, USUAL_MS } from './lock-redis-harness.ts';

const NAME = 'session:0123456789ab';
const KEY = `triterm:lock:${NAME}`;
const TTL_MS = 600;
/** A tenth of it is ample for a timer on a busy machine. */
const LASTING_MS = 4000;
const PATIENT = { waitMs: 10_000 };

const aborted = (signal: AbortSignal) =>
  new Promise<void>(resolve =>
    signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }),
  );

describe('a lock in Redis', () => {
  let harness: RedisLockHarness;
  let first: LockManager;
  let second: LockManager;
  const programs: Program[] = [];
  const start = async (serverId: string, ttlMs = TTL_MS): Promise<Program> => {
    const file = new URL('./programs/lock-contender.ts', import.meta.url);
    const program = new Program(file, [String(harness.server.port), serverId, String(ttlMs)]);
    programs.push(program);
    await program.until(lines => lines.includes('ready'));
    return program;
  };
  const holdIn = async (program: Program) => {
    program.send(`hold ${NAME}`);
    await program.until(lines => lines.includes('held'));
  };

  beforeEach(async () => {
    harness = await RedisLockHarness.start({ ttlMs: TTL_MS });
    first = await harness.open();
    second = await harness.open();
  });
  afterEach(async () => {
    await Promise.all(programs.splice(0).map(program => program.dispose()));
    await harness.dispose();
  });

  it('tells an operator who holds it since when, by the clock of Redis', async () => {
    // The first one tells what time it is there.
    for (let turn = 0; turn < 3; turn += 1) await (await first.acquire(NAME, PATIENT)).release();
    const before = Date.now() - 5;
    const lock = await first.acquire(NAME, PATIENT);
    const value = JSON.parse(await harness.server.cli('GET', KEY));
    expect(value).toEqual({ token: lock.token, server: 'server-1', acquiredAt: expect.any(Number) });
    expect(value.acquiredAt).toBeGreaterThanOrEqual(before);
    expect(value.acquiredAt).toBeLessThanOrEqual(Date.now() + 5);
    expect(Number(await harness.server.cli('PTTL', KEY))).toBeLessThanOrEqual(TTL_MS);
    await expect(second.acquire(NAME, { waitMs: 0 })).rejects.toThrow(/Server server-1 holds it since 20/);
    await lock.release();
  });

  it('is renewed as long as it is held', async () => {
    const lock = await first.acquire(NAME, PATIENT);
    await expect(second.acquire(NAME, { waitMs: 3 * TTL_MS })).rejects.toMatchObject({
      code: 'LOCK_TIMEOUT',
    });
    expect(lock.lost.aborted).toBe(false);
    await lock.release();
    // The other one's last try may have come between: what it was given late, it gives back.
    await expect
      .poll(() => harness.server.cli('EXISTS', KEY), { timeout: TTL_MS / 2, interval: 10 })
      .toBe('0');
  });

  it('is free when the last one who waited has given up, though it was reserved for it', async () => {
    const lock = await first.acquire(NAME, PATIENT);
    const patience = new AbortController();
    const waiting = second.acquire(NAME, { waitMs: 10_000, signal: patience.signal });
    const refused = expect(waiting).rejects.toThrow();
    await expect
      .poll(async () => (await harness.server.cli('KEYS', '*')).split('\n').length, { interval: 5 })
      .toBe(3);
    const released = lock.release();
    patience.abort();
    await Promise.all([released, refused]);
    await expect
      .poll(() => harness.server.cli('EXISTS', KEY), { timeout: TTL_MS / 2, interval: 10 })
      .toBe('0');
  });

  it('has no constant value and is not deleted bare: a late release leaves the next holder its lock', async () => {
    const lock = await first.acquire(NAME, PATIENT);
    await harness.server.cli('DEL', KEY);
    const next = await second.acquire(NAME, PATIENT);
    expect(next.token).not.toBe(lock.token);
    await lock.release();
    await expect(first.acquire(NAME, { waitMs: 0 })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
    expect(JSON.parse(await harness.server.cli('GET', KEY))).toMatchObject({ token: next.token });
    expect(next.lost.aborted).toBe(false);
    await next.release();
  });

  it('is given back once more where Redis has not heard of it, and another holder’s is left alone', async () => {
    const manager = await harness.open();
    const lock = await manager.acquire(NAME, PATIENT);
    const held = await harness.server.cli('GET', KEY);
    await lock.release();
    // What a replica has that takes over without having heard of the release.
    await harness.server.cli('SET', KEY, held, 'PX', '60000');
    await manager.releaseAgain();
    expect(await harness.server.cli('EXISTS', KEY)).toBe('0');
    const next = await second.acquire(NAME, PATIENT);
    await manager.releaseAgain();
    expect(JSON.parse(await harness.server.cli('GET', KEY))).toMatchObject({ token: next.token });
    await next.release();
  });

  it('does not renew another holder’s lock, and tells that it is lost', async () => {
    const lock = await first.acquire(NAME, PATIENT);
    const other = JSON.stringify({ token: 'other', server: 'other', acquiredAt: Date.now() });
    await harness.server.cli('SET', KEY, other, 'PX', '60000');
    await aborted(lock.lost);
    expect(lock.lost.reason).toMatchObject({ code: 'LOCK_TIMEOUT' });
    expect(Number(await harness.server.cli('PTTL', KEY))).toBeGreaterThan(50_000);
    await lock.release();
    expect(await harness.server.cli('GET', KEY)).toBe(other);
  });

  it('is lost before it lapses when Redis hangs', async () => {
    const lasting = await RedisLockHarness.start({ ttlMs: LASTING_MS });
    try {
      const lock = await (await lasting.open()).acquire(NAME, PATIENT);
      const began = awakeMs();
      lasting.server.signal('SIGSTOP');
      await aborted(lock.lost);
      expect(awakeMs() - began).toBeLessThan(LASTING_MS);
    } finally {
      await lasting.dispose();
    }
  });

  it('gives up at the command deadline when Redis hangs, and does not keep what it may have got', async () => {
    const usual = await RedisLockHarness.start({ ttlMs: TTL_MS }, USUAL_MS);
    try {
      const [asking, next] = [await usual.open(), await usual.open()];
      usual.server.signal('SIGSTOP');
      const began = awakeMs();
      await expect(asking.acquire(NAME, PATIENT)).rejects.toMatchObject({ code: 'CACHE_UNAVAILABLE' });
      expect(awakeMs() - began).toBeLessThan(500);
      usual.server.signal('SIGCONT');
      const taken = () => next.acquire(NAME, { waitMs: 0 }).then(lock => lock.release());
      await expect
        .poll(
          () =>
            taken().then(
              () => true,
              () => false,
            ),
          { timeout: 5000 },
        )
        .toBe(true);
    } finally {
      await usual.dispose();
    }
  });

  it('goes on to the next one within its TTL when the holder is killed', async () => {
    const holder = await start('victim');
    await holdIn(holder);
    const waiting = first.acquire(NAME, PATIENT);
    await untilWaiting(second, NAME, 1);
    await holder.dispose();
    const killedMs = awakeMs();
    await (await waiting).release();
    expect(awakeMs() - killedMs).toBeLessThan(TTL_MS + 300);
  });

  it('is not kept from others by a waiter that was killed', async () => {
    const lock = await first.acquire(NAME, PATIENT);
    const victim = await start('victim');
    victim.send(`wait ${NAME}`);
    await untilWaiting(second, NAME, 1);
    const next = second.acquire(NAME, PATIENT);
    await untilWaiting(first, NAME, 2);
    await victim.dispose();
    const began = awakeMs();
    await lock.release();
    await (await next).release();
    expect(awakeMs() - began).toBeLessThan(1500);
    expect(victim.lines).not.toContain('got');
  });

  it('is handed on without wake-up messages too', async () => {
    const lock = await first.acquire(NAME, PATIENT);
    const waiting = second.acquire(NAME, PATIENT);
    await untilWaiting(first, NAME, 1);
    await harness.server.cli('ACL', 'SETUSER', 'default', 'resetchannels');
    await harness.server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await harness.server.cli('DEL', KEY);
    const began = awakeMs();
    const next = await waiting;
    expect(awakeMs() - began).toBeLessThan(1000);
    await harness.server.cli('ACL', 'SETUSER', 'default', 'allchannels');
    await next.release();
    await lock.release();
  });

  it('is handed on by a message, long before a waiter would ask again', async () => {
    const lazy = await RedisLockHarness.start({ backoff: { firstMs: 60_000, maxMs: 60_000 } });
    try {
      const [holder, waiter] = [await lazy.open(), await lazy.open()];
      // The first wait subscribes; its waiter asks no second time by itself.
      const warm = await holder.acquire(NAME, PATIENT);
      const subscribing = waiter.acquire(NAME, { waitMs: 9000 });
      await expect.poll(() => lazy.server.cli('PUBSUB', 'CHANNELS', 'triterm:*')).toContain('server-2');
      const began = awakeMs();
      await warm.release();
      await (await subscribing).release();
      expect(awakeMs() - began).toBeLessThan(5000);
    } finally {
      await lazy.dispose();
    }
  });

  it('is held by one of three processes at a time, each in its turn', async () => {
    const [times, holdMs] = [100, 5];
    const contenders = await Promise.all(['a', 'b', 'c'].map(id => start(id, 10_000)));
    for (const contender of contenders) contender.send(`contend ${NAME} ${times} ${holdMs}`);
    await Promise.all(contenders.map(contender => contender.until(lines => lines.includes('done'))));
    const turns = contenders
      .flatMap(({ lines }) => lines.slice(1, -1).map(line => line.split(' ').map(Number)))
      .map(([askedMs = 0, gotMs = 0, releasedMs = 0]) => ({ askedMs, gotMs, releasedMs }))
      .toSorted((a, b) => a.gotMs - b.gotMs);
    expect(turns).toHaveLength(3 * times);
    for (const [index, turn] of turns.entries())
      expect(turn.gotMs).toBeGreaterThanOrEqual(turns[index - 1]?.releasedMs ?? 0);
    // Two may stand before it; a third one may come while it is on its way to the queue.
    const before = turns
      .map(turn => turns.filter(({ gotMs }) => gotMs > turn.askedMs && gotMs < turn.gotMs).length)
      .toSorted((a, b) => a - b);
    expect(before[Math.floor(before.length * 0.99)]).toBeLessThanOrEqual(3);
    expect(await harness.server.cli('DBSIZE')).toBe('0');
  });

  it('leaves no key for ever, whoever dies in the middle', async () => {
    const holder = await start('victim');
    await holdIn(holder);
    const waiter = await start('victim-2');
    waiter.send(`wait ${NAME}`);
    await untilWaiting(first, NAME, 1);
    await Promise.all([holder.dispose(), waiter.dispose()]);
    for (const key of (await harness.server.cli('--scan')).split('\n'))
      expect(Number(await harness.server.cli('PTTL', key))).toBeGreaterThan(0);
    await expect.poll(() => harness.server.cli('DBSIZE'), { timeout: 5000 }).toBe('0');
  });
});
