import { TermError } from '../../errors/index.ts';
import type { SocketRow } from '../database.ts';
import type { RegisteredSocket } from '../socket-registry.ts';

/** One socket on one terminal. */
export type SocketKey = Pick<SocketRow, 'socketId' | 'terminalId'>;

export interface ProjectionOptions {
  /** How it is now; undefined: it is gone. */
  readonly look: (key: SocketKey) => RegisteredSocket | undefined;
  /** Both must bear repetition. */
  readonly put: (sockets: readonly RegisteredSocket[]) => Promise<void>;
  readonly remove: (keys: readonly SocketKey[]) => Promise<void>;
  /** Told everything anew, when more had changed than could be kept in mind. */
  readonly recover: () => Promise<void>;
  readonly isReady: () => boolean;
  /** Changes of so long go together. */
  readonly delayMs: number;
  /** After a failure, and while it is not ready. */
  readonly retryMs: number;
  readonly onError: (error: TermError) => void;
}

const MAX_BATCH = 256;
/** Changes that are kept in mind. */
const MAX_PENDING = 20_000;

/**
 * Carries what changes in memory to where others look. It remembers which sockets changed, not what changed: at their turn they are
 * carried over as they are then, so that any number of changes costs one, and repeating is harmless.
 */
export class Projection {
  readonly #options: ProjectionOptions;
  #pending = new Map<string, SocketKey>();
  #overflowed = false;
  #timer: NodeJS.Timeout | undefined;
  #flight: Promise<void> = Promise.resolve();
  /** The next flight while it waits for the one before. */
  #waiting: Promise<void> | undefined;
  #closed = false;

  constructor(options: ProjectionOptions) {
    this.#options = options;
  }

  touch({ terminalId, socketId }: SocketKey): void {
    this.#pending.set(`${terminalId} ${socketId}`, { terminalId, socketId });
    if (this.#pending.size > MAX_PENDING) {
      this.#pending.clear();
      this.#overflowed = true;
    }
    this.#schedule(this.#options.delayMs);
  }

  /** Resolves when everything that changed so far was carried over; rejects with why not, and goes on trying. */
  flush(): Promise<void> {
    if (this.#waiting !== undefined) return this.#waiting;
    const flight = this.#flight
      .catch(() => {})
      .then(() => {
        this.#waiting = undefined;
        return this.#carryAll();
      });
    this.#flight = flight;
    this.#waiting = flight;
    flight.catch((thrown: unknown) => {
      this.#options.onError(TermError.from(thrown));
      this.#schedule(this.#options.retryMs);
    });
    return flight;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #schedule(delayMs: number): void {
    if (this.#closed || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#pending.size === 0 && !this.#overflowed) return;
      if (this.#options.isReady()) this.flush().catch(() => {});
      else this.#schedule(this.#options.retryMs);
    }, delayMs).unref();
  }

  async #carryAll(): Promise<void> {
    if (this.#overflowed) {
      this.#overflowed = false;
      await this.#orAgain(this.#options.recover(), () => {
        this.#overflowed = true;
      });
    }
    while (this.#pending.size > 0) {
      const batch = [...this.#pending].slice(0, MAX_BATCH);
      for (const [key] of batch) this.#pending.delete(key);
      await this.#orAgain(this.#carry(batch.map(([, key]) => key)), () => {
        this.#pending = new Map([...batch, ...this.#pending]);
      });
    }
  }

  async #carry(keys: readonly SocketKey[]): Promise<void> {
    const looked = keys.map(key => ({ key, socket: this.#options.look(key) }));
    const present = looked.flatMap(({ socket }) => (socket === undefined ? [] : [socket]));
    const gone = looked.flatMap(({ key, socket }) => (socket === undefined ? [key] : []));
    if (present.length > 0) await this.#options.put(present);
    if (gone.length > 0) await this.#options.remove(gone);
  }

  async #orAgain(work: Promise<void>, again: () => void): Promise<void> {
    try {
      await work;
    } catch (thrown) {
      again();
      throw thrown;
    }
  }
}
