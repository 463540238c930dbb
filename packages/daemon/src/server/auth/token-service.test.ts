import { type Principal, SOCKET_OWNER } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { NewToken, TokenRow, TokenTable } from '@triterm/core/store';
import { describe, expect, it } from 'vitest';
import type { Located } from '../../cluster/cluster.ts';
import { TokenService } from './token-service.ts';

const CREATE = { scope: 'use', label: '' } as const;

/** A table in memory; `taken` creations find their id taken. */
function setUp({ ids = [], taken = 0 }: { ids?: readonly string[]; taken?: number } = {}) {
  const rows = new Map<string, TokenRow>(ids.map(id => [id, rowOf({ id })]));
  const asked: Principal[] = [];
  const logged: unknown[] = [];
  let refusals = taken;
  const table: Partial<TokenTable> = {
    createToken: async token => {
      if (refusals-- > 0) throw new TermError('NAME_TAKEN', `There is a token with the id ${token.id}.`);
      rows.set(token.id, rowOf(token));
      return rowOf(token);
    },
    findToken: async id => rows.get(id),
    listTokens: async () => [...rows.values()],
    revokeToken: async id => {
      const row = rows.get(id);
      return row === undefined ? undefined : { ...row, revokedAt: 1 };
    },
  };
  const service = new TokenService({
    table: table as TokenTable,
    locator: {
      locate: async (principal, target) => {
        asked.push(principal);
        if (target !== 'work') throw new TermError('SESSION_NOT_FOUND', `There is no session ${target}.`);
        return { where: 'there', row: { id: 'id-of-work' } } as Located;
      },
    },
    log: { info: fields => logged.push(fields) },
  });
  return { service, rows, asked, logged };
}

function rowOf(token: Partial<NewToken> & { readonly id: string }): TokenRow {
  return {
    userId: 'ann',
    scope: 'use',
    sessionId: null,
    hash: '',
    label: '',
    ...token,
    createdAt: 0,
    expiresAt: null,
    revokedAt: null,
    lastUsedAt: null,
    expired: false,
  };
}

describe('tokens', () => {
  it('are for whoever makes them unless another user is named, and their secret is not logged', async () => {
    const { service, rows, logged } = setUp();
    const { token, info } = await service.create(SOCKET_OWNER, CREATE);
    expect(info.user).toBe('local');
    expect((await service.create(SOCKET_OWNER, { ...CREATE, user: 'ann' })).info.user).toBe('ann');
    const secret = token.slice(13);
    expect(JSON.stringify([logged, [...rows.values()], info])).not.toContain(secret);
    expect(logged[0]).toEqual({ id: info.id, user: 'local', scope: 'use', session: null, by: 'local' });
  });

  it('keep the id of the session that the maker means', async () => {
    const { service, asked } = setUp();
    const { info } = await service.create(SOCKET_OWNER, { ...CREATE, session: 'work' });
    expect([info.session, asked]).toEqual(['id-of-work', [SOCKET_OWNER]]);
    await expect(service.create(SOCKET_OWNER, { ...CREATE, session: 'nope' })).rejects.toMatchObject({
      code: 'SESSION_NOT_FOUND',
    });
  });

  it('never give more than their maker has', async () => {
    const { service, rows } = setUp();
    const user: Principal = { ...SOCKET_OWNER, scope: 'use' };
    await expect(service.create(user, { ...CREATE, scope: 'admin' })).rejects.toMatchObject({
      code: 'SCOPE_REFUSED',
    });
    expect(rows.size).toBe(0);
  });

  it('get another id when theirs is taken, but not for ever', async () => {
    expect((await setUp({ taken: 3 }).service.create(SOCKET_OWNER, CREATE)).info.state).toBe('active');
    await expect(setUp({ taken: 4 }).service.create(SOCKET_OWNER, CREATE)).rejects.toMatchObject({
      code: 'NAME_TAKEN',
    });
  });

  it.each([
    ['abcd1234', 'abcd1234'],
    ['ab', 'abcd1234'],
    ['f', 'f0000000'],
    ['f0000000', 'f0000000'],
  ])('are revoked by %s when that says which', async (given, id) => {
    const { service } = setUp({ ids: ['abcd1234', 'f0000000', 'e0000000'] });
    expect(await service.revoke(SOCKET_OWNER, { id: given })).toMatchObject({ id, state: 'revoked' });
  });

  it.each(['e', 'e0', '01', 'E0000001', 'e00000010'])('are not revoked by %s', async given => {
    const { service } = setUp({ ids: ['e0000000', 'e0000001'] });
    await expect(service.revoke(SOCKET_OWNER, { id: given })).rejects.toMatchObject({
      code: 'TOKEN_NOT_FOUND',
    });
  });
});
