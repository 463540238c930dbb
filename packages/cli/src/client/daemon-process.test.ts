import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type Paths, resolvePaths } from '@triterm/core/config/paths';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scratchDir } from '../testing/test-context.ts';
import { isRunning, readDaemonRecord, readProcessStat, waitUntilGone } from './daemon-process.ts';

let scratch: ReturnType<typeof scratchDir>;
let paths: Paths;
beforeEach(() => {
  scratch = scratchDir();
  paths = resolvePaths({ TRITERM_STATE_DIR: scratch.path });
});
afterEach(() => scratch[Symbol.dispose]());

function startTime(pid: number): number {
  const stat = readProcessStat(pid);
  if (stat === undefined) throw new Error(`no process ${pid}`);
  return stat.startTime;
}

describe("the lock's record", () => {
  it('is read as its holder has written it', () => {
    writeFileSync(`${paths.lock}.json`, '{"pid":4242,"startTime":77,"generation":5}\n');
    expect(readDaemonRecord(paths)).toEqual({ pid: 4242, startTime: 77 });
  });

  it.each([
    '',
    'x',
    'null',
    '[]',
    '{}',
    '{"pid":"1","startTime":1}',
    '{"pid":1,"startTime":1}',
    '{"pid":-5,"startTime":1}',
    '{"pid":4242}',
  ])('is none when it says %j: nobody is to be killed for it', text => {
    writeFileSync(`${paths.lock}.json`, text);
    expect(readDaemonRecord(paths)).toBeUndefined();
  });

  it('is none when there is no file', () => expect(readDaemonRecord(paths)).toBeUndefined());
});

describe('a recorded process', () => {
  it('runs when it is the very process', () => {
    expect(isRunning({ pid: process.pid, startTime: startTime(process.pid) })).toBe(true);
    expect(isRunning({ pid: process.pid, startTime: null })).toBe(true);
  });

  it('does not run when another process got its pid', () => {
    expect(isRunning({ pid: process.pid, startTime: startTime(process.pid) + 1 })).toBe(false);
  });

  it('does not run once it has ended, not even as a zombie', async () => {
    // The child ends when its parent is a program that reaps nobody, and so stays a zombie until that ends.
    const child = 'sh -c "until grep -q sleep /proc/\\$PPID/comm; do :; done"';
    const shell = spawn('sh', ['-c', `${child} & echo $!; exec sleep 60`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const [line] = (await once(shell.stdout, 'data')) as [Buffer];
      const record = { pid: Number(String(line)), startTime: null };
      await waitUntilGone(record, 5000);
      expect(readProcessStat(record.pid)?.state).toBe('Z');
    } finally {
      shell.kill('SIGKILL');
    }
  });

  it('is waited for until it has ended', async () => {
    const child = spawn('sh', ['-c', 'read line'], { stdio: ['pipe', 'ignore', 'ignore'] });
    const record = { pid: child.pid ?? 0, startTime: startTime(child.pid ?? 0) };
    expect(isRunning(record)).toBe(true);
    const gone = waitUntilGone(record, 5000);
    child.stdin.end();
    await gone;
    expect(isRunning(record)).toBe(false);
  });

  it('is waited for no longer than that', async () => {
    await expect(waitUntilGone({ pid: process.pid, startTime: null }, 30)).rejects.toMatchObject({
      code: 'DAEMON_NOT_RESPONDING',
    });
  });
});

describe("a process's state", () => {
  it('is read whatever the process is called', async () => {
    const child = spawn('sh', ['-c', "printf ') R 1 (' > /proc/self/comm; read line; exit 0"], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const pid = child.pid ?? 0;
    expect(startTime(pid)).toBeGreaterThanOrEqual(startTime(process.pid));
    child.stdin.end();
    await once(child, 'exit');
  });

  it('is none where there is no process', () => {
    // Beyond the largest pid that Linux has.
    expect(readProcessStat(2 ** 22 + 1)).toBeUndefined();
  });
});
