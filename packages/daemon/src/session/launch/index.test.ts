import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { prepareLaunch } from './index.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'triterm-launch-'));
  vi.stubEnv('HOME', home);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

function prepare(cwd: string, clientEnvironment: Record<string, string>) {
  return prepareLaunch({
    config: {
      shell: '/bin/sh',
      shellIntegration: false,
      term: 'xterm',
      dropEnvironment: [],
      refreshEnvironment: [],
    },
    argv: [],
    cwd,
    clientEnvironment,
    extraEnvironment: {},
    session: { id: 'abcdefghjkmn', name: 'main' },
    sessionDir: join(home, 'session'),
  });
}

it('starts at home, with what the account has, for a client that tells neither', async () => {
  const { cwd, env } = await prepare('', { LANG: 'de_DE.UTF-8' });
  expect(cwd).toBe(home);
  expect(env).toMatchObject({ HOME: home, PWD: home, PATH: process.env.PATH, LANG: 'de_DE.UTF-8' });
});

it('starts where a client says, with what it has', async () => {
  const { cwd, env } = await prepare('/', { HOME: '/client', PATH: '/bin' });
  expect(cwd).toBe('/');
  expect(env).toMatchObject({ HOME: '/client', PATH: '/bin' });
  await expect(prepare('relative', { HOME: '/client' })).rejects.toMatchObject({ code: 'BAD_CWD' });
});
