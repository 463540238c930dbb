import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refreshSessionEnvironment, renderFish, renderSh } from './refresh.ts';
import { installed } from './testing/pty-shell.ts';

const LIST = ['SSH_AUTH_SOCK', 'DISPLAY', 'WAYLAND_DISPLAY'];
const AWKWARD = 'it\'s "a" $HOME `id` \\ \\\' \n é *';

describe('the environment of a session that is refreshed', () => {
  let root: string;
  let dir: string;
  const servers: Server[] = [];

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'triterm-refresh-'));
    dir = join(root, 'session');
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) await new Promise(resolve => server.close(resolve));
    rmSync(root, { recursive: true, force: true });
  });

  async function agent(name: string): Promise<string> {
    const path = join(root, name);
    const server = createServer();
    servers.push(server);
    await new Promise<void>(resolve => server.listen(path, resolve));
    return path;
  }

  const sourced = (name: string): string =>
    execFileSync('sh', ['-c', `. '${dir}/environment.sh'; printf %s "\${${name}-unset}"`], {
      env: { DISPLAY: 'old', WAYLAND_DISPLAY: 'old' },
      encoding: 'utf8',
    });

  it('sets what the client has and unsets what it has not', async () => {
    await refreshSessionEnvironment(dir, LIST, { DISPLAY: AWKWARD, HOME: '/not/listed' });
    expect(sourced('DISPLAY')).toBe(AWKWARD);
    expect(sourced('WAYLAND_DISPLAY')).toBe('unset');
    expect(readFileSync(join(dir, 'environment.sh'), 'utf8')).not.toContain('HOME=');
  });

  it.skipIf(installed('fish') === undefined)('says the same to fish', async () => {
    await refreshSessionEnvironment(dir, LIST, { DISPLAY: AWKWARD });
    const script = `source '${dir}/environment.fish'; printf '%s|' $DISPLAY; set -q WAYLAND_DISPLAY; or printf unset`;
    const env = { HOME: root, PATH: process.env.PATH, WAYLAND_DISPLAY: 'old', LANG: 'C.UTF-8' };
    expect(execFileSync('fish', ['--no-config', '-c', script], { env, encoding: 'utf8' })).toBe(
      `${AWKWARD}|unset`,
    );
  });

  it('is private, and leaves nothing else behind', async () => {
    await refreshSessionEnvironment(dir, LIST, { DISPLAY: ':1', SSH_AUTH_SOCK: '/tmp/agent' });
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, 'environment.sh')).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, 'environment.fish')).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir).sort()).toEqual(['environment.fish', 'environment.sh', 'ssh-auth-sock']);
  });

  it('writes only what has changed', async () => {
    expect((await refreshSessionEnvironment(dir, LIST, { DISPLAY: ':1' })).changed).toBe(true);
    const { ino } = statSync(join(dir, 'environment.sh'));
    expect((await refreshSessionEnvironment(dir, LIST, { DISPLAY: ':1' })).changed).toBe(false);
    expect(statSync(join(dir, 'environment.sh')).ino).toBe(ino);
    expect((await refreshSessionEnvironment(dir, LIST, { DISPLAY: ':2' })).changed).toBe(true);
  });

  it('names its content in the first line of both files', async () => {
    const { stamp } = await refreshSessionEnvironment(dir, LIST, { DISPLAY: ':1' });
    for (const file of ['environment.sh', 'environment.fish']) {
      expect(readFileSync(join(dir, file), 'utf8').split('\n')[0]).toBe(stamp);
    }
    expect((await refreshSessionEnvironment(dir, LIST, { DISPLAY: ':2' })).stamp).not.toBe(stamp);
    expect((await refreshSessionEnvironment(dir, LIST, { DISPLAY: ':1' })).stamp).toBe(stamp);
  });

  it('gives the agent a stable name that follows the client', async () => {
    const link = join(dir, 'ssh-auth-sock');
    const [first, second] = [await agent('one'), await agent('two')];
    expect((await refreshSessionEnvironment(dir, LIST, { SSH_AUTH_SOCK: first })).agentSocket).toBe(link);
    expect(readlinkSync(link)).toBe(first);
    const { changed, stamp } = await refreshSessionEnvironment(dir, LIST, { SSH_AUTH_SOCK: second });
    expect(changed).toBe(true);
    expect(readlinkSync(link)).toBe(second);
    expect(sourced('SSH_AUTH_SOCK')).toBe(link);
    expect((await refreshSessionEnvironment(dir, LIST, { SSH_AUTH_SOCK: second })).stamp).toBe(stamp);
  });

  it('keeps an agent that still listens when a client without one attaches, and drops one that is gone', async () => {
    const path = await agent('one');
    await refreshSessionEnvironment(dir, LIST, { SSH_AUTH_SOCK: path });
    expect((await refreshSessionEnvironment(dir, LIST, {})).agentSocket).toBe(join(dir, 'ssh-auth-sock'));
    rmSync(path);
    expect((await refreshSessionEnvironment(dir, LIST, {})).agentSocket).toBeUndefined();
    expect(existsSync(join(dir, 'ssh-auth-sock'))).toBe(false);
    expect(sourced('SSH_AUTH_SOCK')).toBe('unset');
  });

  it('never links to itself, nor in a circle through another session', async () => {
    const path = await agent('one');
    const other = join(root, 'other');
    const [link, otherLink] = [join(dir, 'ssh-auth-sock'), join(other, 'ssh-auth-sock')];
    await refreshSessionEnvironment(dir, LIST, { SSH_AUTH_SOCK: path });
    await refreshSessionEnvironment(dir, LIST, { SSH_AUTH_SOCK: link });
    expect(readlinkSync(link)).toBe(path);
    await refreshSessionEnvironment(other, LIST, { SSH_AUTH_SOCK: link });
    await refreshSessionEnvironment(dir, LIST, { SSH_AUTH_SOCK: otherLink });
    expect(readlinkSync(link)).toBe(path);
    expect(readlinkSync(otherLink)).toBe(path);
  });

  it('hands on the client’s own socket where the stable name would be too long for one', async () => {
    const path = await agent('one');
    dir = join(root, 'x'.repeat(100));
    expect((await refreshSessionEnvironment(dir, LIST, { SSH_AUTH_SOCK: path })).agentSocket).toBe(path);
    expect(sourced('SSH_AUTH_SOCK')).toBe(path);
  });

  it('leaves out names that no shell can set and values beyond all reason', async () => {
    await refreshSessionEnvironment(dir, ['DISPLAY', 'A B', 'x;id', 'BIG'], {
      DISPLAY: ':1',
      BIG: 'x'.repeat(40_000),
    });
    const text = readFileSync(join(dir, 'environment.sh'), 'utf8');
    expect(text.split('\n').slice(1)).toEqual(["export DISPLAY=':1'", '']);
  });

  it('writes through no symlink and into nothing but a directory of ours', async () => {
    mkdirSync(join(root, 'elsewhere'));
    symlinkSync(join(root, 'elsewhere'), dir);
    await expect(refreshSessionEnvironment(dir, LIST, {})).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
    expect(readdirSync(join(root, 'elsewhere'))).toEqual([]);
    rmSync(dir);
    mkdirSync(dir);
    chmodSync(dir, 0o777);
    await refreshSessionEnvironment(dir, LIST, {});
    expect(lstatSync(dir).mode & 0o777).toBe(0o700);
  });
});

describe('the files that shells source', () => {
  it('quote every value', () => {
    const values = new Map([
      ['A', "it's"],
      ['B', undefined],
    ]);
    expect(renderSh(values)).toBe("export A='it'\\''s'\nunset B\n");
    expect(renderFish(values)).toBe("set -gx A 'it\\'s'\nset -e B\n");
  });
});
