import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HostClient } from './testing/host-client.ts';
import { HostProcess } from './testing/host-process.ts';
import { until } from './testing/until.ts';

describe('starting a program', () => {
  let host: HostProcess;
  let client: HostClient;
  let dir: string;

  beforeAll(async () => {
    host = await HostProcess.start();
    client = await HostClient.connect(host.socketPath);
  });
  afterAll(async () => {
    client.drop();
    await host.dispose();
    expect(host.stderr).toBe('');
  });
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'triterm-spawn-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  async function outcome(spawn: Parameters<HostClient['sh']>[1]) {
    const { handle } = await client.sh('exit', spawn);
    const stream = await client.subscribe(handle);
    const status = await stream.untilExit();
    await client.request('forget', { handle });
    return { status, text: stream.text };
  }

  it('that is no program ends with a status and says why', async () => {
    const file = join(dir, 'broken');
    writeFileSync(file, Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(200, 0xff)]));
    chmodSync(file, 0o755);
    const { status, text } = await outcome({ file, argv: ['broken'] });
    expect(status.signal).toBeNull();
    expect(status.exitCode).toBeGreaterThan(0);
    expect(text).not.toBe('');
  });

  it('that has vanished ends with a status and says why', async () => {
    const { status, text } = await outcome({ file: join(dir, 'gone'), argv: ['gone'] });
    expect(status).toEqual({ exitCode: 1, signal: null });
    expect(text).toContain('No such file or directory');
  });

  it('in a directory that has vanished ends with a status and says why', async () => {
    const cwd = join(dir, 'gone');
    mkdirSync(cwd);
    rmSync(cwd, { recursive: true });
    const { status, text } = await outcome({ cwd });
    expect(status).toEqual({ exitCode: 1, signal: null });
    expect(text).toContain('No such file or directory');
  });

  it('whose arguments are too long for the kernel ends with a status and says why', async () => {
    // One string may have 128 KiB, with the NUL at its end.
    const { status, text } = await outcome({ argv: ['sh', '-c', 'exit', 'x'.repeat(128 * 1024)] });
    expect(status).toEqual({ exitCode: 1, signal: null });
    expect(text).toContain('too long');
  });

  it('with what cannot be given to the kernel is refused', async () => {
    const bads: NonNullable<Parameters<HostClient['sh']>[1]>[] = [
      { argv: ['sh', 'a\0b'] },
      { cwd: '/tmp\0' },
      { file: '/bin/sh\0' },
      { env: { 'A=B': 'c' } },
      { env: { A: 'b\0' } },
      { cols: 0 },
      { rows: 100_000 },
      { argv: [] },
    ];
    for (const bad of bads)
      await expect(client.sh('exit', bad)).rejects.toMatchObject({ code: 'BAD_MESSAGE' });
  });

  it('leaves nothing behind when it is done many times', async () => {
    const before = host.descriptors().length;
    for (let round = 0; round < 50; round += 1) {
      await Promise.all(
        [1, 2, 3, 4].map(async () => {
          const { handle } = await client.sh('exit');
          await client.request('forget', { handle });
        }),
      );
    }
    await until(() => host.descriptors().length <= before, 'the descriptors to be closed');
    await until(() => host.threads < 50, 'the programs to be reaped');
  });
});

describe('starting a program without descriptors left', () => {
  it('fails cleanly at whichever descriptor is missing, and works again when some are free', async () => {
    // The host needs some 20 to 30 itself; a PTY needs two and one more for a moment.
    for (const limit of [40, 41, 42]) {
      const host = await HostProcess.start({ before: `ulimit -n ${limit}` });
      try {
        const client = await HostClient.connect(host.socketPath);
        const pids: number[] = [];
        const handles: number[] = [];
        let refused: unknown;
        while (refused === undefined) {
          const spawned = await client.sh('exec cat').catch(error => {
            refused = error;
            return undefined;
          });
          if (spawned === undefined) break;
          handles.push(spawned.handle);
          pids.push(spawned.pid);
          expect(handles.length).toBeLessThan(limit);
        }
        expect(refused).toMatchObject({ code: 'PTY_HOST_UNAVAILABLE' });
        await expect(client.sh('exec cat')).rejects.toMatchObject({ code: 'PTY_HOST_UNAVAILABLE' });
        const { ptys } = await client.request('list', {});
        expect(ptys.map(({ handle }) => handle)).toEqual(handles);
        expect(pids.every(pid => existsSync(`/proc/${pid}`))).toBe(true);
        for (const handle of handles.slice(-2)) await client.request('forget', { handle });
        const { handle } = await client.sh('echo fine');
        const stream = await client.subscribe(handle);
        await stream.untilEof();
        expect(stream.text).toBe('fine\r\n');
        client.drop();
        expect(host.stderr).toBe('');
      } finally {
        await host.dispose();
      }
    }
  }, 30_000);
});
