import type { RegisteredSocket } from '../socket-registry.ts';

export interface LeaseRenewalOptions {
  readonly sockets: () => readonly RegisteredSocket[];
  /** Whether it is still there. */
  readonly isPresent: (socket: RegisteredSocket) => boolean;
  /** `whole`: everything that is told of them, too, in case that some of it was evicted. Must not reject. */
  readonly renew: (sockets: readonly RegisteredSocket[], whole: boolean) => Promise<void>;
  /** Each socket comes about once in so long. */
  readonly everyMs: number;
}

const SLICE = 128;
/** Every third round is a whole one. */
const WHOLE_ROUNDS = 3;

/** Renews sockets round and round, a slice at a time, so that many of them are no burst. */
export class LeaseRenewal {
  readonly #options: LeaseRenewalOptions;
  #round: RegisteredSocket[] = [];
  #rounds = 0;
  #gapMs: number;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: LeaseRenewalOptions) {
    this.#options = options;
    this.#gapMs = options.everyMs;
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#turn(), this.#gapMs).unref();
  }

  async #turn(): Promise<void> {
    const { sockets, isPresent, renew, everyMs } = this.#options;
    if (this.#round.length === 0) {
      this.#round = [...sockets()];
      this.#rounds += 1;
      this.#gapMs = everyMs / Math.max(1, Math.ceil(this.#round.length / SLICE));
    }
    const slice = this.#round.splice(0, SLICE).filter(isPresent);
    if (slice.length > 0) await renew(slice, this.#rounds % WHOLE_ROUNDS === 0);
    this.#schedule();
  }
}
