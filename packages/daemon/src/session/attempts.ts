/** Pause after work that failed; doubled each time. */
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 10_000;

export interface AttemptsOptions {
  trouble(session: string, what: string, error: unknown): void;
}

/** Repeats work that failed, until it is done. */
export class Attempts {
  readonly #o: AttemptsOptions;
  readonly #timers = new Set<NodeJS.Timeout>();
  #stopped = false;

  constructor(options: AttemptsOptions) {
    this.#o = options;
  }

  /** Resolves after the first attempt, however that ended; each failure is told as trouble. Never rejects. */
  run(session: string, what: string, work: () => Promise<void>): Promise<void> {
    return this.#attempt(session, what, work, RETRY_MIN_MS);
  }

  /** Nothing is repeated any more. */
  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  async #attempt(session: string, what: string, work: () => Promise<void>, pauseMs: number): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#o.trouble(session, what, error);
      if (this.#stopped) return;
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        void this.#attempt(session, what, work, Math.min(RETRY_MAX_MS, pauseMs * 2));
      }, pauseMs).unref();
      this.#timers.add(timer);
    }
  }
}
