import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type Paths, resolvePaths } from '@triterm/core/config/paths';
import { TermError } from '@triterm/core/errors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServedDaemon } from '../testing/served-daemon.ts';
import { scratchDir } from '../testing/test-context.ts';
import { startDaemon } from './autostart.ts';
import { readProcessStat, signalProcess, waitUntilGone } from './daemon-process.ts';

const FAKE_DAEMON = fileURLToPath(new URL('./testing/fake-daemon.ts', import.meta.url));

let scratch: ReturnType<typeof scratchDir>;
let paths: Paths;

beforeEach(() => {
  scratch = scratchDir();
  paths = resolvePaths({ TRITERM_STATE_DIR: scratch.path });
});
afterEach(async () => {
  for (const pid of startedPids()) {
    signalProcess({ pid, startTime: null }, 'SIGKILL');
    await waitUntilGone({ pid, startTime: null }, 5000);
  }
  scratch[Symbol.dispose]();
});

function start(mode: string, timeoutMs = 15_000): Promise<Socket> {
  return startDaemon(paths, {
    env: { ...process.env, TRITERM_STATE_DIR: scratch.path, TRITERM_TEST_PID: String(process.pid) },
    deadline: performance.now() + timeoutMs,
    daemon: ['--conditions=@triterm/source', '--no-warnings', FAKE_DAEMON, mode],
  });
}

async function failure(mode: string, timeoutMs?: number): Promise<TermError> {
  const thrown = await start(mode, timeoutMs).catch((error: unknown) => error);
  if (thrown instanceof TermError) return thrown;
  throw new Error(`no TermError but ${String(thrown)}`);
}

/** The fake daemons that got as far as their own code. */
function startedPids(): number[] {
  return readdirSync(scratch.path).flatMap(name => {
    const pid = /^started-(\d+)$/.exec(name)?.[1];
    return pid === undefined ? [] : [Number(pid)];
  });
}

describe('starting the daemon', () => {
  it('connects to it as soon as it listens', async () => {
    const pid = Number(await text(await start('serve')));
    expect(startedPids()).toEqual([pid]);
  });

  it('begins a session of its own, in /, so that it outlives the terminal', async () => {
    const pid = await text(await start('serve'));
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const session = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3];
    expect(session).toBe(pid);
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('VITEST');
  });

  it('leads twenty clients that start it at once to one daemon', async () => {
    const sockets = await Promise.all(Array.from({ length: 20 }, () => start('serve')));
    const pids = await Promise.all(sockets.map(socket => text(socket)));
    expect(new Set(pids).size).toBe(1);
  });

  it('starts one again when the one that it made room for never listens', async () => {
    const pid = Number(await text(await start('yield-once')));
    expect(startedPids()).toContain(pid);
    expect(startedPids()).toHaveLength(2);
  });

  it('passes on what the daemon says is wrong', async () => {
    expect(await failure('fail')).toMatchObject({
      code: 'BAD_CONFIG',
      message: 'config.json: maxSessions: must be a number',
      hint: 'Correct it.',
    });
  });

  it('passes on what Node says when the daemon crashes, not what an earlier one said', async () => {
    await failure('fail');
    expect(await failure('crash')).toMatchObject({
      code: 'DAEMON_START_FAILED',
      message: 'tritermd did not start. Error: no such binding',
      hint: 'See `triterm daemon logs`.',
    });
  });

  it('gives up at its deadline', async () => {
    expect(await failure('hang', 400)).toMatchObject({
      code: 'DAEMON_START_FAILED',
      message: 'tritermd did not start. It does not listen in time.',
    });
    expect(await failure('yield', 400)).toMatchObject({ code: 'DAEMON_START_FAILED' });
  });

  it('waits for one that is there, and starts no other beside it', async () => {
    const startTime = readProcessStat(process.pid)?.startTime ?? null;
    writeFileSync(`${paths.lock}.json`, JSON.stringify({ pid: process.pid, startTime }));
    expect(await failure('serve', 400)).toMatchObject({
      code: 'DAEMON_NOT_RESPONDING',
      message: `tritermd (pid ${process.pid}) holds ${scratch.path} but listens nowhere.`,
    });
    expect(startedPids()).toEqual([]);

    await using _daemon = await ServedDaemon.start(paths);
    (await start('serve')).destroy();
    expect(startedPids()).toEqual([]);
  });

  it('starts one when the record is that of a process that is no more', async () => {
    writeFileSync(`${paths.lock}.json`, JSON.stringify({ pid: process.pid, startTime: 1 }));
    expect(startedPids()).toEqual([]);
    await text(await start('serve'));
    expect(startedPids()).toHaveLength(1);
  });

  it('starts none that was stopped on purpose', async () => {
    writeFileSync(paths.stopMarker, '');
    expect(await failure('serve')).toMatchObject({ code: 'DAEMON_STOPPED', exitCode: 6 });
    expect(startedPids()).toEqual([]);
  });

  it('makes the state directory for us alone, and writes the log nowhere else', async () => {
    paths = resolvePaths({ TRITERM_STATE_DIR: `${scratch.path}/deep/state` });
    const thrown = await startDaemon(paths, {
      env: {},
      deadline: performance.now() + 15_000,
      daemon: ['-e', 'process.stderr.write("said"); process.exit(1)'],
    }).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ message: 'tritermd did not start. said' });
    expect(readFileSync(paths.logFile, 'utf8')).toBe('said');

    symlinkSync('/dev/null', `${scratch.path}/deep/link`);
    paths = { ...paths, logFile: `${scratch.path}/deep/link` };
    expect(await failure('serve')).toMatchObject({ code: 'UNSAFE_PATH' });
  });

  it('writes into no directory that others may enter', async () => {
    const open = `${scratch.path}/open`;
    mkdirSync(open);
    chmodSync(open, 0o755);
    paths = resolvePaths({ TRITERM_STATE_DIR: open });
    expect(await failure('serve')).toMatchObject({ code: 'UNSAFE_PATH', exitCode: 5 });
    expect(readdirSync(open)).toEqual([]);
  });
});
