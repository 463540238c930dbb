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

/** A database and a Redis that hang keep nobody longer from starting the next daemon; leases lapse by themselves. */
const LEAVE_MS = 4000;

/** The daemon's end: once, whoever asks for it. */
export class Leaving {
  readonly #o: LeavingOptions;
  readonly #left = Promise.withResolvers<void>();
  #leaving: Promise<void> | undefined;

  constructor(options: LeavingOptions) {
    this.#o = options;
  }

  /** Resolves when it has left. */
  get left(): Promise<void> {
    return this.#left.promise;
  }

  leave(reason: 'stop' | 'restart'): Promise<void> {
    this.#leaving ??= this.#leave(reason);
    return this.#leaving;
  }

  /** After the reply that tells of it. */
  leaveSoon(reason: 'stop' | 'restart'): void {
    setImmediate(() => {
      this.leave(reason).catch(error => this.#o.log.error({ error: String(error) }, 'leaving failed'));
    });
  }

  async #leave(reason: 'stop' | 'restart'): Promise<void> {
    const { stopMarker, stopServing, close } = this.#o;
    if (reason === 'stop') writeFileSync(stopMarker, '', { mode: 0o600 });
    await stopServing(reason);
    await withinMs(LEAVE_MS, close);
    this.#left.resolve();
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
