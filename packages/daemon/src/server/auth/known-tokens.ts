import type { TokenRow } from '@triterm/core/store';

/** While the database can't be asked, what it last said of a token is believed for so long; then nobody new is let in by it. */
const BELIEVED_MS = 60_000;
/** The ones that were confirmed longest ago are forgotten first. */
const MAX_TOKENS = 4096;

/** Tokens that the database has confirmed a moment ago: a client that reconnects while it is away is let in again. */
export class KnownTokens {
  readonly #known = new Map<string, { readonly row: TokenRow; readonly atMs: number }>();

  /** The database has just said so. */
  confirm(row: TokenRow, nowMs: number): void {
    this.#known.delete(row.id);
    this.#known.set(row.id, { row, atMs: nowMs });
    if (this.#known.size <= MAX_TOKENS) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }

  /** They still admit, as the database has just said. */
  confirmAgain(ids: Iterable<string>, nowMs: number): void {
    for (const id of ids) {
      const known = this.#known.get(id);
      if (known !== undefined) this.confirm(known.row, nowMs);
    }
  }

  forget(id: string): void {
    this.#known.delete(id);
  }

  /** As it was last, if that is recent; expired by `epochMs`, the time of this machine, where the database can't tell. */
  recall(id: string, nowMs: number, epochMs: number): TokenRow | undefined {
    const known = this.#known.get(id);
    if (known === undefined || nowMs - known.atMs > BELIEVED_MS) return undefined;
    const { row } = known;
    return { ...row, expired: row.expired || (row.expiresAt !== null && row.expiresAt <= epochMs) };
  }
}
