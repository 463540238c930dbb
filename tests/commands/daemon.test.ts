import { appendFileSync, chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SessionInfo } from '@triterm/core/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunningCommand } from '../support/running-command.ts';
import { isAlive, Triterm, until } from '../support/triterm.ts';

interface Status {
  readonly pid: number;
  readonly ptyHostPid: number | null;
  readonly version: string;
  readonly uptimeMs: number;
  readonly sessions: number;
  readonly clients: number;
}

let triterm: Triterm;
beforeEach(() => {
  triterm = new Triterm();
});
afterEach(() => triterm[Symbol.asyncDispose]());

const status = () => triterm.json<Status>('daemon', 'status');

describe('starting the daemon', () => {
  it('is done by any command that needs it, once, however many ask at once', async () => {
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        triterm.run(['new', '-d', '-n', `s${index}`, '--', 'cat'], { timeoutMs: 60_000 }),
      ),
    );
    expect(made.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(made.map(() => [0, '']));
    const sessions = await triterm.json<SessionInfo[]>('ls');
    expect(sessions).toHaveLength(20);
    expect(new Set(sessions.map(({ pid }) => pid)).size).toBe(20);
    expect((await status()).sessions).toBe(20);
  });

  it('is not done by those that only look', async () => {
    for (const args of [['daemon', 'status'], ['daemon', 'stop'], ['doctor'], ['completion', 'bash']])
      await triterm.run(args);
    expect((await triterm.run(['daemon', 'status'])).exitCode).toBe(6);
    expect(existsSync(join(triterm.stateDir, 'daemon.lock'))).toBe(false);
  });

  it('keeps state and socket to ourselves', async () => {
    await triterm.ok('ls');
    const mode = (path: string) => statSync(join(triterm.stateDir, path)).mode & 0o777;
    expect([mode('.'), mode('run'), mode('run/tritermd.sock'), mode('tritermd.log')]).toEqual([
      0o700, 0o700, 0o600, 0o600,
    ]);
  });

  it('replaces the socket that a killed one has left', async () => {
    await triterm.ok('ls');
    await triterm.killDaemon();
    expect((await triterm.run(['daemon', 'status'])).exitCode).toBe(6);
    expect(await triterm.json('ls')).toEqual([]);
  });

  it.each<[string, (triterm: Triterm) => void, number, string]>([
    [
      'its configuration is wrong',
      ({ env }) => {
        mkdirSync(join(env.HOME ?? '', '.config/triterm'), { recursive: true });
        writeFileSync(join(env.HOME ?? '', '.config/triterm/config.json'), '{"maxSession": 1}');
      },
      2,
      'did you mean maxSessions?',
    ],
    [
      'the state directory is open to others',
      ({ stateDir }) => {
        mkdirSync(stateDir);
        chmodSync(stateDir, 0o755);
      },
      5,
      'chmod 700',
    ],
    ['the state directory is a file', ({ stateDir }) => writeFileSync(stateDir, ''), 5, 'not a directory'],
    [
      'its lock is no database',
      ({ stateDir }) => {
        mkdirSync(stateDir, { mode: 0o700 });
        writeFileSync(join(stateDir, 'daemon.lock'), 'x'.repeat(4096));
      },
      6,
      'is not a lock file',
    ],
  ])('says why it cannot when %s', async (_, spoil, exitCode, message) => {
    spoil(triterm);
    const result = await triterm.run(['ls', '--json']);
    expect([result.exitCode, result.stdout]).toEqual([exitCode, '']);
    const { error } = JSON.parse(result.stderr) as { error: { message: string; hint: string } };
    expect(`${error.message}\n${error.hint}`).toContain(message);
  });
});

describe('triterm daemon', () => {
  it('start says that it runs, and the same when it does', async () => {
    const { stderr } = await triterm.run(['daemon', 'start']);
    const pid = triterm.daemonPid;
    expect(stderr).toMatch(new RegExp(`^tritermd [\\d.]+ runs with pid ${pid}\\.\n$`));
    expect(await triterm.json('daemon', 'start')).toMatchObject({ pid });
  });

  it('status tells pid, ptyHostPid, version, uptimeMs, sessions and clients', async () => {
    await triterm.ok('new', '-d', '-n', 'work', '--', 'cat');
    await using terminal = triterm.open(['attach', 'work']);
    await until(async () => (await status()).clients === 1, 'the client');
    const told = await status();
    expect(told).toMatchObject({
      pid: triterm.daemonPid,
      ptyHostPid: expect.any(Number),
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      uptimeMs: expect.any(Number),
      sessions: 1,
      clients: 1,
    });
    expect(isAlive(told.ptyHostPid ?? 0)).toBe(true);
    expect(await triterm.ok('daemon', 'status')).toMatch(/^pid +\d+\nversion +[\s\S]*\nclients +1\n/);
    terminal.signal('SIGTERM');
  });

  it('stop keeps it stopped, and sessions alive, until it is started', async () => {
    const { pid: program } = await triterm.json<SessionInfo>('new', '-d', '-n', 'work', '--', 'cat');
    const { pid } = await status();
    expect(await triterm.json('daemon', 'stop')).toEqual({ pid });
    expect(isAlive(pid)).toBe(false);
    for (const args of [['ls'], ['new', '-d'], ['capture', 'work'], ['events']]) {
      const { stderr, exitCode } = await triterm.run(args);
      expect([exitCode, stderr]).toEqual([6, expect.stringContaining('triterm daemon start')]);
    }
    expect(await triterm.json('daemon', 'stop')).toEqual({ pid: null });
    await triterm.ok('daemon', 'start');
    expect(await triterm.json('ls')).toEqual([expect.objectContaining({ state: 'running', pid: program })]);
  });

  it('stop --kill-sessions ends everything', async () => {
    const { pid } = await triterm.json<SessionInfo>('new', '-d', '--', 'cat');
    await triterm.ok('daemon', 'stop', '--kill-sessions');
    await until(() => !isAlive(pid ?? 0), 'the end of the program');
    await until(() => triterm.pids.length === 0, 'the end of the hosts');
  });

  it('restart keeps sessions and attached clients', async () => {
    const { pid: program } = await triterm.json<SessionInfo>('new', '-d', '-n', 'work', '--', 'cat');
    const before = await status();
    await using terminal = triterm.open(['attach', 'work']);
    terminal.type('before\r');
    await terminal.untilText('before\nbefore');
    const { stderr } = await triterm.run(['daemon', 'restart']);
    expect(stderr).toMatch(/^tritermd .* runs with pid \d+\.\n$/);
    const after = await status();
    expect(after.pid).not.toBe(before.pid);
    expect(after.ptyHostPid).toBe(before.ptyHostPid);
    terminal.type('after\r');
    await terminal.untilText('before\nbefore\nafter\nafter');
    expect(await triterm.json('ls')).toEqual([expect.objectContaining({ pid: program })]);
  });

  it('restart leaves the one that runs alone when no other would start', async () => {
    await triterm.ok('daemon', 'start');
    const { daemonPid } = triterm;
    mkdirSync(join(triterm.dir, '.config/triterm'), { recursive: true });
    writeFileSync(join(triterm.dir, '.config/triterm/config.json'), '{ "maxSesions": 3, "term": "" }');
    const { exitCode, stderr } = await triterm.run(['daemon', 'restart']);
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/config\.json: term: .*\n.*1 more/)]);
    expect(await triterm.json('daemon', 'status')).toMatchObject({ pid: daemonPid });
  });

  it('restart --force replaces one that hangs, which every command tells of', async () => {
    await triterm.ok('new', '-d', '-n', 'work', '--', 'cat');
    const { pid } = await status();
    process.kill(pid, 'SIGSTOP');
    for (const args of [['ls'], ['daemon', 'status'], ['daemon', 'stop'], ['daemon', 'restart']]) {
      const { stderr, exitCode } = await triterm.run(args);
      expect([exitCode, stderr]).toEqual([
        6,
        expect.stringContaining(`tritermd (pid ${pid}) does not answer`),
      ]);
      expect(stderr).toContain('triterm daemon restart --force');
    }
    expect(await triterm.json('daemon', 'restart', '--force')).toMatchObject({ sessions: 1 });
    expect(isAlive(pid)).toBe(false);
    expect(await triterm.json('ls')).toEqual([expect.objectContaining({ state: 'running' })]);
  });

  it('logs prints its log, for people and programs, and follows it', async () => {
    const { stderr, exitCode } = await triterm.run(['daemon', 'logs']);
    expect([exitCode, stderr]).toEqual([6, expect.stringContaining('There is no log yet')]);
    await triterm.ok('ls');
    expect(await triterm.ok('daemon', 'logs')).toMatch(/^\d{4}-\d\d-\d\dT\S+Z info {2}serving pid=\d+ /m);
    const [line] = (await triterm.ok('daemon', 'logs', '-n', '1', '--json')).trimEnd().split('\n');
    expect(JSON.parse(line ?? '')).toMatchObject({
      level: 'info',
      time: expect.any(String),
      msg: expect.any(String),
    });
    await using following = new RunningCommand(triterm, ['daemon', 'logs', '-f', '-n', '0', '--json']);
    let written = 0;
    await until(() => {
      written += 1;
      appendFileSync(join(triterm.stateDir, 'tritermd.log'), `{"level":"info","msg":"line ${written}"}\n`);
      return following.lines.length > 0;
    }, 'a line of the log');
    await triterm.ok('daemon', 'restart');
    await following.until(lines => lines.some(text => text.includes('"serving"')));
    following.signal('SIGINT');
    expect(await following.exited()).toBeNull();
  });
});
