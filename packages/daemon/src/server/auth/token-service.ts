import { includesScope, type Principal } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { ParsedParams, Result, TokenInfo } from '@triterm/core/protocol';
import type { NewToken, TokenRow, TokenTable } from '@triterm/core/store';
import type { SessionLocator } from '../../cluster/cluster.ts';
import { newTokenText } from './token.ts';

export interface TokenServiceDependencies {
  readonly table: TokenTable;
  readonly locator: SessionLocator;
  readonly log: { info(fields: object, message: string): void };
}

/** That another token has the id, four times in a row, is no chance. */
const MAX_ATTEMPTS = 4;

/** Makes, lists and revokes tokens. */
export class TokenService {
  readonly #d: TokenServiceDependencies;

  constructor(dependencies: TokenServiceDependencies) {
    this.#d = dependencies;
  }

  /** Rejects with SCOPE_REFUSED, SESSION_NOT_FOUND, AMBIGUOUS_SESSION, or as the database does. */
  async create(principal: Principal, params: ParsedParams<'token.create'>): Promise<Result<'token.create'>> {
    const { user: userId = principal.userId, scope, session, expiresInMs = null, label } = params;
    if (!includesScope(principal.scope, scope)) {
      throw new TermError('SCOPE_REFUSED', `You have the scope ${principal.scope}, and can't give ${scope}.`);
    }
    const sessionId = session === undefined ? null : await this.#sessionId(principal, session);
    const made = await this.#make({ userId, scope, sessionId, label, expiresInMs });
    const { id } = made.info;
    this.#d.log.info(
      { id, user: userId, scope, session: sessionId, by: principal.userId },
      'a token was made',
    );
    return made;
  }

  async list({ user }: ParsedParams<'token.list'>): Promise<TokenInfo[]> {
    return (await this.#d.table.listTokens(user)).map(infoOf);
  }

  /** By id, or the beginning of one. Rejects with TOKEN_NOT_FOUND, or as the database does. */
  async revoke(principal: Principal, { id }: ParsedParams<'token.revoke'>): Promise<TokenInfo> {
    const revoked = await this.#d.table.revokeToken(await this.#idOf(id));
    if (revoked === undefined) throw notFound(id);
    this.#d.log.info({ id: revoked.id, user: revoked.userId, by: principal.userId }, 'a token was revoked');
    return infoOf(revoked);
  }

  async #idOf(target: string): Promise<string> {
    if ((await this.#d.table.findToken(target)) !== undefined) return target;
    const [first, second] = (await this.#d.table.listTokens()).filter(({ id }) => id.startsWith(target));
    if (first === undefined) throw notFound(target);
    if (second === undefined) return first.id;
    throw new TermError('TOKEN_NOT_FOUND', `More than one token's id begins with ${target}.`, {
      hint: 'Give more of the id; `triterm token ls` shows them.',
    });
  }

  async #sessionId(principal: Principal, target: string): Promise<string> {
    const located = await this.#d.locator.locate(principal, target);
    return located.where === 'here' ? located.session.id : located.row.id;
  }

  async #make(token: Omit<NewToken, 'id' | 'hash'>): Promise<Result<'token.create'>> {
    for (let attempt = 1; ; attempt++) {
      const { id, text, hash } = newTokenText();
      try {
        return { token: text, info: infoOf(await this.#d.table.createToken({ ...token, id, hash })) };
      } catch (thrown) {
        const isTaken = thrown instanceof TermError && thrown.code === 'NAME_TAKEN';
        if (!isTaken || attempt === MAX_ATTEMPTS) throw thrown;
      }
    }
  }
}

function notFound(target: string): TermError {
  return new TermError('TOKEN_NOT_FOUND', `There is no token ${target}.`);
}

function infoOf(row: TokenRow): TokenInfo {
  return {
    id: row.id,
    user: row.userId,
    scope: row.scope,
    session: row.sessionId,
    label: row.label,
    state: stateOf(row),
    createdAt: new Date(row.createdAt).toISOString(),
    expiresAt: timeOf(row.expiresAt),
    revokedAt: timeOf(row.revokedAt),
    lastUsedAt: timeOf(row.lastUsedAt),
  };
}

function stateOf(row: TokenRow): TokenInfo['state'] {
  if (row.revokedAt !== null) return 'revoked';
  return row.expired ? 'expired' : 'active';
}

/** RFC 3339, from milliseconds since 1970. */
function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
