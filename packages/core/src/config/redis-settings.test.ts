import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaSync } from 'execa';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TermError } from '../errors/index.ts';
import type { RedisSettings as StoreRedisSettings } from '../store/redis/settings.ts';
import { redisSettings } from './redis-settings.ts';
import { type Config, configSchema } from './schema.ts';

const PLAIN = { db: 0 };

/** The store, which may not know the configuration, takes it as it is. */
function settings(given: Partial<Config>): StoreRedisSettings | undefined {
  return redisSettings(configSchema.parse(given));
}

function refusal(given: Partial<Config>): TermError {
  try {
    settings(given);
  } catch (thrown) {
    if (thrown instanceof TermError && thrown.code === 'BAD_CONFIG') return thrown;
    throw thrown;
  }
  throw new Error(`not refused: ${JSON.stringify(given)}`);
}

describe('what the configuration says of Redis', () => {
  it('speaks TLS to rediss://', () => {
    expect(settings({ redisUrl: 'rediss://[::1]:6380' })).toMatchObject({
      topology: 'single',
      host: '::1',
      port: 6380,
      tls: expect.any(Object),
    });
  });

  it.each(['cache:6379', 'http://cache', 'redis://', 'redis://:secret@cache/x', 'redis://:%E0%A4%A@cache'])(
    'refuses the address %s, and shows no password',
    redisUrl => {
      expect(refusal({ redisUrl }).message).not.toContain('secret');
    },
  );

  it('is nothing until something names one', () => {
    expect(settings({})).toBeUndefined();
    expect(settings({ redisPort: 7000, redisPassword: 'x', redisTls: true })).toBeUndefined();
  });

  it('is a single server by host and port', () => {
    expect(settings({ redisHost: 'cache' })).toEqual({
      ...PLAIN,
      topology: 'single',
      host: 'cache',
      port: 6379,
    });
    expect(
      settings({ redisHost: '[::1]', redisPort: 7, redisDb: 3, redisUsername: 'u', redisPassword: 'p' }),
    ).toEqual({
      username: 'u',
      password: 'p',
      db: 3,
      topology: 'single',
      host: '::1',
      port: 7,
    });
  });

  it.each([
    ['redis://cache', { ...PLAIN, topology: 'single', host: 'cache', port: 6379 }],
    ['redis://[::1]:7/', { ...PLAIN, topology: 'single', host: '::1', port: 7 }],
    [
      'redis://me:p%40ss@cache:7/4',
      {
        username: 'me',
        password: 'p@ss',
        db: 4,
        topology: 'single',
        host: 'cache',
        port: 7,
      },
    ],
    ['redis://:only@cache', { ...PLAIN, password: 'only', topology: 'single', host: 'cache', port: 6379 }],
    ['redis://cache:7000/', { ...PLAIN, topology: 'single', host: 'cache', port: 7000 }],
    ['redis://:p%40ss@cache/3', { password: 'p@ss', db: 3, topology: 'single', host: 'cache', port: 6379 }],
    [
      'redis://user:pass@10.0.0.1:1',
      { ...PLAIN, username: 'user', password: 'pass', topology: 'single', host: '10.0.0.1', port: 1 },
    ],
  ])('reads the address %s', (redisUrl, expected) => {
    expect(settings({ redisUrl })).toEqual(expected);
  });

  it('takes from beside an address what it leaves open, and the same twice', () => {
    expect(settings({ redisUrl: 'redis://c', redisDb: 2, redisPassword: 'p' })).toMatchObject({
      db: 2,
      password: 'p',
    });
    expect(settings({ redisUrl: 'redis://:p@c/2', redisDb: 2, redisPassword: 'p' })).toMatchObject({ db: 2 });
  });

  it('is the Sentinels with the name of the master', () => {
    expect(
      settings({
        redisSentinels: ['a', 'b:7', '[::1]:8'],
        redisSentinelName: 'main',
        redisSentinelPassword: 'sp',
        redisPassword: 'p',
        redisDb: 1,
      }),
    ).toEqual({
      ...PLAIN,
      password: 'p',
      db: 1,
      topology: 'sentinel',
      name: 'main',
      sentinelPassword: 'sp',
      sentinels: [
        { host: 'a', port: 26_379 },
        { host: 'b', port: 7 },
        { host: '::1', port: 8 },
      ],
    });
  });

  it('is some nodes of a cluster', () => {
    expect(settings({ redisClusterNodes: ['a', 'b:7'] })).toEqual({
      ...PLAIN,
      topology: 'cluster',
      nodes: [
        { host: 'a', port: 6379 },
        { host: 'b', port: 7 },
      ],
    });
  });

  it.each<[Partial<Config>, keyof Config]>([
    [{ redisUrl: 'redis://c', redisHost: 'c' }, 'redisHost'],
    [{ redisUrl: 'redis://c', redisClusterNodes: ['a'] }, 'redisClusterNodes'],
    [{ redisHost: 'c', redisSentinels: ['a'], redisSentinelName: 'm' }, 'redisSentinels'],
    [{ redisSentinels: ['a'] }, 'redisSentinelName'],
    [{ redisHost: 'c', redisSentinelName: 'm' }, 'redisSentinelName'],
    [{ redisHost: 'c', redisSentinelPassword: 'x' }, 'redisSentinelPassword'],
    [{ redisUrl: 'redis://c', redisPort: 7 }, 'redisPort'],
    [{ redisClusterNodes: ['a'], redisPort: 7 }, 'redisPort'],
    [{ redisClusterNodes: ['a'], redisDb: 1 }, 'redisDb'],
    [{ redisUrl: 'redis://c/1', redisDb: 2 }, 'redisDb'],
    [{ redisUrl: 'redis://u@c', redisUsername: 'v' }, 'redisUsername'],
    [{ redisUrl: 'redis://:p@c', redisPassword: 'q' }, 'redisPassword'],
    [{ redisHost: 'redis://c' }, 'redisHost'],
    [{ redisHost: 'c:7' }, 'redisHost'],
    [{ redisHost: 'u@c' }, 'redisHost'],
    [{ redisClusterNodes: ['a:0'] }, 'redisClusterNodes'],
    [{ redisClusterNodes: ['a:65536'] }, 'redisClusterNodes'],
    [{ redisClusterNodes: ['::1'] }, 'redisClusterNodes'],
    [{ redisSentinels: ['redis://a'], redisSentinelName: 'm' }, 'redisSentinels'],
    [{ redisUrl: 'http://c' }, 'redisUrl'],
    [{ redisUrl: 'c:6379' }, 'redisUrl'],
    [{ redisUrl: 'redis://' }, 'redisUrl'],
    [{ redisUrl: 'redis://c:70000' }, 'redisUrl'],
    [{ redisUrl: 'redis://c:0' }, 'redisUrl'],
    [{ redisUrl: 'redis://c/name' }, 'redisUrl'],
    [{ redisUrl: 'redis://c?db=1' }, 'redisUrl'],
    [{ redisUrl: 'redis://:50%@c' }, 'redisUrl'],
    [{ redisHost: 'c', redisTlsCa: '/ca' }, 'redisTlsCa'],
    [{ redisHost: 'c', redisTlsServerName: 'n' }, 'redisTlsServerName'],
  ])('is refused when it contradicts itself: %j', (given, setting) => {
    const error = refusal(given);
    expect(error.details).toMatchObject({ setting });
    expect(error.message).toContain(`${setting} (REDIS_`);
  });

  it('refuses the ports that none can be', () => {
    for (const redisPort of [0, 65_536, 1.5])
      expect(configSchema.safeParse({ redisHost: 'c', redisPort }).success).toBe(false);
  });

  it('never tells a password', () => {
    const secret = fc.stringMatching(/^[a-z0-9%#?@/:[\] ]{8,20}$/).map(text => `s3cr3t${text}`);
    const form = fc.constantFrom(
      (password: string) => ({ redisUrl: `redis://u:${password}@c:99999` }),
      (password: string) => ({ redisUrl: `redis://u:${password}@c`, redisPassword: 'other' }),
      (password: string) => ({ redisUrl: `u:${password}@c` }),
      (password: string) => ({ redisHost: `u:${password}@c` }),
      (password: string) => ({ redisHost: 'c', redisSentinelPassword: password }),
      (password: string) => ({ redisClusterNodes: [`u:${password}@c`] }),
    );
    fc.assert(
      fc.property(secret, form, (password, build) => {
        try {
          settings(build(password));
        } catch (thrown) {
          const error = TermError.from(thrown);
          expect(error.code).toBe('BAD_CONFIG');
          expect(JSON.stringify([error.toWire(), String(error.cause)])).not.toContain('s3cr3t');
        }
      }),
    );
  });
});

describe('TLS to Redis', () => {
  let dir: string;
  const file = (name: string): string => join(dir, name);
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'triterm-tls-'));
    for (const name of ['a', 'b']) {
      const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
      execaSync('openssl', [
        ...args,
        '-keyout',
        file(`${name}.key`),
        '-out',
        file(`${name}.crt`),
        '-subj',
        '/CN=c',
      ]);
    }
    writeFileSync(file('junk'), 'no certificate');
    writeFileSync(file('broken'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('is on by its setting or the scheme, with the authorities of the system', () => {
    const tls = { rejectUnauthorized: true };
    expect(settings({ redisUrl: 'rediss://c' })?.tls).toEqual(tls);
    expect(settings({ redisHost: 'c', redisTls: true })?.tls).toEqual(tls);
    expect(settings({ redisClusterNodes: ['c'], redisTls: true })?.tls).toEqual(tls);
  });

  it('reads what its files hold', () => {
    const tls = settings({
      redisUrl: 'rediss://c',
      redisTlsCa: file('a.crt'),
      redisTlsCert: file('b.crt'),
      redisTlsKey: file('b.key'),
      redisTlsServerName: 'name',
      redisTlsRejectUnauthorized: false,
    })?.tls;
    expect(tls).toMatchObject({ servername: 'name', rejectUnauthorized: false });
    expect(tls?.ca).toMatch(/^-----BEGIN CERTIFICATE-----/);
    expect(tls?.key).toMatch(/PRIVATE KEY-----/);
  });

  it.each<[Partial<Record<keyof Config, string>>, keyof Config, RegExp]>([
    [{ redisTlsCa: 'missing' }, 'redisTlsCa', /cannot read .*missing: ENOENT/],
    [{ redisTlsCa: '.' }, 'redisTlsCa', /cannot read .*: EISDIR/],
    [{ redisTlsCa: 'junk' }, 'redisTlsCa', /holds no certificate/],
    [{ redisTlsCa: 'broken' }, 'redisTlsCa', /holds no certificate/],
    [{ redisTlsCert: 'a.crt' }, 'redisTlsCert', /needs redisTlsKey/],
    [{ redisTlsKey: 'a.key' }, 'redisTlsKey', /needs redisTlsCert/],
    [{ redisTlsCert: 'a.crt', redisTlsKey: 'a.crt' }, 'redisTlsKey', /holds no key/],
    [{ redisTlsCert: 'a.crt', redisTlsKey: 'b.key' }, 'redisTlsKey', /is not the key of redisTlsCert/],
  ])('is refused for files that do not serve: %j', (files, setting, reason) => {
    const paths = Object.fromEntries(Object.entries(files).map(([name, path]) => [name, file(path)]));
    const error = refusal({ redisUrl: 'rediss://c', ...paths });
    expect(error.details).toMatchObject({ setting });
    expect(error.message).toMatch(reason);
  });
});
