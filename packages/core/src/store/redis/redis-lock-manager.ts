import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { chunks } from '../chunks.ts';
import type { Lock, LockInfo, LockManager, LockOptions } from '../lock.ts';
import { type Backoff, backoffMs } from '../locks/backoff.ts';
import { lockAborted, locksClosed, lockTimeout } from '../locks/lock-error.ts';
import { WakeUp } from '../locks/wake-up.ts';
import { KEY_PREFIX } from './key-names.ts';
import type { RedisLink } from './redis-link.ts';
import { LockLease } from './redis-lock-lease.ts';
import { ReleasedLocks } from './released-locks.ts';
import { LOCK_ACQUIRE } from './scripts/lock-acquire.ts';
import { LOCK_RELEASE } from './scripts/lock-release.ts';
import { LOCK_RENEW } from './scripts/lock-renew.ts';
import { LOCK_SHOW } from './scripts/lock-show.ts';

export const DEFAULT_LOCK_TTL_MS = 10_000;
/** A waiter that has not asked again for so long is taken for dead. Far above the longest back-off. */
const DEFAULT_WAITER_LEASE_MS = 1000;
const DEFAULT_BACKOFF: Backoff = { firstMs: 2, maxMs: 64 };
const TOKEN_PREFIX_LENGTH = 8;
const SHOWN_AT_ONCE = 100;
const RELEASED_AT_ONCE = 100;
/** Redis's clock is looked at again after so long. */
const CLOCK_MS = 60_000;

export interface RedisLockOptions {
  readonly link: RedisLink;
  /** Shown as the holder. */
  readonly serverId: string;
  readonly ttlMs?: number;
  /** How long a waiter that died may keep the ones behind it from the lock. */
  readonly waiterLeaseMs?: number;
  /** For when a wake-up message is lost. */
  readonly backoff?: Backoff;
}

const heldValue = z.object({ token: z.string(), server: z.string(), acquiredAt: z.number() });
const showAnswer = z.union([z.tuple([]), z.tuple([z.string(), z.number(), z.number(), z.number()])]);

/**
 * Locks in Redis, for all servers. A free lock costs one round trip, giving it back another one. Waiters stand in a queue beside the
 * lock; whoever releases it reserves it for the first of them and wakes that by a message; asking again after a back-off makes up for a
 * message that is lost. Where a holder died, a newcomer may be faster than a waiter that is to ask again in a moment. Redis forgets a lock after its TTL, so that two may hold it for a moment after a stall: the database's conditions decide.
 */
export class RedisLockManager implements LockManager {
  readonly #options: Required<RedisLockOptions>;
  /** Of this manager alone, so that a message reaches one process. */
  readonly #channel: string;
  readonly #serverJson: string;
  /** Redis's time when the monotonic clock here was `atMs`. */
  #clock: { readonly atMs: number; readonly redisMs: number } | undefined;
  readonly #waiting = new Map<string, WakeUp>();
  readonly #leases = new Set<LockLease>();
  readonly #released: ReleasedLocks;
  readonly #closing = new AbortController();
  #subscription: Promise<() => Promise<void>> | undefined;

  constructor(options: RedisLockOptions) {
    this.#options = {
      ttlMs: DEFAULT_LOCK_TTL_MS,
      waiterLeaseMs: DEFAULT_WAITER_LEASE_MS,
      backoff: DEFAULT_BACKOFF,
      ...options,
    };
    this.#released = new ReleasedLocks(this.#options.ttlMs);
    this.#serverJson = JSON.stringify(options.serverId);
    this.#channel = `${KEY_PREFIX}lock-free:${options.serverId}:${randomUUID()}`;
  }

  async acquire(name: string, options: LockOptions): Promise<Lock> {
    this.#assertWanted(name, options.signal);
    // Costs a tenth of other random bytes: Node fetches them in advance.
    const token = randomUUID();
    const sentMs = performance.now();
    try {
      const isTaken = await this.#takeFree(name, token, sentMs);
      this.#assertWanted(name, options.signal);
      return isTaken ? this.#hold(name, token, sentMs) : await this.#queueFor(name, token, sentMs, options);
    } catch (thrown) {
      // It may be ours all the same, when an answer was lost; and whoever waits behind us must not wait for us.
      void this.#free(name, token);
      throw thrown;
    }
  }

  async list(limit: number): Promise<LockInfo[]> {
    const { link } = this.#options;
    const names = (await link.scan('lock:*', limit)).map(key => this.#nameOf(key));
    const shown: (LockInfo | undefined)[] = [];
    for (let at = 0; at < names.length; at += SHOWN_AT_ONCE) {
      const some = names.slice(at, at + SHOWN_AT_ONCE);
      const calls = some.map(name => ({ keys: this.#showKeys(name), args: [] }));
      const answers = await link.scripts(LOCK_SHOW, calls);
      shown.push(...some.map((name, index) => lockInfo(name, answers[index])));
    }
    return shown.filter(info => info !== undefined);
  }

  async show(name: string): Promise<LockInfo | undefined> {
    return lockInfo(name, await this.#options.link.script(LOCK_SHOW, this.#showKeys(name), []));
  }

  /**
   * Gives back once more what was given back lately: a connection may have broken on the way, or a replica taken over that had not
   * heard of it. Rejects as the link does.
   */
  async releaseAgain(): Promise<void> {
    for (const some of chunks(this.#released.recent(performance.now()), RELEASED_AT_ONCE)) {
      const calls = some.map(({ name, token }) => ({
        keys: this.#keys(name),
        args: this.#releaseArgs(token),
      }));
      await this.#options.link.scripts(LOCK_RELEASE, calls);
    }
  }

  /** Who waits gets ABORTED. Locks that are held are not given back: they lapse. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const bell of this.#waiting.values()) bell.ring();
    for (const lease of this.#leases) lease.lose('this server is shutting down.');
    this.#leases.clear();
    const unsubscribe = await this.#subscription?.catch(() => undefined);
    await unsubscribe?.();
  }

  /** Without a script, at half its cost. False when it is not free, and while Redis's time is not known. */
  async #takeFree(name: string, token: string, nowMs: number): Promise<boolean> {
    if (this.#clock === undefined || nowMs - this.#clock.atMs > CLOCK_MS) return false;
    const { link, ttlMs } = this.#options;
    const acquiredAt = Math.round(this.#clock.redisMs + nowMs - this.#clock.atMs);
    const value = `{"token":"${token}","server":${this.#serverJson},"acquiredAt":${acquiredAt}}`;
    const key = link.keys.lock(name);
    return (await link.command('lock-take', client => client.set(key, value, 'PX', ttlMs, 'NX'))) === 'OK';
  }

  async #queueFor(name: string, token: string, beganMs: number, options: LockOptions): Promise<Lock> {
    const { link, ttlMs, waiterLeaseMs, backoff } = this.#options;
    const { waitMs, signal } = options;
    const keys = this.#keys(name);
    const args = [token, this.#serverJson, ttlMs, waiterLeaseMs, waitMs > 0 ? this.#channel : ''];
    const bell = new WakeUp();
    this.#waiting.set(token, bell);
    try {
      for (let attempt = 0; ; attempt += 1) {
        const sentMs = performance.now();
        const answer = await link.script(LOCK_ACQUIRE, keys, args);
        this.#assertWanted(name, signal);
        if (typeof answer === 'number') {
          this.#clock = { atMs: performance.now(), redisMs: answer };
          return this.#hold(name, token, sentMs);
        }
        const leftMs = beganMs + waitMs - performance.now();
        if (leftMs <= 0) throw lockTimeout(name, waitMs, holderSentence(String(answer)));
        this.#listen();
        await bell.wait(Math.min(leftMs, backoffMs(backoff, attempt, Math.random())), signal);
        this.#assertWanted(name, signal);
      }
    } finally {
      this.#waiting.delete(token);
    }
  }

  #assertWanted(name: string, signal: AbortSignal | undefined): void {
    if (this.#closing.signal.aborted) throw locksClosed(name);
    if (signal?.aborted === true) throw lockAborted(name);
  }

  #hold(name: string, token: string, beganMs: number): Lock {
    const { link, ttlMs } = this.#options;
    const renew = async () => (await link.script(LOCK_RENEW, [link.keys.lock(name)], [token, ttlMs])) === 1;
    const lease = new LockLease({ name, ttlMs, beganMs, renew });
    this.#leases.add(lease);
    const release = async () => {
      lease.stop();
      this.#leases.delete(lease);
      await this.#free(name, token);
    };
    return {
      name,
      token,
      get lost() {
        return lease.lost;
      },
      release,
    };
  }

  /** What Redis does not hear it hears with the next resynchronisation, or it lapses. */
  async #free(name: string, token: string): Promise<void> {
    this.#released.add(name, token, performance.now());
    await this.#options.link.script(LOCK_RELEASE, this.#keys(name), this.#releaseArgs(token)).catch(() => 0);
  }

  #releaseArgs(token: string): (string | number)[] {
    return [token, this.#channel, this.#options.waiterLeaseMs];
  }

  /** Begins to listen for wake-ups, once somebody waits. Waiters get on without until it stands. */
  #listen(): void {
    if (this.#subscription !== undefined) return;
    this.#subscription = this.#options.link.subscribe([this.#channel], {
      message: (_, token) => this.#waiting.get(token)?.ring(),
      gap: () => {
        for (const bell of this.#waiting.values()) bell.ring();
      },
    });
    this.#subscription.catch(() => {
      this.#subscription = undefined;
    });
  }

  #keys(name: string): string[] {
    const { keys } = this.#options.link;
    return [keys.lock(name), keys.lockQueue(name), waiterLeasesKey(keys.lockQueue(name))];
  }

  #showKeys(name: string): string[] {
    const { keys } = this.#options.link;
    return [keys.lock(name), waiterLeasesKey(keys.lockQueue(name))];
  }

  #nameOf(key: string): string {
    const name = key.slice(`${KEY_PREFIX}lock:`.length);
    return this.#options.link.cluster ? name.replace(/[{}]/g, '') : name;
  }
}

/** In the slot of the queue. */
function waiterLeasesKey(queueKey: string): string {
  return `${queueKey}:leases`;
}

function lockInfo(name: string, answer: unknown): LockInfo | undefined {
  const shown = showAnswer.parse(answer);
  if (shown.length === 0) return undefined;
  const [held, ttlMs, nowMs, waiters] = shown;
  const { token, server, acquiredAt } = heldValue.parse(JSON.parse(held));
  // Reserved for a waiter that is about to take it.
  if (token === '') return undefined;
  return {
    name,
    holder: server,
    tokenPrefix: token.slice(0, TOKEN_PREFIX_LENGTH),
    ageMs: Math.max(0, nowMs - acquiredAt),
    ttlMs: Math.max(0, ttlMs),
    waiters,
  };
}

function holderSentence(held: string): string {
  if (held === '') return 'Others waited for it before.';
  const { token, server, acquiredAt } = heldValue.parse(JSON.parse(held));
  if (token === '') return 'Others waited for it before.';
  return `Server ${server} holds it since ${new Date(acquiredAt).toISOString()}.`;
}
