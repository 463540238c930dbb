import { chmodSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scratchDir } from '../../testing/test-context.ts';
import { checkConfiguration } from './configuration.ts';
import { checkDisk, diskFacts } from './disk.ts';
import { shellQuote } from './finding.ts';
import { checkShell, defaultShell, mayExecute } from './shell.ts';
import { checkTerminal } from './terminal.ts';

let scratch: ReturnType<typeof scratchDir>;
beforeEach(() => {
  scratch = scratchDir();
});
afterEach(() => scratch[Symbol.dispose]());

describe('the configuration', () => {
  const check = (env: NodeJS.ProcessEnv = {}) =>
    checkConfiguration({ configFile: `${scratch.path}/config.json` }, env);

  it('is in order without a file, and with a good one', () => {
    expect(check()).toMatchObject({ finding: { status: 'ok' }, config: { maxSessions: 1000 } });
    writeFileSync(`${scratch.path}/config.json`, '{"maxSessions": 5}');
    expect(check()).toMatchObject({ finding: { status: 'ok' }, config: { maxSessions: 5 } });
  });

  it.each(['{', '[]', '{"maxSession": 5}', '{"maxSessions": "5"}'])(
    'is a problem that names the file: %s',
    text => {
      writeFileSync(`${scratch.path}/config.json`, text);
      const { finding, config } = check();
      expect(finding).toMatchObject({ status: 'problem', fix: expect.stringContaining(scratch.path) });
      expect(finding.message).toContain('config.json');
      expect(config).toBeUndefined();
    },
  );

  it('is a warning while others can read a password in it, which is not shown', () => {
    const file = `${scratch.path}/config.json`;
    writeFileSync(file, '{"redisHost": "h", "redisPassword": "hunter2"}');
    chmodSync(file, 0o644);
    const { finding, config } = check();
    expect(finding).toMatchObject({ status: 'warning', fix: `chmod 600 ${file}` });
    expect(finding.message).toContain('redisPassword');
    expect(finding.message).not.toContain('hunter2');
    expect(config?.redisHost).toBe('h');
    chmodSync(file, 0o600);
    expect(check().finding.status).toBe('ok');
  });

  it('is a problem that names the variable', () => {
    expect(check({ TRITERM_MAX_SESSIONS: 'many' }).finding).toMatchObject({
      status: 'problem',
      fix: 'Correct or unset TRITERM_MAX_SESSIONS.',
    });
  });
});

describe('the disk', () => {
  const MIB = 2 ** 20;
  it.each([
    [{ freeBytes: 1024 * MIB, freeFiles: null }, 'ok'],
    [{ freeBytes: 1024 * MIB, freeFiles: 100_000 }, 'ok'],
    [{ freeBytes: 100 * MIB, freeFiles: null }, 'warning'],
    [{ freeBytes: 1024 * MIB, freeFiles: 1000 }, 'warning'],
    [{ freeBytes: 5 * MIB, freeFiles: 100_000 }, 'problem'],
    [{ freeBytes: 1024 * MIB, freeFiles: 3 }, 'problem'],
  ])('with %j is %s', (facts, status) => expect(checkDisk('/s', facts).status).toBe(status));

  it('is that of the directory that is still to be made', () => {
    expect(diskFacts(`${scratch.path}/not/yet`).freeBytes).toBeGreaterThan(0);
  });
});

describe('the shell', () => {
  const facts = { shell: '/bin/bash', isExecutable: true, isIntegrationOn: true, hasIntegration: true };
  const statuses = (more: Partial<typeof facts>) =>
    checkShell({ ...facts, ...more }).map(({ status }) => status);

  it('with integration is in order', () => expect(statuses({})).toEqual(['ok', 'ok']));

  it('without integration works, but not for every command', () => {
    expect(statuses({ shell: '/bin/dash' })).toEqual(['ok', 'warning']);
    expect(statuses({ isIntegrationOn: false })).toEqual(['ok', 'warning']);
  });

  it('is a problem when it cannot run, or when triterm is not whole', () => {
    expect(statuses({ isExecutable: false })).toEqual(['problem']);
    expect(statuses({ hasIntegration: false })).toEqual(['ok', 'problem']);
  });

  it('is the configured one, then that of the environment, then that of the account', () => {
    expect(defaultShell('/bin/a', { SHELL: '/bin/b' })).toBe('/bin/a');
    expect(defaultShell('', { SHELL: '/bin/b' })).toBe('/bin/b');
    expect(defaultShell('', {})).toMatch(/^\//);
    expect(mayExecute('/bin/sh')).toBe(true);
    expect(mayExecute(`${scratch.path}/none`)).toBe(false);
  });
});

describe('the terminal', () => {
  const check = (env: Record<string, string>, isTerminal = true, sessionTerm = 'xterm-256color') =>
    checkTerminal({
      isTerminal,
      env,
      sessionTerm,
      isDescribed: term => term === 'xterm' || term === 'xterm-256color',
    }).map(({ name, status }) => `${name} ${status}`);

  it('is in order when it is described and speaks UTF-8', () => {
    expect(check({ TERM: 'xterm', LANG: 'de_DE.UTF-8' })).toEqual([
      'terminal ok',
      'terminfo ok',
      'locale ok',
    ]);
  });

  it.each([[{}], [{ TERM: 'dumb' }], [{ TERM: 'rare' }]])('is told to be odd: %j', env => {
    expect(check(env)[0]).toBe('terminal warning');
    expect(check(env, false)[0]).toBe('terminal ok');
  });

  it('is a problem when sessions would have none', () => {
    expect(check({}, true, 'rare')[1]).toBe('terminfo problem');
  });

  it.each([
    [{}, 'warning'],
    [{ LANG: 'C' }, 'warning'],
    [{ LANG: 'C.utf8' }, 'ok'],
    [{ LANG: 'C.UTF-8', LC_ALL: 'C' }, 'warning'],
    [{ LANG: 'C', LC_CTYPE: 'en_US.UTF-8' }, 'ok'],
  ])('has the character set that the locale says: %j is %s', (env, status) => {
    expect(check(env)[2]).toBe(`locale ${status}`);
  });
});

describe('a path in a command', () => {
  it.each([
    ['/home/me/x-y_z.1', '/home/me/x-y_z.1'],
    ['/a b', "'/a b'"],
    ["/it's", "'/it'\\''s'"],
    ['/$(x)', "'/$(x)'"],
  ])('%s is %s', (path, quoted) => expect(shellQuote(path)).toBe(quoted));
});
