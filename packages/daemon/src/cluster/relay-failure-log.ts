import type { TermError } from '@triterm/core/errors';
import type { Log } from '../observe/log.ts';

const PERIOD_MS = 10_000;
/** Of more, the one that was told of first is forgotten. */
const MAX_KINDS = 256;

interface Told {
  readonly atMs: number;
  untold: number;
}

/** Tells why other servers were not reached: for each of them one line in ten seconds, however many clients ask for it. */
export class RelayFailureLog {
  readonly #log: Pick<Log, 'warn'>;
  readonly #now: () => number;
  /** By server and code. */
  readonly #told = new Map<string, Told>();

  constructor(log: Pick<Log, 'warn'>, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  failed(server: string, { code, message }: Pick<TermError, 'code' | 'message'>): void {
    const kind = `${code} ${server}`;
    const nowMs = this.#now();
    const before = this.#told.get(kind);
    if (before !== undefined && nowMs - before.atMs < PERIOD_MS) {
      before.untold += 1;
      return;
    }
    this.#told.delete(kind);
    this.#told.set(kind, { atMs: nowMs, untold: 0 });
    const [oldest] = this.#told.keys();
    if (this.#told.size > MAX_KINDS && oldest !== undefined) this.#told.delete(oldest);
    const untold = before?.untold ?? 0;
    this.#log.warn(
      { server, code, error: message, ...(untold === 0 ? {} : { untold }) },
      'another server was not reached',
    );
  }
}
