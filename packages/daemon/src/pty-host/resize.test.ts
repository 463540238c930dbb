import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HostClient } from './testing/host-client.ts';
import { HostProcess } from './testing/host-process.ts';
import { until } from './testing/until.ts';

/** Says its size at first and whenever it changes. */
const SAY_SIZE = "trap 'stty size' WINCH; stty size; while :; do sleep 0.02; done";

describe('resizing', () => {
  let host: HostProcess;
  let client: HostClient;
  let dir: string;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'triterm-resize-'));
    host = await HostProcess.start();
    client = await HostClient.connect(host.socketPath);
  });
  afterAll(async () => {
    client.drop();
    await host.dispose();
    rmSync(dir, { recursive: true, force: true });
    expect(host.stderr).toBe('');
  });

  it('reaches the program, and its record stands before what the program then writes', async () => {
    const { handle } = await client.sh(SAY_SIZE);
    const stream = await client.subscribe(handle);
    await stream.untilText('24 80\r\n');
    const applied = await client.request('resize', { handle, cols: 100, rows: 30, sizeGeneration: 1 });
    expect(applied).toEqual({ offset: 7, applied: true });
    await stream.untilText('30 100\r\n');
    expect(stream.records).toMatchObject([
      { name: 'resize', at: 7, params: { offset: 7, cols: 100, rows: 30, sizeGeneration: 1 } },
    ]);
    expect(await client.info(handle)).toMatchObject({
      cols: 100,
      rows: 30,
      sizeGeneration: 1,
      spawnSize: { cols: 80, rows: 24 },
    });
    await client.request('forget', { handle });
  });

  it('stands behind everything that was written before it, read or not', async () => {
    const written = join(dir, 'written');
    const script = `read line; echo before; : > ${written}; while [ -e ${written} ]; do sleep 0.02; done; echo after`;
    const { handle } = await client.sh(`stty -echo; echo ready; ${script}`);
    const stream = await client.subscribe(handle);
    await stream.untilText('ready\r\n');
    client.command('flow', { handle, floor: null, paceThrough: 0 });
    const { channel } = await client.openInput(handle, 'a');
    client.type(channel, 0, '\n');
    await until(() => existsSync(written), 'the program to have written');
    expect((await client.info(handle)).logEnd).toBe(7);
    expect(await client.request('resize', { handle, cols: 90, rows: 20, sizeGeneration: 1 })).toEqual({
      offset: 15,
      applied: true,
    });
    client.command('flow', { handle, floor: null, paceThrough: null });
    rmSync(written);
    await stream.untilEof();
    expect(stream.text).toBe('ready\r\nbefore\r\nafter\r\n');
    expect(stream.named('resize')).toMatchObject([{ at: 15 }]);
  });

  it('drops what is not newer than the size that it has', async () => {
    const { handle } = await client.sh(SAY_SIZE);
    const stream = await client.subscribe(handle);
    await stream.untilText('24 80\r\n');
    await client.request('resize', { handle, cols: 50, rows: 10, sizeGeneration: 5 });
    for (const sizeGeneration of [5, 4, 0]) {
      const { applied } = await client.request('resize', { handle, cols: 60, rows: 11, sizeGeneration });
      expect(applied).toBe(false);
    }
    await stream.untilText('10 50\r\n');
    await client.request('resize', { handle, cols: 61, rows: 12, sizeGeneration: 6 });
    await stream.untilText('12 61\r\n');
    expect(stream.text).not.toContain('11 60');
    expect(stream.named('resize').map(({ params }) => params.sizeGeneration)).toEqual([5, 6]);
    await client.request('forget', { handle });
  });

  it('is told to a later subscription in the same places, but for the generations that it knows', async () => {
    const { handle } = await client.sh('for i in 1 2 3; do read line; echo $i; done');
    const stream = await client.subscribe(handle);
    const { channel } = await client.openInput(handle, 'a');
    for (const generation of [1, 2, 3]) {
      await client.request('resize', {
        handle,
        cols: 80 + generation,
        rows: 24,
        sizeGeneration: generation,
      });
      client.type(channel, generation - 1, '\n');
      await stream.untilText(`${generation}\r\n`);
    }
    await stream.untilEof();
    const places = (recorder: typeof stream) =>
      recorder.named('resize').map(({ at, params }) => [at, params.sizeGeneration]);
    expect(places(stream)).toEqual([
      [0, 1],
      [5, 2],
      [10, 3],
    ]);
    const all = await client.subscribe(handle);
    await all.untilEof();
    expect(places(all)).toEqual(places(stream));
    const rest = await client.subscribe(handle, { offset: 5, sizeGeneration: 2 });
    await rest.untilEof();
    expect(places(rest)).toEqual([[10, 3]]);
  });

  it('does not disturb a flood: every byte comes once, and the last size holds', async () => {
    const { handle } = await client.sh('seq 1 400000; read line; stty size');
    const stream = await client.subscribe(handle);
    for (let generation = 1; generation <= 50; generation += 1) {
      const cols = 80 + generation;
      await client.request('resize', { handle, cols, rows: 24, sizeGeneration: generation });
    }
    await stream.untilText('400000\r\n');
    const { channel } = await client.openInput(handle, 'a');
    client.type(channel, 0, '\n');
    await stream.untilEof();
    const lines = Array.from({ length: 400_000 }, (_, index) => `${index + 1}\r\n`).join('');
    const expected = `${lines}\r\n24 130\r\n`;
    expect(stream.text.slice(-20)).toBe(expected.slice(-20));
    expect(stream.received).toBe(expected.length);
    expect(stream.text === expected).toBe(true);
    expect(stream.misplaced).toBe(0);
    expect(stream.named('resize')).toHaveLength(50);
  });

  it('is recorded though the program has ended', async () => {
    const { handle } = await client.sh('exit');
    const stream = await client.subscribe(handle);
    await stream.untilEof();
    await client.request('resize', { handle, cols: 90, rows: 20, sizeGeneration: 1 });
    await until(() => stream.named('resize').length === 1, 'the record');
  });
});
