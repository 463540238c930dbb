import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scratchDir, type TestContext, testContext } from '../testing/test-context.ts';
import { runCli } from './route.ts';

const TOKEN = 'trt_0123abcd_secretsecret';

describe('triterm context', () => {
  let scratch: ReturnType<typeof scratchDir>;
  beforeEach(() => {
    scratch = scratchDir();
  });
  afterEach(() => scratch[Symbol.dispose]());

  async function run(line: string, input = ''): Promise<TestContext> {
    const context = testContext(scratch.path, { input });
    expect(await runCli(line.split(' '), context)).toBe(0);
    return context;
  }
  const refusal = (line: string, input?: string) => run(line, input).catch((error: unknown) => error);
  const list = async () => JSON.parse((await run('context ls --json')).out.text) as unknown[];

  it('keeps a server with the token that is read from standard input, and tells of the token its public part only', async () => {
    const { err, paths } = await run('context add lab wss://lab:7443', `${TOKEN}\n`);
    expect(err.text).toContain('triterm context use lab');
    expect(statSync(paths.contextsFile).mode & 0o777).toBe(0o600);
    expect(readFileSync(paths.contextsFile, 'utf8')).toContain(TOKEN);
    const record = {
      name: 'lab',
      url: 'wss://lab:7443/',
      current: false,
      hasToken: true,
      tokenId: '0123abcd',
      ca: null,
    };
    expect(await list()).toEqual([record]);
    for (const line of ['context ls', 'context show lab', 'context show lab --json']) {
      const { out } = await run(line);
      expect(out.text).toContain('0123abcd');
      expect(out.text).not.toContain('secret');
    }
  });

  it('keeps token and authority from files', async () => {
    writeFileSync(join(scratch.path, 'token'), TOKEN, { mode: 0o600 });
    writeFileSync(join(scratch.path, 'ca.pem'), '-----BEGIN CERTIFICATE-----\n');
    await run('context add lab wss://lab --token-file token --ca ca.pem');
    expect(await list()).toMatchObject([{ hasToken: true, ca: join(scratch.path, 'ca.pem') }]);
  });

  it('keeps none when that is wished', async () => {
    await run('context add lab wss://lab --no-token');
    expect(await list()).toMatchObject([{ hasToken: false, tokenId: null }]);
  });

  it('goes from one to another, and back to this machine', async () => {
    await run('context add lab wss://lab --no-token');
    await run('context add prod wss://prod --no-token');
    const current = async () => JSON.parse((await run('context show --json')).out.text) as unknown;
    expect(await current()).toMatchObject({ name: 'local', url: null, current: true });
    await run('context use prod');
    expect(await current()).toMatchObject({ name: 'prod', current: true });
    await run('context use local');
    expect(await current()).toMatchObject({ name: 'local' });
    await run('context use prod');
    expect((await run('context rm prod')).err.text).toContain('this machine');
    expect(await current()).toMatchObject({ name: 'local' });
    expect(await list()).toMatchObject([{ name: 'lab', current: false }]);
  });

  it('replaces one when that is wished only', async () => {
    await run('context add lab wss://lab --no-token');
    expect(await refusal('context add lab wss://other --no-token')).toMatchObject({ code: 'NAME_TAKEN' });
    await run('context add lab wss://other --no-token --replace');
    expect(await list()).toMatchObject([{ url: 'wss://other/' }]);
  });

  it.each([
    ['context add lab ws://far --no-token', 'BAD_CONFIG', 'not on this machine'],
    ['context add lab wss://u:p@lab --no-token', 'BAD_CONFIG', 'user or a password'],
    ['context add local wss://lab --no-token', 'BAD_NAME', 'local'],
    ['context add a/b wss://lab --no-token', 'BAD_NAME', 'a/b'],
    ['context add lab wss://lab', 'USAGE', 'no token on standard input'],
    ['context add lab wss://lab --token-file none', 'BAD_CONFIG', 'none'],
    ['context add lab wss://lab --token-file x --no-token', 'USAGE', 'exclude'],
    ['context add lab wss://lab --no-token --ca none', 'BAD_CONFIG', 'none'],
    ['context use nope', 'CONTEXT_NOT_FOUND', 'nope'],
    ['context show nope', 'CONTEXT_NOT_FOUND', 'nope'],
    ['context rm nope', 'CONTEXT_NOT_FOUND', 'nope'],
  ])('refuses `triterm %s`, and keeps nothing', async (line, code, message) => {
    expect(await refusal(line)).toMatchObject({ code, message: expect.stringContaining(message) });
    expect(await list()).toEqual([]);
  });

  it('quotes nothing of what is no token', async () => {
    const error = await refusal('context add lab wss://lab', 'two secret words');
    expect(error).toMatchObject({ code: 'BAD_CONFIG', message: 'Standard input holds no token.' });
  });

  it('suggests what may have been meant', async () => {
    await run('context add prod wss://prod --no-token');
    expect(await refusal('context use prdo')).toMatchObject({
      message: expect.stringContaining('Did you mean prod?'),
    });
  });
});
