import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TermError } from '../errors/index.ts';
import { type Agreement, checkChange, checkConfig } from './check-config.ts';
import { resolvePaths } from './paths.ts';

let dir: string;
let paths: ReturnType<typeof resolvePaths>;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'triterm-check-'));
  paths = resolvePaths({ TRITERM_STATE_DIR: dir, TRITERM_CONFIG: join(dir, 'config.json') }, dir);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function check(inFile: unknown, env: NodeJS.ProcessEnv = {}) {
  const text = typeof inFile === 'string' ? inFile : JSON.stringify(inFile);
  writeFileSync(paths.configFile, text, { mode: 0o600 });
  return checkConfig(paths, env);
}
const settingsOf = (problems: readonly { setting: string | null }[]) =>
  problems.map(({ setting }) => setting);

describe('checking the configuration', () => {
  it('finds nothing in none, and in a good one', () => {
    expect(checkConfig(paths, {})).toEqual({ problems: [], warnings: [] });
    expect(check({ maxSessions: 1, redisHost: 'h' }, { TRITERM_MAX_CLIENTS: '3' })).toEqual({
      problems: [],
      warnings: [],
    });
  });

  it('finds everything at once: bad values, unknown settings and what does not go together', () => {
    const { problems } = check({
      maxClients: 'many',
      maxSesions: 1,
      databaseUrl: 'mysql://h/n',
      redisUrl: 'redis://a',
      redisHost: 'b',
      listen: 'wss://0.0.0.0:7443',
      metricsListen: '0.0.0.0:80',
    });
    expect(settingsOf(problems).sort()).toEqual(
      ['databaseUrl', 'maxClients', 'maxSesions', 'metricsListen', 'redisHost', 'tlsCert'].sort(),
    );
    for (const { source } of problems) expect(source).toBe(paths.configFile);
  });

  it('names the variable that does not go together with the file', () => {
    const { problems } = check({ redisHost: 'h' }, { TRITERM_REDIS_SENTINEL_NAME: 'm' });
    expect(problems).toEqual([
      { source: 'TRITERM_REDIS_SENTINEL_NAME', setting: 'redisSentinelName', reason: 'needs redisSentinels' },
    ]);
  });

  it('looks at the files that settings name', () => {
    const missing = join(dir, 'missing.pem');
    const tls = { tlsCert: missing, tlsKey: missing };
    expect(check({ listen: 'wss://h:1', ...tls }).problems).toMatchObject([
      { setting: 'tlsCert', reason: `cannot read ${missing}: ENOENT` },
    ]);
    expect(check({ redisUrl: 'rediss://h', redisTlsCa: missing }).problems).toMatchObject([
      { setting: 'redisTlsCa' },
    ]);
  });

  it('draws no conclusions from a value that is bad itself', () => {
    const { problems } = check({ listen: 7443, advertiseUrl: 'wss://h' });
    expect(settingsOf(problems)).toEqual(['listen']);
  });

  it('finds what an overriding variable hides: another environment may be without it', () => {
    expect(settingsOf(check({ maxClients: 'many' }, { TRITERM_MAX_CLIENTS: '3' }).problems)).toEqual([
      'maxClients',
    ]);
  });

  it('goes on with the variables when the file is no JSON', () => {
    const { problems } = check('{"redisPassword": hunter2}', { TRITERM_LEASE_MS: '1' });
    expect(problems).toEqual([
      { source: paths.configFile, setting: null, reason: expect.stringMatching(/^is not JSON/) },
      { source: 'TRITERM_LEASE_MS', setting: 'leaseMs', reason: expect.any(String) },
    ]);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  it('warns of unknown variables, and of secrets in a file that others can read', () => {
    const { problems, warnings } = check(
      { redisHost: 'h', redisPassword: 'x' },
      { TRITERM_MAX_SESION: '3', TRITERM_HOST: 'x', TRITERM_SESSION: 'x', TRITERM_CONFIG: 'x', PATH: 'x' },
    );
    expect(problems).toEqual([]);
    expect(warnings).toEqual([
      {
        source: 'TRITERM_MAX_SESION',
        setting: null,
        reason: 'unknown variable, which has no effect; did you mean TRITERM_MAX_SESSIONS?',
      },
    ]);
    chmodSync(paths.configFile, 0o644);
    expect(checkConfig(paths, {}).warnings).toMatchObject([
      { setting: 'redisPassword', reason: expect.stringContaining(`chmod 600 '${paths.configFile}'`) },
    ]);
  });
});

describe('a change', () => {
  const change = (before: object, after: object, env: NodeJS.ProcessEnv = {}) => {
    const [old, next] = [{ ...before }, { ...after }] as Record<string, unknown>[];
    const names = [...Object.keys({ ...old, ...next })].filter(name => old?.[name] !== next?.[name]);
    return checkChange({ before: old ?? {}, after: next ?? {}, names }, paths, env);
  };

  it.each([
    ['a bad value', {}, { maxClients: 'x' }, ['maxClients']],
    ['another bad value for a bad one', { maxClients: 'x' }, { maxClients: 'y' }, ['maxClients']],
    ['an unknown setting', {}, { colour: 1 }, ['colour']],
    [
      'what does not go with the rest',
      { redisUrl: 'redis://a' },
      { redisUrl: 'redis://a', redisHost: 'h' },
      ['redisHost'],
    ],
    [
      'removing what another setting needs',
      { redisHost: 'h', redisPort: 1 },
      { redisPort: 1, redisUrl: 'redis://a' },
      ['redisPort'],
    ],
  ])('that brings %s is refused', (_name, before, after, broken) => {
    expect(settingsOf(change(before, after).broken)).toEqual(broken);
  });

  it('that a variable hides is refused all the same', () => {
    const env = { TRITERM_MAX_CLIENTS: '3' };
    expect(settingsOf(change({}, { maxClients: 'x' }, env).broken)).toEqual(['maxClients']);
  });

  it('is not refused for what was wrong before, which is told', () => {
    const env = { TRITERM_LEASE_MS: '1' };
    const before = { colour: 1, redisUrl: 'redis://a', redisHost: 'h' };
    const { broken, left } = change(before, { ...before, maxClients: 2 }, env);
    expect(broken).toEqual([]);
    expect(settingsOf(left)).toEqual(['leaseMs', 'colour', 'redisHost']);
  });

  it('that mends a part is not refused for the rest that this brings to light', () => {
    const before = { redisUrl: 'redis://a', redisHost: 'h', redisSentinelName: 'm' };
    const { broken, left } = change(before, { redisHost: 'h', redisSentinelName: 'm' });
    expect([broken, settingsOf(left)]).toEqual([[], ['redisSentinelName']]);
    const unreadable = change(
      { redisPort: 'x', redisUrl: 'redis://a' },
      { redisPort: 1, redisUrl: 'redis://a' },
    );
    expect([unreadable.broken, settingsOf(unreadable.left)]).toEqual([[], ['redisPort']]);
  });

  it('is measured by what the client asks for too', () => {
    const agreement: Agreement = {
      settings: ['detachKey'],
      check: ({ detachKey }) => {
        if (detachKey === 'a')
          throw new TermError('BAD_CONFIG', 'x', { details: { setting: 'detachKey', reason: 'r' } });
      },
    };
    const wish = { before: {}, after: { detachKey: 'a' }, names: ['detachKey'] };
    expect(checkChange(wish, paths, {}, [agreement]).broken).toEqual([
      { source: paths.configFile, setting: 'detachKey', reason: 'r' },
    ]);
  });

  it('that is not refused leaves a good configuration good, whatever it is', () => {
    const values = fc.constantFrom<unknown>(
      '',
      'h',
      'redis://a',
      'rediss://b',
      'postgres://h/n',
      6379,
      null,
      ['h'],
      true,
      'x:1',
    );
    const names = fc.constantFrom(
      ...[
        'redisUrl',
        'redisHost',
        'redisPort',
        'redisSentinels',
        'redisSentinelName',
        'redisTls',
        'redisTlsServerName',
      ],
      ...['databaseUrl', 'databaseListenUrl', 'listen', 'advertiseUrl', 'metricsListen', 'colour'],
    );
    const wishes = fc.array(fc.tuple(names, fc.option(values, { nil: undefined })), { maxLength: 25 });
    fc.assert(
      fc.property(wishes, list => {
        let inFile: Record<string, unknown> = {};
        for (const [name, value] of list) {
          const after = Object.fromEntries(
            Object.entries({ ...inFile, [name]: value }).filter(([, kept]) => kept !== undefined),
          );
          const { broken, left } = checkChange({ before: inFile, after, names: [name] }, paths, {});
          expect(left).toEqual([]);
          if (broken.length === 0) inFile = after;
        }
        expect(check(inFile).problems).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
