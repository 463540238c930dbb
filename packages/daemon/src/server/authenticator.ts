import type { Principal } from '@triterm/core/domain';

/** What somebody shows who comes over the network. */
export interface Credentials {
  /** A token, or what servers of one fleet derive from their secret. */
  readonly bearer: string | undefined;
  /** A server's word for whom it speaks; believed with the fleet's bearer only. */
  readonly onBehalfOf: string | undefined;
}

/** Somebody was let in. */
export interface Admission {
  readonly principal: Principal;
  /** Aborts, with a TermError, when its token admits nobody any more. */
  readonly revoked: AbortSignal;
  /** The connection is over. */
  release(): void;
}

export interface Authenticator {
  /**
   * Rejects with TOKEN_REQUIRED, TOKEN_REFUSED, TOKEN_REVOKED, TOKEN_EXPIRED, TOO_MANY_CONNECTIONS, or STORE_UNAVAILABLE when the
   * token can't be looked up now. Takes as long for a token that there is not as for one that there is.
   */
  authenticate(credentials: Credentials): Promise<Admission>;
  close(): void;
}
