import { TermError } from '@triterm/core/errors';

/** How many connections each token has here, so that whoever was given one can't use up what its user may have. */
export class TokenConnections {
  readonly #limit: () => number;
  readonly #open = new Map<string, number>();

  /** `limit`: as it is now. */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  /** Counts one more, until what this returns is called. Throws TOO_MANY_CONNECTIONS. */
  enter(tokenId: string): () => void {
    const open = this.#open.get(tokenId) ?? 0;
    if (open >= this.#limit())
      throw new TermError(
        'TOO_MANY_CONNECTIONS',
        `Token ${tokenId} has ${open} connections open here, the most that are allowed of one token.`,
      );
    this.#open.set(tokenId, open + 1);
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      const left = (this.#open.get(tokenId) ?? 0) - 1;
      if (left > 0) this.#open.set(tokenId, left);
      else this.#open.delete(tokenId);
    };
  }
}
