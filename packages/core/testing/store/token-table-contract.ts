import type { NewToken } from '@triterm/core/store';
import { expect, it } from 'vitest';
import type { Opened } from './database-contract.ts';

export const HASH: string = 'a1'.repeat(32);

export function exampleToken(id: string, change: Partial<NewToken> = {}): NewToken {
  return {
    id,
    userId: 'user',
    scope: 'use',
    sessionId: null,
    hash: HASH,
    label: 'Läptop 🗒',
    expiresInMs: null,
    ...change,
  };
}

export function tokenTable({ database, another }: Opened): void {
  it('returns a token as every server finds it, by the database’s clock', async () => {
    const before = Date.now();
    const token = exampleToken('t1', { sessionId: 's1', scope: 'view', expiresInMs: 60_000 });
    const row = await database().createToken(token);
    const { expiresInMs: _, ...kept } = token;
    expect(row).toEqual({
      ...kept,
      createdAt: expect.any(Number),
      expiresAt: row.createdAt + 60_000,
      revokedAt: null,
      lastUsedAt: null,
      expired: false,
    });
    expect(row.createdAt).toBeGreaterThanOrEqual(before);
    expect(await (await another()).findToken('t1')).toEqual(row);
    expect(await database().findToken('t2')).toBeUndefined();
  });

  it('refuses an id that there is', async () => {
    const row = await database().createToken(exampleToken('t1'));
    const again = database().createToken(exampleToken('t1', { userId: 'other' }));
    await expect(again).rejects.toMatchObject({ code: 'NAME_TAKEN' });
    expect(await database().findToken('t1')).toEqual(row);
  });

  it('lists those of a user, or everybody’s, revoked and expired ones too', async () => {
    const [one, two, three] = [
      await database().createToken(exampleToken('t1')),
      await database().createToken(exampleToken('t2', { userId: 'other' })),
      await database().createToken(exampleToken('t3', { expiresInMs: 0 })),
    ];
    const revoked = await database().revokeToken('t1');
    expect(one.expired).toBe(false);
    expect(three.expired).toBe(true);
    expect(await database().listTokens('user')).toEqual([revoked, three]);
    const all = await (await another()).listTokens();
    expect(all).toHaveLength(3);
    expect(all).toEqual(expect.arrayContaining([revoked, two, three]));
    expect(await database().listTokens('nobody')).toEqual([]);
  });

  it('revokes once and for all', async () => {
    await database().createToken(exampleToken('t1'));
    const revoked = await database().revokeToken('t1');
    expect(revoked?.revokedAt).toBeGreaterThan(0);
    expect(await (await another()).revokeToken('t1')).toEqual(revoked);
    expect(await database().findToken('t1')).toEqual(revoked);
    expect(await database().revokeToken('t2')).toBeUndefined();
  });

  it('says which of many admit nobody: revoked, expired or gone', async () => {
    await database().createToken(exampleToken('good'));
    await database().createToken(exampleToken('lasting', { expiresInMs: 60_000 }));
    await database().createToken(exampleToken('expired', { expiresInMs: 0 }));
    await database().createToken(exampleToken('revoked'));
    const second = await another();
    const ids = ['good', 'revoked', 'lasting', 'expired', 'unknown'];
    expect((await second.refusedTokens(ids)).toSorted()).toEqual(['expired', 'unknown']);
    await database().revokeToken('revoked');
    expect((await second.refusedTokens(ids)).toSorted()).toEqual(['expired', 'revoked', 'unknown']);
    expect(await second.refusedTokens([])).toEqual([]);
  });

  it('admits by a token until it expires, by the database’s clock', async () => {
    const second = await another();
    const { expired } = await database().createToken(exampleToken('brief', { expiresInMs: 100 }));
    expect(expired).toBe(false);
    await expect.poll(() => second.refusedTokens(['brief']), { timeout: 5000 }).toEqual(['brief']);
    expect((await second.findToken('brief'))?.expired).toBe(true);
  });

  it('records the last use of many, which never goes back', async () => {
    for (const id of ['t1', 't2', 't3']) await database().createToken(exampleToken(id));
    await database().recordTokenUse(
      new Map([
        ['t1', 2000],
        ['t2', 3000],
        ['gone', 1],
      ]),
    );
    await (await another()).recordTokenUse(
      new Map([
        ['t1', 1000],
        ['t2', 4000],
      ]),
    );
    await database().recordTokenUse(new Map());
    const used = (await database().listTokens()).map(({ id, lastUsedAt }) => [id, lastUsedAt]);
    expect(used.toSorted()).toEqual([
      ['t1', 2000],
      ['t2', 4000],
      ['t3', null],
    ]);
  });

  it('collects what was revoked or has expired before the time', async () => {
    await database().createToken(exampleToken('good'));
    await database().createToken(exampleToken('lasting', { expiresInMs: 3_600_000 }));
    await database().createToken(exampleToken('expired', { expiresInMs: 0 }));
    await database().createToken(exampleToken('revoked'));
    await database().revokeToken('revoked');
    expect(await database().collect(Date.now() - 60_000)).toBe(0);
    expect(await database().collect(Date.now() + 60_000)).toBe(2);
    const left = (await database().listTokens()).map(({ id }) => id);
    expect(left.toSorted()).toEqual(['good', 'lasting']);
  });
}
