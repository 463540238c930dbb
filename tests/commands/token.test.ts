import type { TokenInfo } from '@triterm/core/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Triterm } from '../support/triterm.ts';

const TOKEN = /^trt_[0-9a-f]{8}_[A-Za-z0-9_-]{43}\n$/;

let triterm: Triterm;
beforeAll(async () => {
  triterm = new Triterm();
  await triterm.ok('new', '-d', '-n', 'work', '--', 'sleep', '1000');
});
afterAll(() => triterm[Symbol.asyncDispose]());

function idOf(token: string): string {
  return token.slice(4, 12);
}

async function refused(...args: string[]): Promise<{ code: string; hint: string }> {
  const { stdout, stderr, exitCode } = await triterm.run([...args, '--json']);
  expect(stdout).toBe('');
  expect(exitCode).toBeGreaterThan(0);
  return (JSON.parse(stderr) as { error: { code: string; hint: string } }).error;
}

describe('triterm token', () => {
  it('creates one that it prints alone on stdout, and never again', async () => {
    const { stdout, stderr } = await triterm.run(['token', 'create', '--label', 'phone']);
    expect(stdout).toMatch(TOKEN);
    const id = idOf(stdout);
    expect(stderr).toContain(`Token ${id} of user local with the scope use. It is shown this once.`);
    expect(stderr).not.toContain(stdout.trim());
    const tokens = await triterm.json<TokenInfo[]>('token', 'ls');
    const info = tokens.find(token => token.id === id);
    expect(info).toEqual({
      id,
      user: 'local',
      scope: 'use',
      session: null,
      label: 'phone',
      state: 'active',
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      expiresAt: null,
      revokedAt: null,
      lastUsedAt: null,
    });
    for (const args of [
      ['token', 'ls', '--json'],
      ['daemon', 'logs'],
    ])
      expect(await triterm.ok(...args)).not.toContain(stdout.trim().slice(13));
  });

  it('creates one for another user, of one session, for a time', async () => {
    const { token, info } = await triterm.json<{ token: string; info: TokenInfo }>(
      ...['token', 'create', '--user', 'ann', '--scope', 'view', '--session', 'work', '--expires', '12h'],
    );
    expect(`${token}\n`).toMatch(TOKEN);
    const session = await triterm.json<{ session: { id: string } }>('sessions', 'show', 'work');
    expect(info).toMatchObject({ user: 'ann', scope: 'view', session: session.session.id, state: 'active' });
    expect(Date.parse(info.expiresAt ?? '') - Date.parse(info.createdAt)).toBe(12 * 3_600_000);
    const anns = await triterm.json<TokenInfo[]>('token', 'ls', '--user', 'ann');
    expect(anns.map(({ id }) => id)).toEqual([info.id]);
  });

  it('lists them for a pipe, a line each with tabs, and says so where there are none', async () => {
    const id = idOf(await triterm.ok('token', 'create', '--user', 'bob', '--scope', 'admin'));
    expect(await triterm.ok('token', 'ls', '--user', 'bob')).toBe(`${id}\tbob\tadmin\t\tactive\t\t\t\n`);
    expect(await triterm.run(['token', 'ls', '--user', 'nobody'])).toEqual({
      stdout: '',
      stderr: '',
      exitCode: 0,
    });
  });

  it('revokes by id, the beginning of one, or the token itself, and again without complaint', async () => {
    const [one, two, three] = [
      await triterm.ok('token', 'create'),
      await triterm.ok('token', 'create'),
      await triterm.ok('token', 'create'),
    ];
    expect(await triterm.run(['token', 'revoke', idOf(one)])).toEqual({
      stdout: '',
      stderr: `Revoked token ${idOf(one)} of user local.\n`,
      exitCode: 0,
    });
    const again = await triterm.json<TokenInfo>('token', 'revoke', idOf(one));
    expect(again).toMatchObject({ id: idOf(one), state: 'revoked' });
    expect(again.revokedAt).toMatch(/Z$/);
    expect(await triterm.json('token', 'revoke', idOf(two).slice(0, 7))).toMatchObject({ id: idOf(two) });
    expect(await triterm.json('token', 'revoke', three.trim())).toMatchObject({ id: idOf(three) });
  });

  it.each([
    [['revoke', 'zzzzzzzz'], 'TOKEN_NOT_FOUND'],
    [['revoke', ''], 'USAGE'],
    [['create', '--session', 'nope'], 'SESSION_NOT_FOUND'],
    [['create', '--scope', 'root'], 'USAGE'],
    [['create', '--expires', 'tomorrow'], 'USAGE'],
    [['create', '--expires', '2020-01-01'], 'USAGE'],
    [['create', '--user', 'a b'], 'BAD_MESSAGE'],
  ])('refuses %j', async (args, code) => {
    expect(await refused('token', ...args)).toMatchObject({ code, hint: expect.stringMatching(/./) });
  });
});
