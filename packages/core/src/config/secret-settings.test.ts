import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readableSecrets } from './secret-settings.ts';

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
    expect(found(secrets, mode).sort()).toEqual(Object.keys(secrets).sort());
  });

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
