import type { Principal } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { type ConnectionTable, type TokenRow, type TokenTable, withDeadline } from '@triterm/core/store';
import type { Admission, Authenticator, Credentials } from '../authenticator.ts';
import {
  clusterBearerAgeS,
  decodePrincipal,
  looksLikeClusterBearer,
  MAX_CLOCK_DIFFERENCE_S,
} from './cluster-credential.ts';
import { ConnectionLedger } from './connection-ledger.ts';
import { KnownTokens } from './known-tokens.ts';
import { parseToken, provesToken, tokenExpired, tokenRevoked } from './token.ts';
import { TokenConnections } from './token-connections.ts';
import { TokenUse } from './token-use.ts';
import { TokenWatch } from './token-watch.ts';

export interface TokenAuthenticatorOptions {
  readonly tokens: TokenTable;
  readonly connections: ConnectionTable;
  readonly serverId: string;
  /** Of this server, as it is now. */
  readonly incarnation: () => number;
  /** Of the fleet; empty: no other server is believed. */
  readonly clusterSecret: string;
  /** As it is now: over all servers, of one token on this server a quarter of it; a connection that another server relays is counted there. */
  readonly maxConnectionsPerUser: () => number;
  /** Something failed that nobody waits for. */
  readonly trouble: (what: string, thrown: unknown) => void;
}

/** One token takes no more than one of so many parts of what its user has. */
const TOKEN_PART = 4;
/** Tokens that are looked up at once. */
const MAX_UNDER_WAY = 64;
/** Above the database's own deadline. */
const LOOK_UP_MS = 4000;
/** For a token that another server has looked up already, within the time in which that one gives up. */
const RELAYED_LOOK_UP_MS = 1000;

/** Lets people in by their tokens, and servers of the fleet by its secret. */
export class TokenAuthenticator implements Authenticator {
  readonly #o: TokenAuthenticatorOptions;
  readonly #ledger: ConnectionLedger;
  readonly #byToken: TokenConnections;
  readonly #known = new KnownTokens();
  readonly #watch: TokenWatch;
  readonly #use: TokenUse;
  #underWay = 0;
  #closed = false;

  constructor(options: TokenAuthenticatorOptions) {
    const { tokens, connections, serverId, incarnation, maxConnectionsPerUser, trouble } = options;
    this.#o = options;
    this.#ledger = new ConnectionLedger({
      table: connections,
      serverId,
      incarnation,
      limit: maxConnectionsPerUser,
      trouble,
    });
    this.#byToken = new TokenConnections(() => Math.max(1, Math.floor(maxConnectionsPerUser() / TOKEN_PART)));
    this.#watch = new TokenWatch({
      table: tokens,
      confirmed: ids => this.#known.confirmAgain(ids, performance.now()),
      refused: id => this.#known.forget(id),
      trouble,
    });
    this.#use = new TokenUse(tokens, trouble);
  }

  async authenticate({ bearer, onBehalfOf }: Credentials): Promise<Admission> {
    if (bearer === undefined || bearer === '')
      throw new TermError('TOKEN_REQUIRED', 'This server takes tokens only.');
    if (looksLikeClusterBearer(bearer)) return this.#admitServer(bearer, onBehalfOf);
    // A token speaks for its own user, and whoever claims another one means no good.
    if (onBehalfOf !== undefined) throw refused();
    if (this.#underWay >= MAX_UNDER_WAY)
      throw new TermError('TOO_MANY_HANDSHAKES', `${MAX_UNDER_WAY} connections are being let in already.`);
    this.#underWay++;
    try {
      return await this.#admitToken(bearer);
    } finally {
      this.#underWay--;
    }
  }

  close(): void {
    this.#closed = true;
    this.#watch.close();
    this.#ledger.close();
    this.#use.flush();
  }

  async #admitServer(bearer: string, onBehalfOf: string | undefined): Promise<Admission> {
    if (onBehalfOf === undefined) throw refused();
    const { clusterSecret, serverId } = this.#o;
    const ageS = clusterBearerAgeS(bearer, clusterSecret, { serverId, onBehalfOf }, Date.now());
    const principal = ageS === undefined ? undefined : decodePrincipal(onBehalfOf);
    if (ageS === undefined || principal === undefined) throw refused();
    if (Math.abs(ageS) > MAX_CLOCK_DIFFERENCE_S) throw clocksDiffer(ageS);
    if (principal.tokenId !== undefined) await this.#requireNotRevoked(principal.tokenId);
    return this.#admit(principal, () => {});
  }

  /** The server that it came to has looked it up too, maybe long ago. Where the database is away, that has to do. */
  async #requireNotRevoked(tokenId: string): Promise<void> {
    let row: TokenRow | undefined;
    try {
      row = await withDeadline(this.#o.tokens.findToken(tokenId), RELAYED_LOOK_UP_MS, noAnswer);
    } catch {
      return;
    }
    if (row === undefined) throw tokenRevoked(tokenId);
    requireValid(row);
  }

  async #admitToken(bearer: string): Promise<Admission> {
    const token = parseToken(bearer);
    if (token === undefined) throw refused();
    const row = await this.#lookUp(token.id);
    // Also for a token that there is not: it takes as long. Only who has the secret learns more of it.
    if (!provesToken(token.secret, row?.hash) || row === undefined) throw refused();
    requireValid(row);
    const leave = this.#byToken.enter(row.id);
    const connection = await this.#count(row.userId).catch(thrown => {
      leave();
      throw thrown;
    });
    this.#use.used(row.id);
    const principal: Principal = {
      userId: row.userId,
      scope: row.scope,
      sessionId: row.sessionId ?? undefined,
      tokenId: row.id,
      relayedBy: undefined,
    };
    return this.#admit(principal, () => {
      leave();
      this.#ledger.release(connection);
    });
  }

  /** As the database has it; while that is away as it had it a moment ago. Rejects with STORE_UNAVAILABLE. */
  async #lookUp(id: string): Promise<TokenRow | undefined> {
    try {
      const row = await withDeadline(this.#o.tokens.findToken(id), LOOK_UP_MS, noAnswer);
      if (row === undefined) this.#known.forget(id);
      else this.#known.confirm(row, performance.now());
      return row;
    } catch (cause) {
      const recalled = this.#known.recall(id, performance.now(), Date.now());
      if (recalled === undefined) throw unavailable(cause);
      return recalled;
    }
  }

  /** Counts a connection over all servers; while the database is away over this one, and entered later. Rejects with TOO_MANY_CONNECTIONS. */
  async #count(userId: string): Promise<string> {
    const opening = this.#ledger.open(userId, LOOK_UP_MS);
    try {
      return await withDeadline(opening, LOOK_UP_MS, noAnswer);
    } catch (cause) {
      if (cause instanceof TermError && cause.code === 'TOO_MANY_CONNECTIONS') throw cause;
      // Should it still be entered, nobody is there for it any more.
      opening.then(
        id => this.#ledger.release(id),
        () => {},
      );
      return this.#ledger.openUncounted(userId);
    }
  }

  #admit(principal: Principal, left: () => void): Admission {
    if (this.#closed) {
      left();
      throw new TermError('SHUTTING_DOWN', 'The server is about to go.');
    }
    const { tokenId } = principal;
    const controller = new AbortController();
    const unwatch = tokenId === undefined ? () => {} : this.#watch.add(tokenId, controller);
    return {
      principal,
      revoked: controller.signal,
      release: () => {
        unwatch();
        left();
      },
    };
  }
}

function unavailable(cause: unknown): TermError {
  return new TermError('STORE_UNAVAILABLE', 'The token can’t be looked up now.', { cause });
}

/** One answer for all that is wrong with what was shown: it tells nobody what was nearly right. */
function refused(): TermError {
  return new TermError('TOKEN_REFUSED', 'This token is not known here.');
}

/** Only who knows the fleet's secret hears of it. */
function clocksDiffer(ageS: number): TermError {
  const [by, which] = [Math.abs(ageS), ageS > 0 ? 'ahead of' : 'behind'];
  return new TermError(
    'TOKEN_REFUSED',
    `The clock of this server is ${by} s ${which} that of the server which calls; ${MAX_CLOCK_DIFFERENCE_S} s are allowed.`,
    { hint: 'Let both hosts take their time from NTP.' },
  );
}

function noAnswer(): Error {
  return new Error('the database does not answer');
}

function requireValid(row: TokenRow): void {
  if (row.revokedAt !== null) throw tokenRevoked(row.id);
  if (row.expired) throw tokenExpired(row.id);
}
