import type { TermError } from '@triterm/core/errors';
import type { Log } from '../../observe/log.ts';

const PERIOD_MS = 10_000;
/** Lines in a period; of what goes beyond, the next period tells how many. */
const MAX_LINES = 20;

/** Tells of those who were turned away, however many there are. Never what they said. */
export class RefusalLog {
  readonly #log: Pick<Log, 'warn'>;
  readonly #now: () => number;
  #periodFromMs = Number.NEGATIVE_INFINITY;
  #lines = 0;
  #untold = 0;

  constructor(log: Pick<Log, 'warn'>, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  refused(address: string, { code, message }: Pick<TermError, 'code' | 'message'>): void {
    const nowMs = this.#now();
    if (nowMs - this.#periodFromMs >= PERIOD_MS) {
      if (this.#untold > 0)
        this.#log.warn({ connections: this.#untold }, 'refused more that were not told of');
      this.#periodFromMs = nowMs;
      this.#lines = 0;
      this.#untold = 0;
    }
    if (this.#lines >= MAX_LINES) {
      this.#untold += 1;
      return;
    }
    this.#lines += 1;
    this.#log.warn({ address, code, error: message }, 'refused a connection');
  }
}
