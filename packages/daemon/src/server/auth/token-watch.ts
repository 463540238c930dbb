import type { TermError } from '@triterm/core/errors';
import type { TokenTable } from '@triterm/core/store';
import { tokenExpired, tokenRevoked } from './token.ts';

export interface TokenWatchOptions {
  readonly table: Pick<TokenTable, 'refusedTokens' | 'findToken'>;
  /** The database has just said that these admit, or that this one does not. */
  readonly confirmed: (ids: readonly string[]) => void;
  readonly refused: (id: string) => void;
  readonly trouble: (what: string, thrown: unknown) => void;
}

/** Whoever revokes a token is promised that its connections are closed within a second. */
const INTERVAL_MS = 700;
/** The timer is late by so much when the process was stopped, or its machine slept: what was asked before says nothing any more. */
const LATE_MS = 300;
/** Tokens that are looked at together for why they were refused. */
const REASONS_AT_ONCE = 16;

/**
 * Ends admissions whose tokens admit nobody any more. Asks the database, by its clock, as long as there are any: one query at a
 * time for all of them. While the database is away nobody is closed.
 */
export class TokenWatch {
  readonly #o: TokenWatchOptions;
  readonly #watched = new Map<string, Set<AbortController>>();
  #timer: NodeJS.Timeout | undefined;
  #asking = false;
  #isOutdated = false;
  #tickedAtMs = 0;
  #isInTrouble = false;

  constructor(options: TokenWatchOptions) {
    this.#o = options;
  }

  /** Aborts the controller with a TermError once the token is refused. Returns what ends the watch. */
  add(tokenId: string, controller: AbortController): () => void {
    const controllers = this.#watched.get(tokenId) ?? new Set();
    this.#watched.set(tokenId, controllers.add(controller));
    if (this.#timer === undefined) {
      this.#tickedAtMs = Date.now();
      this.#timer = setInterval(() => this.#tick(), INTERVAL_MS).unref();
    }
    return () => {
      controllers.delete(controller);
      if (controllers.size > 0 || this.#watched.get(tokenId) !== controllers) return;
      this.#watched.delete(tokenId);
      if (this.#watched.size === 0) this.close();
    };
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const nowMs = Date.now();
    const isLate = nowMs - this.#tickedAtMs > INTERVAL_MS + LATE_MS;
    this.#tickedAtMs = nowMs;
    if (this.#asking) this.#isOutdated ||= isLate;
    else void this.#ask();
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    this.#isOutdated = false;
    try {
      const asked = [...this.#watched.keys()];
      const refused = await this.#o.table.refusedTokens(asked);
      this.#isInTrouble = false;
      for (const id of refused) this.#o.refused(id);
      this.#o.confirmed(asked.filter(id => !refused.includes(id)));
      for (let at = 0; at < refused.length; at += REASONS_AT_ONCE)
        await Promise.all(refused.slice(at, at + REASONS_AT_ONCE).map(id => this.#refuse(id)));
    } catch (thrown) {
      if (!this.#isInTrouble) this.#o.trouble('looking for tokens that were revoked', thrown);
      this.#isInTrouble = true;
    } finally {
      this.#asking = false;
      if (this.#isOutdated && this.#timer !== undefined) void this.#ask();
    }
  }

  async #refuse(tokenId: string): Promise<void> {
    const reason = await this.#reason(tokenId);
    const controllers = this.#watched.get(tokenId) ?? [];
    this.#watched.delete(tokenId);
    if (this.#watched.size === 0) this.close();
    for (const controller of controllers) controller.abort(reason);
  }

  /** That it is refused is known; only why may be not. */
  async #reason(tokenId: string): Promise<TermError> {
    const row = await this.#o.table.findToken(tokenId).catch(() => undefined);
    return row?.expired === true && row.revokedAt === null ? tokenExpired(tokenId) : tokenRevoked(tokenId);
  }
}
