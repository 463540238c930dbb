import { setImmediate } from 'node:timers/promises';
import { TermError } from '@triterm/core/errors';
import type { Method } from '@triterm/core/protocol';
import { patiently } from '../patiently.ts';
import type { Connection } from './connection.ts';

/** Methods whose answers fill a message. */
const LARGE: ReadonlySet<Method> = new Set(['session.list', 'session.capture', 'session.search']);

export interface AnswerSlotsOptions {
  /** Large answers of one user that may be made, or wait to be read, at once. */
  readonly perUser: number;
  /** How long a request waits for its turn. */
  readonly waitMs: number;
}

/** Some 80 MiB. */
const DEFAULTS: AnswerSlotsOptions = { perUser: 16, waitMs: 10_000 };

interface Places {
  taken: number;
  /** Who waits, in the order in which they came. */
  readonly waiting: Set<() => void>;
}

/**
 * Bounds what answers that nobody reads may take: a request for a large one begins when few others of its user are under way, and
 * is under way until its connection has taken the answer, or is gone.
 */
export class AnswerSlots {
  readonly #o: AnswerSlotsOptions;
  readonly #byUser = new Map<string, Places>();

  constructor(options: Partial<AnswerSlotsOptions> = {}) {
    this.#o = { ...DEFAULTS, ...options };
  }

  /** Rejects with TOO_MANY_WAITING, CONNECTION_LOST, or as the work does. */
  async run<T>(
    method: Method,
    connection: Pick<Connection, 'principal' | 'gone' | 'drained'>,
    work: () => Promise<T>,
  ): Promise<T> {
    if (!LARGE.has(method)) return work();
    const { userId } = connection.principal;
    await this.#take(userId, connection.gone);
    try {
      return await work();
    } finally {
      void this.#giveWhenRead(userId, connection);
    }
  }

  async #take(userId: string, gone: AbortSignal): Promise<void> {
    const places = this.#byUser.get(userId) ?? { taken: 0, waiting: new Set() };
    this.#byUser.set(userId, places);
    if (places.taken < this.#o.perUser) {
      places.taken += 1;
      return;
    }
    const turn = Promise.withResolvers<void>();
    places.waiting.add(turn.resolve);
    await patiently(turn.promise, { waitMs: this.#o.waitMs, gone }, () => {
      // At once: a place that is given to who has given up would be nobody's.
      places.waiting.delete(turn.resolve);
      return gone.aborted
        ? new TermError('CONNECTION_LOST', 'The client has gone.')
        : new TermError('TOO_MANY_WAITING', 'Too many large answers are under way, or wait to be read.');
    });
  }

  async #giveWhenRead(
    userId: string,
    connection: Pick<Connection, 'principal' | 'gone' | 'drained'>,
  ): Promise<void> {
    // The answer is written before the next turn of the loop.
    await setImmediate();
    await connection.drained();
    const places = this.#byUser.get(userId);
    if (places === undefined) return;
    const [next] = places.waiting;
    if (next !== undefined) {
      places.waiting.delete(next);
      next();
      return;
    }
    places.taken -= 1;
    if (places.taken === 0) this.#byUser.delete(userId);
  }
}
