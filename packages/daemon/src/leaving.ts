import { writeFileSync } from 'node:fs';
import type { Log } from './observe/log.ts';

export interface LeavingOptions {
  readonly stopMarker: string;
  readonly log: Pick<Log, 'error'>;
  /** Serves nobody any more. */
  readonly stopServing: (reason: 'stop' | 'restart') => Promise<void>;
  /** Stores what is known and closes everything; cut short at a deadline. */
  readonly close: () => Promise<void>;
}

/**
 * Closing takes no longer, so that with the goodbye to clients before it the process has gone 2 s after SIGTERM. A database and a Redis
 * that hang keep nobody from starting the next daemon: what they were not told is in the hosts, and leases lapse by themselves.
 */
const CLOSE_MS = 1200;

/** The daemon's end: once, whoever asks for it. */
export class Leaving {
  readonly #o: LeavingOptions;
  readonly #left = Promise.withResolvers<void>();
  #leaving: Promise<void> | undefined;

  constructor(options: LeavingOptions) {
    this.#o = options;
  }

  /** Resolves when it has left, whatever has failed on the way. */
  get left(): Promise<void> {
    return this.#left.promise;
  }

  leave(reason: 'stop' | 'restart'): Promise<void> {
    this.#leaving ??= this.#leave(reason);
    return this.#leaving;
  }

  /** After the reply that tells of it. */
  leaveSoon(reason: 'stop' | 'restart'): void {
    setImmediate(() => void this.leave(reason));
  }

  async #leave(reason: 'stop' | 'restart'): Promise<void> {
    const { stopMarker, stopServing, close } = this.#o;
    await this.#attempt('writing the stop marker', async () => {
      if (reason === 'stop') writeFileSync(stopMarker, '', { mode: 0o600 });
    });
    await this.#attempt('ending to serve', () => stopServing(reason));
    await this.#attempt('closing', () => withinMs(CLOSE_MS, close));
    this.#left.resolve();
  }

  /** What fails is told: a daemon that had stayed would serve nobody, and keep the next one from starting. */
  async #attempt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      this.#o.log.error({ error: String(thrown) }, `leaving: ${what} failed`);
    }
  }
}

/** Resolves when the work is done, or at the deadline; rejects as the work does before. */
async function withinMs(deadlineMs: number, work: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, deadlineMs);
  });
  const done = work();
  await Promise.race([done, late]).finally(() => clearTimeout(timer));
  // What still fails behind the deadline concerns nobody any more.
  done.catch(() => {});
}
