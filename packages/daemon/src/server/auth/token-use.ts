import type { TokenTable } from '@triterm/core/store';

/** Last uses are stored this often. */
const INTERVAL_MS = 10_000;
/** Tokens whose last use waits to be stored; of more it is not kept. */
const MAX_WAITING = 10_000;

/** When each token was last used to come in: many in one write, and never waited for. */
export class TokenUse {
  readonly #table: Pick<TokenTable, 'recordTokenUse'>;
  readonly #trouble: (what: string, thrown: unknown) => void;
  #waiting = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(table: Pick<TokenTable, 'recordTokenUse'>, trouble: (what: string, thrown: unknown) => void) {
    this.#table = table;
    this.#trouble = trouble;
  }

  used(tokenId: string): void {
    if (this.#waiting.size >= MAX_WAITING && !this.#waiting.has(tokenId)) return;
    this.#waiting.set(tokenId, Date.now());
    this.#timer ??= setTimeout(() => this.flush(), INTERVAL_MS).unref();
  }

  /** What a database that is away does not take is lost: a later use tells more. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.size === 0) return;
    const usedAt = this.#waiting;
    this.#waiting = new Map();
    this.#table
      .recordTokenUse(usedAt)
      .catch(thrown => this.#trouble('storing when tokens were used', thrown));
  }
}
