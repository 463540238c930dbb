import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TermError } from '../errors/index.ts';
import {
  CLIENT_DEFAULTS,
  type ClientSettings,
  MAX_HISTORY_LINES,
  readClientSettings,
} from './client-settings.ts';
import { environmentName } from './config-file.ts';
import { configSchema, loadConfig } from './load.ts';

const DEFAULTS = configSchema.parse({});

let dir: string;
let configFile: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'triterm-config-'));
  configFile = join(dir, 'config.json');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(settings: unknown): void {
  writeFileSync(configFile, typeof settings === 'string' ? settings : JSON.stringify(settings));
}

function load(env: NodeJS.ProcessEnv = {}, flags = {}) {
  return loadConfig({ configFile }, env, flags);
}

function refusal(work: () => unknown): TermError {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof TermError && thrown.code === 'BAD_CONFIG') return thrown;
    throw thrown;
  }
  throw new Error('nothing was refused');
}

describe('the configuration', () => {
  it('is all defaults without a file, and without a directory for one', () => {
    expect(load()).toEqual(DEFAULTS);
    expect(loadConfig({ configFile: join(dir, 'no', 'such', 'file') }, {})).toEqual(DEFAULTS);
    expect(loadConfig({ configFile: join(process.execPath, 'config.json') }, {})).toEqual(DEFAULTS);
  });

  it('takes a flag before a variable, a variable before the file, the file before the default', () => {
    write({ maxSessions: 1, maxClients: 2, scrollbackLines: 3 });
    const env = { TRITERM_MAX_CLIENTS: '20', TRITERM_SCROLLBACK_LINES: '30' };
    expect(load(env, { scrollbackLines: 300 })).toEqual({
      ...DEFAULTS,
      maxSessions: 1,
      maxClients: 20,
      scrollbackLines: 300,
    });
  });

  it('overrides every setting by a variable of its name', () => {
    const names = Object.keys(configSchema.shape).map(environmentName);
    expect(names).toContain('TRITERM_DETACHED_OVERFLOW_AFTER_MS');
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^TRITERM_[A-Z0-9]+(_[A-Z0-9]+)*$/);
  });

  it('reads variables as what the setting wants', () => {
    const { shellIntegration, historyLines, refreshEnvironment, detachedOverflowAfterMs, term } = load({
      TRITERM_SHELL_INTEGRATION: '0',
      TRITERM_HISTORY_LINES: '77',
      TRITERM_REFRESH_ENVIRONMENT: 'SSH_AUTH_SOCK, DISPLAY',
      TRITERM_DETACHED_OVERFLOW_AFTER_MS: '60000',
      TRITERM_TERM: '42',
    });
    expect({ shellIntegration, historyLines, refreshEnvironment, detachedOverflowAfterMs, term }).toEqual({
      shellIntegration: false,
      historyLines: 77,
      refreshEnvironment: ['SSH_AUTH_SOCK', 'DISPLAY'],
      detachedOverflowAfterMs: 60_000,
      term: '42',
    });
  });

  it('takes an empty variable as nothing where that is a value', () => {
    const env = {
      TRITERM_DETACHED_OVERFLOW_AFTER_MS: '',
      TRITERM_REFRESH_ENVIRONMENT: '',
      TRITERM_SWITCH_KEY: '',
    };
    expect(load(env)).toMatchObject({ detachedOverflowAfterMs: null, refreshEnvironment: [], switchKey: '' });
    expect(refusal(() => load({ TRITERM_MAX_SESSIONS: '' })).message).toContain('TRITERM_MAX_SESSIONS');
  });

  it('takes the operator’s variables before the file, and its own before them', () => {
    write({ redisHost: 'file', redisDb: 1, databaseUrl: 'sqlite:/file' });
    const env = { REDIS_HOST: 'operator', REDIS_DB: '2', TRITERM_REDIS_DB: '3', SERVER_ID: 'a' };
    expect(load(env)).toMatchObject({
      redisHost: 'operator',
      redisDb: 3,
      databaseUrl: 'sqlite:/file',
      serverId: 'a',
    });
    expect(load({ REDIS_PORT: '7000', REDIS_TLS: 'on', REDIS_CLUSTER_NODES: 'a:1, b:2' })).toMatchObject({
      redisPort: 7000,
      redisTls: true,
      redisClusterNodes: ['a:1', 'b:2'],
    });
  });

  it('takes an empty variable of the operator as not set, and its own as a value', () => {
    write({ redisHost: 'file', databaseUrl: 'sqlite:/file' });
    const env = { REDIS_HOST: '', REDIS_PORT: '', DATABASE_URL: '', TRITERM_DATABASE_URL: '' };
    expect(load(env)).toMatchObject({ redisHost: 'file', redisPort: null, databaseUrl: '' });
  });

  it('lets what names a Redis replace what named another one before', () => {
    write({ redisSentinels: ['s:1'], redisSentinelName: 'm', redisSentinelPassword: 'x', redisDb: 2 });
    expect(load({ REDIS_HOST: 'h' })).toEqual({ ...DEFAULTS, redisHost: 'h', redisDb: 2 });
    expect(load({ REDIS_HOST: 'h', TRITERM_REDIS_URL: 'redis://u' })).toEqual({
      ...DEFAULTS,
      redisUrl: 'redis://u',
      redisDb: 2,
    });
    write({ redisHost: 'file', redisPort: 7000 });
    expect(load({ REDIS_HOST: 'h' })).toMatchObject({ redisHost: 'h', redisPort: 7000 });
    expect(load({ REDIS_URL: 'redis://u' })).toMatchObject({ redisHost: '', redisPort: null });
    expect(load({ REDIS_PASSWORD: 'x' })).toMatchObject({ redisHost: 'file', redisPort: 7000 });
  });

  it('names the operator’s variable that a bad value came from', () => {
    const error = refusal(() => load({ REDIS_PORT: 'tcp://10.0.0.1:6379' }));
    expect(error.message).toMatch(/^REDIS_PORT: redisPort: /);
  });

  it('quotes nothing of a file that is no JSON, which may hold a password', () => {
    for (const text of ['{"redisPassword":hunter2}', '{"redisPassword":"hunter2"x}', '["hunter2"']) {
      write(text);
      const error = refusal(load);
      expect(JSON.stringify([error.message, error.details, String(error.cause)])).not.toContain('hunter2');
    }
  });

  it('does not take the directory of the shell integration for its setting', () => {
    const env = { TRITERM_SHELL_INTEGRATION: '/usr/lib/triterm/shell' };
    expect(load(env).shellIntegration).toBe(true);
    write({ shellIntegration: false });
    expect(load(env).shellIntegration).toBe(false);
  });

  it.each([
    ['file', () => configFile, { maxSessions: 0 }, {}, {}],
    ['variable', () => 'TRITERM_MAX_SESSIONS', {}, { TRITERM_MAX_SESSIONS: 'many' }, {}],
    [
      'command line',
      () => 'command line',
      { maxSessions: 5 },
      { TRITERM_MAX_SESSIONS: '6' },
      { maxSessions: -1 },
    ],
  ])('names the %s that a bad value came from', (_name, source, file, env, flags) => {
    write(file);
    const error = refusal(() => load(env, flags));
    expect(error.message).toMatch(/maxSessions: /);
    expect(error.message.startsWith(`${source()}: `)).toBe(true);
    expect(error.details).toMatchObject({ source: source(), setting: 'maxSessions' });
    expect(error.exitCode).toBe(2);
  });

  it.each([
    ['max_sessions', 'maxSessions'],
    ['MAXSESSIONS', 'maxSessions'],
    ['size-policy', 'sizePolicy'],
  ])('refuses the unknown setting %s and suggests %s', (unknown, known) => {
    write({ [unknown]: 1 });
    const { message } = refusal(load);
    expect(message).toBe(`${configFile}: ${unknown}: unknown setting; did you mean ${known}?`);
  });

  it('refuses an unknown setting that resembles none', () => {
    write({ colour: 'blue' });
    expect(refusal(load).message).toBe(`${configFile}: colour: unknown setting`);
  });

  it.each([
    ['', 'is not JSON'],
    ['{', 'is not JSON'],
    ['[]', 'is not a JSON object'],
    ['null', 'is not a JSON object'],
    ['"text"', 'is not a JSON object'],
    [`{"a":"${'x'.repeat(1024 * 1024)}"}`, 'is larger than 1048576 bytes'],
  ])('refuses a file that is no object: %#', (text, reason) => {
    write(text);
    const error = refusal(load);
    expect(error.message).toContain(`${configFile} ${reason}`);
    expect(error.hint).toContain('triterm config validate');
  });

  it('refuses a file that cannot be read', () => {
    mkdirSync(configFile);
    expect(refusal(load).message).toContain(`${configFile} cannot be read`);
  });

  it('has no timer that is longer than timers are', () => {
    write({ detachedOverflowAfterMs: 2 ** 31 });
    expect(refusal(load).details).toMatchObject({ setting: 'detachedOverflowAfterMs' });
  });

  it('reaches no prototype', () => {
    write('{"__proto__":{"maxSessions":7}}');
    expect(() => load()).toThrow(TermError);
    expect(({} as Record<string, unknown>).maxSessions).toBeUndefined();
  });
});

describe('a client’s settings', () => {
  const read = (env: NodeJS.ProcessEnv = {}): ClientSettings => readClientSettings({ configFile }, env);

  it('have the defaults and the bounds of the schema', () => {
    const { detachKey, switchKey, historyLines } = DEFAULTS;
    expect(CLIENT_DEFAULTS).toEqual({ detachKey, switchKey, historyLines });
    expect(read()).toEqual(CLIENT_DEFAULTS);
    for (const [lines, fits] of [
      [0, true],
      [MAX_HISTORY_LINES, true],
      [MAX_HISTORY_LINES + 1, false],
      [-1, false],
    ] as const) {
      write({ historyLines: lines });
      expect(configSchema.safeParse({ historyLines: lines }).success).toBe(fits);
      if (fits) expect(read().historyLines).toBe(lines);
      else expect(refusal(read).message).toContain('historyLines');
    }
  });

  it('are what the daemon reads from the same file and environment', () => {
    write({ detachKey: 'C-a', historyLines: 10 });
    for (const env of [
      {},
      { TRITERM_HISTORY_LINES: '20', TRITERM_DETACH_KEY: 'C-b', TRITERM_SWITCH_KEY: '' },
    ]) {
      const { detachKey, switchKey, historyLines } = load(env);
      expect(read(env)).toEqual({ detachKey, switchKey, historyLines });
    }
  });

  it('leave to the daemon what is not for clients', () => {
    write({ maxSessions: 'nonsense', historyLines: 3 });
    expect(read({ TRITERM_MAX_CLIENTS: 'nonsense' }).historyLines).toBe(3);
  });

  it.each([
    [{ historyLines: '5' }, {}],
    [{ historyLines: 1.5 }, {}],
    [{ historyLines: null }, {}],
    [{ detachKey: 7 }, {}],
    [{}, { TRITERM_HISTORY_LINES: 'all' }],
    [{}, { TRITERM_HISTORY_LINES: '' }],
    [{}, { TRITERM_HISTORY_LINES: '-1' }],
  ])('are refused with their source: %j %j', (file, env) => {
    write(file);
    const source = Object.keys(env)[0] ?? configFile;
    expect(refusal(() => read(env)).message.startsWith(`${source}: `)).toBe(true);
    expect(() => load(env)).toThrow(TermError);
  });
});
