import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HostClient } from './testing/host-client.ts';
import { descriptorsOf, HostProcess } from './testing/host-process.ts';

/** Bits of `/proc/<pid>/status`; the signal n is bit n - 1. */
const IGNORED_BY_NODE = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGPIPE'] as const;
const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15, SIGPIPE: 13 } as const;

describe('a program on a PTY', () => {
  let host: HostProcess;
  let client: HostClient;

  beforeAll(async () => {
    host = await HostProcess.start();
    client = await HostClient.connect(host.socketPath);
  });
  afterAll(async () => {
    client.drop();
    await host.dispose();
    expect(host.stderr).toBe('');
  });

  it('has its own terminal open and nothing else, whatever sessions came and went before', async () => {
    const start = async () => {
      const spawned = await client.sh('echo ready; read line');
      await (await client.subscribe(spawned.handle)).untilText('ready');
      return spawned;
    };
    const started: Awaited<ReturnType<typeof start>>[] = [];
    for (let index = 0; index < 12; index += 1) started.push(await start());
    // Their numbers become free between those of others.
    for (const index of [8, 6, 5, 2]) {
      const [ended] = started.splice(index, 1);
      if (ended !== undefined) await client.request('forget', { handle: ended.handle });
    }
    for (let index = 0; index < 3; index += 1) started.push(await start());
    const terminals = started.map(({ pid }) => {
      const [first = '', ...others] = descriptorsOf(pid);
      expect(first).toMatch(/^\/dev\/pts\/\d+$/);
      expect(others).toEqual([first, first]);
      return first;
    });
    expect(new Set(terminals).size).toBe(started.length);
    expect(host.descriptors().filter(path => path.includes('ptmx'))).toHaveLength(started.length);
    for (const { handle } of started) await client.request('forget', { handle });
  });

  it('leads a session and a process group of its own, on its terminal', async () => {
    const { handle, pid } = await client.sh('echo ready; exec cat');
    await (await client.subscribe(handle)).untilText('ready');
    const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
    const [, parent, group, session, terminal] = rest.split(' ').map(Number);
    expect({ parent, group, session }).toEqual({ parent: host.pid, group: pid, session: pid });
    expect(terminal).not.toBe(0);
  });

  it('gets the environment and the arguments that it is given, and no others', async () => {
    const { handle } = await client.request('spawn', {
      session: 'test',
      file: '/usr/bin/env',
      argv: ['env'],
      cwd: '/tmp',
      env: { ONE: '1', UMLAUT: 'ü 漢' },
      cols: 80,
      rows: 24,
    });
    const stream = await client.subscribe(handle);
    await stream.untilEof();
    expect(stream.text.split('\r\n').sort()).toEqual(['', 'ONE=1', 'UMLAUT=ü 漢']);
    const echo = await client.sh('pwd; printf "<%s>" "$@"', {
      argv: ['sh', '-c', 'pwd; printf "<%s>" "$@"', 'sh', 'a b', '', '*'],
    });
    const echoed = await client.subscribe(echo.handle);
    await echoed.untilEof();
    expect(echoed.text).toBe('/tmp\r\n<a b><><*>');
  });

  it('ignores and blocks no signal that the host handles', async () => {
    const { pid, handle } = await client.sh('echo ready; exec cat');
    await (await client.subscribe(handle)).untilText('ready');
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    for (const field of ['SigIgn', 'SigBlk']) {
      const mask = BigInt(`0x${new RegExp(`${field}:\\s+([0-9a-f]+)`).exec(status)?.[1]}`);
      for (const name of IGNORED_BY_NODE) expect(mask & (1n << BigInt(NUMBERS[name] - 1)), name).toBe(0n);
    }
  });

  it('has a cooked UTF-8 terminal of its size', async () => {
    const { handle } = await client.sh('stty size; stty -a', { cols: 132, rows: 43 });
    const stream = await client.subscribe(handle);
    await stream.untilEof();
    expect(stream.text.startsWith('43 132\r\n')).toBe(true);
    expect(stream.text.split(/\s+/)).toEqual(
      expect.arrayContaining(['icanon', 'echo', 'iutf8', 'opost', 'onlcr', 'icrnl', 'isig']),
    );
  });

  it('is killed before the host when memory runs out', async () => {
    const { handle, pid } = await client.sh('echo ready; exec cat');
    await (await client.subscribe(handle)).untilText('ready');
    const score = (of: number) => Number(readFileSync(`/proc/${of}/oom_score_adj`, 'utf8'));
    expect(score(pid)).toBeGreaterThan(score(host.pid));
  });

  it('keeps the mask for new files that the host was started with', async () => {
    const { handle } = await client.sh('umask');
    const stream = await client.subscribe(handle);
    await stream.untilEof();
    expect(Number.parseInt(stream.text, 8)).toBe(process.umask());
  });
});
