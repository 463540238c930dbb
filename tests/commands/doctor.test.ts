import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { VERSION } from '@triterm/core/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Triterm } from '../support/triterm.ts';

interface Report {
  readonly versions: Record<string, unknown>;
  readonly checks: readonly { name: string; status: string; message: string; fix: string | null }[];
}

let triterm: Triterm;
beforeEach(() => {
  triterm = new Triterm({ SHELL: '/bin/bash' });
});
afterEach(() => triterm[Symbol.asyncDispose]());

const wrong = ({ checks }: Report) => checks.filter(({ status }) => status !== 'ok');
const report = async () => JSON.parse((await triterm.run(['doctor', '--json'])).stdout) as Report;

describe('triterm doctor', () => {
  it('finds everything in order, with and without a daemon', async () => {
    expect(wrong(await report())).toEqual([]);
    await triterm.ok('new', '-d', '--', 'cat');
    const { versions, checks } = await report();
    expect(wrong({ versions, checks })).toEqual([]);
    expect(versions).toMatchObject({
      client: VERSION,
      daemon: VERSION,
      daemonProtocol: 1,
      ptyHosts: [{ id: expect.any(String), version: VERSION }],
    });
    expect(checks.map(({ name }) => name)).toEqual([
      ...[
        'node',
        'versions',
        'pty-hosts',
        'configuration',
        'state directory',
        'runtime directory',
        'socket',
        'disk',
      ],
      ...[
        'shell',
        'shell integration',
        'terminal',
        'terminfo',
        'locale',
        'daemon',
        'lock',
        'store',
        'database',
        'redis',
      ],
    ]);
  });

  it('is read by people on a terminal', async () => {
    await using terminal = triterm.openShell('triterm doctor; echo "[status $?]"', { cols: 120, rows: 40 });
    const { text } = await terminal.untilText('[status 0]');
    expect(text).toMatch(/^ok +terminal +TERM=xterm-256color$/m);
    expect(text).toContain('Everything is in order.');
  });

  it('tells of a socket that a killed daemon has left', async () => {
    await triterm.ok('ls');
    await triterm.killDaemon();
    expect(wrong(await report())).toEqual([
      expect.objectContaining({ name: 'stale socket', status: 'warning' }),
    ]);
  });

  it('tells of a daemon that was stopped on purpose', async () => {
    await triterm.ok('daemon', 'start');
    await triterm.ok('daemon', 'stop');
    const [finding] = wrong(await report());
    expect(finding).toMatchObject({
      name: 'daemon',
      status: 'warning',
      fix: 'Start it: triterm daemon start',
    });
  });

  it('tells of a daemon that hangs, and leaves with 1', async () => {
    await triterm.ok('ls');
    process.kill(triterm.daemonPid, 'SIGSTOP');
    const { stdout, exitCode } = await triterm.run(['doctor']);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /^problem +daemon +tritermd \(pid \d+\) does not answer.*\n +triterm daemon restart --force/m,
    );
  });

  it('tells how to close what is open to others', async () => {
    await triterm.ok('ls');
    chmodSync(join(triterm.stateDir, 'run'), 0o755);
    const { stdout, exitCode } = await triterm.run(['doctor']);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^problem +runtime directory .*mode 0755.*\n +.*chmod 700/m);
    chmodSync(join(triterm.stateDir, 'run'), 0o700);
    expect((await triterm.run(['doctor'])).exitCode).toBe(0);
  });
});
