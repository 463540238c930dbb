import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isSecretValue, readableSecrets } from './secret-settings.ts';

describe('secrets in the configuration file', () => {
  let dir: string;
  let configFile: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'triterm-secrets-'));
    configFile = join(dir, 'config.json');
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  function found(settings: Record<string, string>, mode: number): string[] {
    writeFileSync(configFile, JSON.stringify(settings));
    chmodSync(configFile, mode);
    return readableSecrets({ configFile });
  }

  const secrets = {
    redisPassword: 'x',
    redisSentinelPassword: 'x',
    databaseUrl: 'postgres://u:x@h/n',
    databaseListenUrl: 'postgres:///n?password=x',
    redisUrl: 'redis://:x@h:99999',
  };

  it.each([0o644, 0o640, 0o604])('are told when mode %o lets others read them', mode => {
    writeFileSync(configFile, '{}');
    if (process.geteuid?.() === 0) chownSync(configFile, 65_534, 65_534);
    expect(found(secrets, mode).sort()).toEqual(Object.keys(secrets).sort());
  });

  it.runIf(process.geteuid?.() === 0)(
    'are for the group of a file of root’s, which is that of a service',
    () => {
      expect(found(secrets, 0o640)).toEqual([]);
      expect(found(secrets, 0o644).sort()).toEqual(Object.keys(secrets).sort());
    },
  );

  it('are nobody’s concern when only the owner reads the file', () => {
    expect(found(secrets, 0o600)).toEqual([]);
    expect(found(secrets, 0o700)).toEqual([]);
  });

  it('are none without a password', () => {
    const settings = {
      redisPassword: '',
      databaseUrl: 'postgres://u@h/n',
      redisUrl: 'redis://h',
      shell: 'x:y@z',
    };
    expect(found(settings, 0o644)).toEqual([]);
  });

  it('are none without a file', () => {
    expect(readableSecrets({ configFile: join(dir, 'none') })).toEqual([]);
  });
});

describe('a value', () => {
  it.each([
    ['redisPassword', 'x'],
    ['clusterSecret', 'x'],
    ['databaseUrl', 'postgres://u:p@h/n'],
    ['databaseUrl', 'postgres:///n?sslpassword=p'],
    // A slip that makes it no URL does not make it public.
    ['databaseUrl', 'postgres://u:p/ss@h/n'],
    ['databaseUrl', 'postgres//u:p@h'],
    ['redisUrl', 'redis://:p@h:port'],
  ])('is a secret: %s %s', (setting, value) => expect(isSecretValue(setting, value)).toBe(true));

  it.each([
    ['redisPassword', ''],
    ['databaseUrl', 'postgres://u@h/n'],
    ['databaseUrl', 'sqlite:/a@b'],
    ['redisUrl', 'redis://h:1'],
    ['shell', 'a:b@c'],
    ['maxSessions', 5],
  ])('is none: %s %s', (setting, value) => expect(isSecretValue(setting, value)).toBe(false));
});
