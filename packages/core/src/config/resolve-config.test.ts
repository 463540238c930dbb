import { describe, expect, it } from 'vitest';
import { environmentName } from './config-file.ts';
import { resolveSettings } from './resolve-config.ts';
import { configSchema } from './schema.ts';

const FILE = '/etc/config.json';
const resolve = (inFile: Record<string, unknown>, env: NodeJS.ProcessEnv = {}, flags = {}) =>
  resolveSettings(inFile, FILE, env, flags);
const one = (name: string, ...given: Parameters<typeof resolve>) =>
  resolve(...given).settings.find(({ setting }) => setting === name);

describe('a setting', () => {
  it.each([
    ['the default', {}, {}, {}, 256, { kind: 'default', name: null }],
    ['the file', { maxClients: 1 }, {}, {}, 1, { kind: 'file', name: FILE }],
    [
      'a variable',
      { maxClients: 1 },
      { TRITERM_MAX_CLIENTS: '2' },
      {},
      2,
      { kind: 'variable', name: 'TRITERM_MAX_CLIENTS' },
    ],
    [
      'the command line',
      { maxClients: 1 },
      { TRITERM_MAX_CLIENTS: '2' },
      { maxClients: 3 },
      3,
      { kind: 'flag', name: 'command line' },
    ],
  ])('comes from %s, and says so', (_name, inFile, env, flags, value, origin) => {
    expect(one('maxClients', inFile, env, flags)).toEqual({ setting: 'maxClients', value, origin });
  });

  it('comes from the operator’s variable, or from its own that wins', () => {
    expect(one('redisDb', {}, { REDIS_DB: '2' })).toMatchObject({ value: 2, origin: { name: 'REDIS_DB' } });
    const env = { REDIS_DB: '2', TRITERM_REDIS_DB: '3' };
    expect(one('redisDb', {}, env)).toMatchObject({ value: 3, origin: { name: 'TRITERM_REDIS_DB' } });
  });

  it('has its default where a variable names another Redis than the file', () => {
    const inFile = { redisHost: 'file', redisPort: 7000 };
    expect(one('redisPort', inFile, { REDIS_URL: 'redis://u' })).toEqual({
      setting: 'redisPort',
      value: null,
      origin: { kind: 'default', name: null },
    });
  });

  it('that is null on purpose is null', () => {
    expect(one('detachedOverflowAfterMs', { detachedOverflowAfterMs: null })).toMatchObject({
      value: null,
      origin: { kind: 'file' },
    });
  });

  it('is there for each of the schema, in its order, also when something is wrong', () => {
    const names = Object.keys(configSchema.shape);
    for (const inFile of [{}, { maxClients: 'x', colour: 1 }])
      expect(resolve(inFile).settings.map(({ setting }) => setting)).toEqual(names);
  });
});

describe('problems', () => {
  it('are told all at once, each with the place that it is in', () => {
    const inFile = { maxSesions: 1, colour: 'blue', maxClients: 'many' };
    const { config, problems } = resolve(inFile, { TRITERM_LEASE_MS: '1', REDIS_PORT: 'tcp://x' });
    expect(config).toBeUndefined();
    expect(problems.map(({ source, setting }) => [source, setting])).toEqual(
      expect.arrayContaining([
        [FILE, 'maxClients'],
        ['TRITERM_LEASE_MS', 'leaseMs'],
        ['REDIS_PORT', 'redisPort'],
        [FILE, 'maxSesions'],
        [FILE, 'colour'],
      ]),
    );
    expect(problems).toHaveLength(5);
    expect(problems).toContainEqual({
      source: FILE,
      setting: 'maxSesions',
      reason: 'unknown setting; did you mean maxSessions?',
    });
  });

  it.each([
    ['maxClients', 'many', 'must be a whole number from 1'],
    ['maxClients', 0, 'must be a whole number from 1'],
    ['history', 'tape', 'must be `disk`, `memory` or `none`'],
    ['redisPort', 1.5, 'must be a whole number from 1 to 65535 or `null`'],
    ['allowedHosts', [1, 2], 'must be a list of strings'],
    ['term', '', 'must be a string that is not empty'],
  ])('of %s say once what it may be: %j', (setting, value, reason) => {
    const problem = { source: FILE, setting, reason };
    expect(resolve({ [setting]: value }).problems).toEqual([problem]);
    const variable = { [environmentName(setting)]: '1' };
    const { overridden } = resolve({ [setting]: value }, variable);
    expect(overridden).toEqual([problem]);
  });

  it('of values that another place overrides are told apart', () => {
    const env = { REDIS_DB: 'x', TRITERM_REDIS_DB: '1', TRITERM_MAX_CLIENTS: '2' };
    const { config, problems, overridden } = resolve({ maxClients: 'many' }, env);
    expect(config).toMatchObject({ maxClients: 2, redisDb: 1 });
    expect(problems).toEqual([]);
    expect(overridden.map(({ source, setting }) => [source, setting])).toEqual([
      [FILE, 'maxClients'],
      ['REDIS_DB', 'redisDb'],
    ]);
  });

  it('quote no value, which may be a password', () => {
    const names = Object.keys(configSchema.shape);
    const bad = { hunter2: ['hunter2'] };
    const inFile = Object.fromEntries(names.map(name => [name, bad]));
    const env = Object.fromEntries(names.map(name => [environmentName(name), 'hunter2'.repeat(40)]));
    for (const { problems, overridden } of [resolve(inFile), resolve(inFile, env), resolve({}, env)]) {
      expect(problems.length).toBeGreaterThan(0);
      expect(JSON.stringify([problems, overridden])).not.toContain('hunter2');
    }
  });
});
