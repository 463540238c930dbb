import { TermError } from '../../errors/index.ts';

/** Clocks of two machines may run so far apart in speed. */
const DRIFT = 0.02;
const RENEW_PARTS = 3;
/** Tries again after a renewal that got no answer, as a part of the TTL. */
const RETRY_PARTS = 10;

export interface LeaseOptions {
  readonly name: string;
  readonly ttlMs: number;
  /** Monotonic time taken before the lock was asked for: its lease began no earlier. */
  readonly beganMs: number;
  /** Whether the lock was still ours and has its whole TTL again. Rejects when that can't be said. */
  readonly renew: () => Promise<boolean>;
}

/**
 * Keeps a lock by renewing it at a third of its TTL. `lost` aborts when the lock is another one's, and when the lease can no longer
 * be shown to run: counted from monotonic time taken before the last renewal that succeeded was sent.
 */
export class LockLease {
  readonly #options: LeaseOptions;
  #lost: AbortController | undefined;
  #reason: TermError | undefined;
  /** Monotonic. */
  #provenUntilMs: number;
  #timer: NodeJS.Timeout;
  #stopped = false;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#provenUntilMs = this.#leaseEnd(options.beganMs);
    this.#timer = this.#nextIn(options.ttlMs / RENEW_PARTS);
  }

  /** Made when somebody asks for it: most locks are given back before anybody does. */
  get lost(): AbortSignal {
    this.#lost ??= new AbortController();
    if (this.#reason !== undefined) this.#lost.abort(this.#reason);
    return this.#lost.signal;
  }

  /** Ends the renewal. It says nothing of the lock. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  lose(why: string): void {
    if (this.#stopped) return;
    this.stop();
    this.#reason = new TermError('LOCK_TIMEOUT', `The lock ${this.#options.name} was lost: ${why}`);
    this.#lost?.abort(this.#reason);
  }

  #leaseEnd(sinceMs: number): number {
    return sinceMs + this.#options.ttlMs * (1 - DRIFT);
  }

  /** The next renewal, or the end of the lease if that comes before. */
  #nextIn(delayMs: number): NodeJS.Timeout {
    const leftMs = Math.max(0, this.#provenUntilMs - performance.now());
    return setTimeout(() => this.#turn(), Math.min(delayMs, leftMs)).unref();
  }

  /** Timers of a process that was stopped come late: what counts is the clock. */
  #turn(): void {
    const nowMs = performance.now();
    if (nowMs >= this.#provenUntilMs) this.lose('it could not be renewed in time.');
    else void this.#renew(nowMs);
  }

  async #renew(sentMs: number): Promise<void> {
    // An answer that does not come must not keep the end of the lease from being noticed.
    this.#timer = this.#nextIn(Number.POSITIVE_INFINITY);
    const renewed = await this.#options.renew().catch(() => undefined);
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    if (renewed === false) {
      this.lose('it had lapsed, or somebody removed it.');
      return;
    }
    if (renewed === true) this.#provenUntilMs = this.#leaseEnd(sentMs);
    this.#timer = this.#nextIn(this.#options.ttlMs / (renewed === true ? RENEW_PARTS : RETRY_PARTS));
  }
}
