import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FloodFile } from './testing/flood-file.ts';
import { HostClient } from './testing/host-client.ts';
import { HostProcess } from './testing/host-process.ts';
import { until } from './testing/until.ts';

const MIB = 1024 * 1024;
const LOG_BYTES = 64 * MIB;
/** What a read, a batch and the last segment may add to a limit. */
const SLACK_BYTES = 256 * 1024;
/** Far below what a loop without a pause uses in the time that is watched. */
const WATCHED_MS = 400;
const IDLE_BUSY_MS = 200;

describe('the flow of output', () => {
  let host: HostProcess;
  let client: HostClient;
  let dir: string;
  /** More than a log holds. */
  let flood: FloodFile;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'triterm-flow-'));
    flood = new FloodFile(join(dir, 'flood'), 72);
    host = await HostProcess.start();
    client = await HostClient.connect(host.socketPath);
  });
  afterAll(async () => {
    client.drop();
    await host.dispose();
    rmSync(dir, { recursive: true, force: true });
    expect(host.stderr).toBe('');
  });

  /** Resolves when the log has come that far and stopped to grow, with its end. */
  async function held(handle: number, atLeast: number): Promise<number> {
    let last = -1;
    let same = 0;
    await until(
      async () => {
        const { logEnd } = await client.info(handle);
        same = logEnd === last ? same + 1 : 0;
        last = logEnd;
        await delay(30);
        return last >= atLeast && same >= 4;
      },
      () => `the program to be held beyond ${atLeast}, not at ${last}`,
    );
    return last;
  }

  it('goes as far as the credit, and on when there is more', async () => {
    const { handle } = await client.sh('seq 1 10000');
    const stream = await client.subscribe(handle, { creditBytes: 1000 });
    await until(async () => (await client.info(handle)).eof, 'the end');
    await stream.untilEnd(1000);
    expect([stream.end, stream.records]).toEqual([1000, []]);
    client.command('credit', { channel: stream.channel, creditThrough: 5000 });
    client.command('credit', { channel: stream.channel, creditThrough: 2000 });
    await stream.untilEnd(5000);
    await client.settled();
    expect(stream.end).toBe(5000);
    client.command('credit', { channel: stream.channel, creditThrough: 2 ** 52 });
    await stream.untilEof();
    expect(stream.text).toBe(Array.from({ length: 10_000 }, (_, index) => `${index + 1}\r\n`).join(''));
  });

  it('of one PTY without credit holds up no other', async () => {
    const yes = await client.sh('exec yes');
    await client.subscribe(yes.handle, { creditBytes: 100_000, keep: false });
    const { handle } = await client.sh('stty -echo; while read line; do echo "<$line>"; done');
    const stream = await client.subscribe(handle);
    const { channel } = await client.openInput(handle, 'a');
    for (let line = 0; line < 50; line += 1) {
      client.type(channel, line * 3, `${10 + line}\n`);
      await stream.untilText(`<${10 + line}>`);
    }
    for (const each of [yes.handle, handle]) await client.request('forget', { handle: each });
  });

  it('stops near the pace, holds the program without using time, and goes on', async () => {
    const { handle, pid } = await client.sh('exec yes');
    client.command('flow', { handle, floor: null, paceThrough: 100_000 });
    expect(await held(handle, 100_000)).toBeLessThan(100_000 + SLACK_BYTES);
    expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toMatch(/\) S /);
    const busyMs = host.busyMs;
    await delay(WATCHED_MS);
    expect(host.busyMs - busyMs).toBeLessThan(IDLE_BUSY_MS);
    client.command('flow', { handle, floor: null, paceThrough: 200_000 });
    expect(await held(handle, 200_000)).toBeLessThan(200_000 + SLACK_BYTES);
    await client.request('forget', { handle });
  });

  it('keeps pace and floor when the daemon breaks off, until another sets them', async () => {
    const { handle } = await client.sh('exec yes');
    client.command('flow', { handle, floor: 5000, paceThrough: 100_000 });
    const end = await held(handle, 100_000);
    client.drop();
    client = await HostClient.connect(host.socketPath);
    expect(await client.info(handle)).toMatchObject({ floor: 5000, logEnd: end });
    expect(await held(handle, end)).toBe(end);
    client.command('flow', { handle, floor: null, paceThrough: null });
    await until(async () => (await client.info(handle)).logEnd > end + SLACK_BYTES, 'the program to go on');
    expect((await client.info(handle)).floor).toBeNull();
    await client.request('forget', { handle });
  });

  it('that nobody takes fills a bounded log, holds the program, and is whole when it is taken', async () => {
    const before = host.residentBytes;
    const { handle } = await client.sh(flood.script);
    expect(await held(handle, LOG_BYTES - SLACK_BYTES)).toBeLessThan(LOG_BYTES + SLACK_BYTES);
    for (let generation = 1; generation <= 30; generation += 1)
      await client.request('resize', { handle, cols: 80 + generation, rows: 24, sizeGeneration: generation });
    expect((await client.info(handle)).logEnd).toBeLessThan(LOG_BYTES + SLACK_BYTES);
    expect(host.residentBytes - before).toBeLessThan(LOG_BYTES + 48 * MIB);
    expect((await client.info(handle)).logStart).toBe(0);

    let checkpoint = 0;
    const stream = await client.subscribe(handle, {
      keep: false,
      onBytes: (offset, bytes) => {
        if (offset + bytes.length < checkpoint + MIB) return;
        checkpoint = offset + bytes.length;
        client.checkpoint(handle, checkpoint, Buffer.from('state'));
      },
    });
    await stream.untilEof();
    expect(stream.misplaced).toBe(0);
    expect(stream.sha1()).toBe(flood.sha1());
    expect(stream.exit).toEqual({ exitCode: 0, signal: null });
    expect((await client.info(handle)).logStart).toBeGreaterThan(LOG_BYTES - SLACK_BYTES);
    await client.request('forget', { handle });
  }, 30_000);

  it('that nobody takes is overwritten where that is configured, and a gap and a redraw tell it', async () => {
    const script = `trap 'echo redraw' WINCH; ${flood.script}; printf done; while :; do sleep 0.02; done`;
    const { handle } = await client.sh(script, { detachedOverflowAfterMs: 0 });
    await until(async () => (await client.info(handle)).logStart > 0, 'the log to be overwritten');
    await held(handle, flood.bytes);
    const { logStart, logEnd } = await client.info(handle);
    expect(logEnd - logStart).toBeLessThan(LOG_BYTES + SLACK_BYTES);
    const stream = await client.subscribe(handle);
    await stream.untilText('redraw');
    expect(stream.records).toMatchObject([{ name: 'gap', at: 0, params: { from: 0, to: logStart } }]);
    expect(stream.misplaced).toBe(0);
    const tail = stream.raw.subarray(0, logEnd - logStart - 'done'.length);
    expect(createHash('sha1').update(tail).digest('hex')).toBe(flood.sha1(logStart));
    await client.request('forget', { handle });
  }, 30_000);

  it('is not overwritten before its time, nor above the floor of a daemon that has just gone', async () => {
    const { handle } = await client.sh(flood.script, { detachedOverflowAfterMs: 0 });
    client.command('flow', { handle, floor: 1000, paceThrough: null });
    await client.settled();
    client.drop();
    client = await HostClient.connect(host.socketPath);
    await until(
      async () => (await client.info(handle)).logEnd > LOG_BYTES - SLACK_BYTES,
      'the log to be full',
    );
    expect((await client.info(handle)).logStart).toBeLessThanOrEqual(1000);
    const patient = await client.sh(flood.script, { detachedOverflowAfterMs: 3_600_000 });
    expect(await held(patient.handle, LOG_BYTES - SLACK_BYTES)).toBeLessThan(LOG_BYTES + SLACK_BYTES);
    expect((await client.info(patient.handle)).logStart).toBe(0);
    for (const each of [handle, patient.handle]) await client.request('forget', { handle: each });
  }, 30_000);
});
