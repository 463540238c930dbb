import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HostClient } from './testing/host-client.ts';
import { HostProcess } from './testing/host-process.ts';

/** How often a program ends right after much output. 1,000 now and then, by hand. */
const EXIT_RUNS = Number(process.env.TRITERM_TEST_EXIT_RUNS ?? 100);
const AT_ONCE = 4;
const SIGNALS = ['SIGKILL', 'SIGTERM', 'SIGABRT', 'SIGSEGV', 'SIGHUP', 'SIGINT'] as const;

describe('output of a program', () => {
  let host: HostProcess;
  let client: HostClient;
  let dir: string;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'triterm-output-'));
    host = await HostProcess.start();
    client = await HostClient.connect(host.socketPath);
  });
  afterAll(async () => {
    client.drop();
    await host.dispose();
    rmSync(dir, { recursive: true, force: true });
    expect(host.stderr).toBe('');
  });

  it(`is whole, and the status right, when 200 KB are written and the program ends (${EXIT_RUNS} times)`, async () => {
    const half = Array.from({ length: 10_000 }, (_, line) => `${line}`.padStart(9, '.')).join('+');
    const env = { PATH: process.env.PATH ?? '', FIRST: half, SECOND: half.toUpperCase() };
    const expected = half + half.toUpperCase();
    expect(expected.length).toBeGreaterThan(199_000);
    const run = async (index: number): Promise<void> => {
      const signal = index % 5 === 4 ? SIGNALS[index % SIGNALS.length] : undefined;
      const end = signal === undefined ? `exit ${index % 256}` : `kill -${signal.slice(3)} $$`;
      const { handle } = await client.sh(`printf %s%s "$FIRST" "$SECOND"; ${end}`, { env });
      const stream = await client.subscribe(handle);
      const status = await stream.untilExit();
      expect(stream.received, `run ${index}`).toBe(expected.length);
      expect(stream.text === expected, `bytes of run ${index}`).toBe(true);
      expect(status).toEqual(
        signal === undefined ? { exitCode: index % 256, signal: null } : { exitCode: null, signal },
      );
      await stream.untilEof();
      expect(stream.received).toBe(expected.length);
      await client.request('forget', { handle });
    };
    for (let index = 0; index < EXIT_RUNS; index += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, (_, offset) => run(index + offset)));
  }, 300_000);

  it('comes byte for byte', async () => {
    const bytes = randomBytes(2_000_000);
    writeFileSync(join(dir, 'random'), bytes);
    const { handle } = await client.sh(`stty raw; cat ${dir}/random`);
    const stream = await client.subscribe(handle);
    await stream.untilEof();
    expect(stream.misplaced).toBe(0);
    expect(stream.raw.equals(bytes)).toBe(true);
    expect(stream.records.map(({ name }) => name)).toEqual(['exit', 'eof']);
  });

  it('is appended after the exit while a child keeps the terminal', async () => {
    const go = join(dir, 'go');
    const child = `(while [ ! -e ${go} ]; do sleep 0.02; done; echo late)`;
    const { handle } = await client.sh(`trap '' HUP; ${child} & echo early; exit 7`);
    const stream = await client.subscribe(handle);
    expect(await stream.untilExit()).toEqual({ exitCode: 7, signal: null });
    expect(stream.text).toBe('early\r\n');
    expect(await client.info(handle)).toMatchObject({ exit: { exitCode: 7, signal: null }, eof: false });
    writeFileSync(go, '');
    await stream.untilEof();
    expect(stream.text).toBe('early\r\nlate\r\n');
    expect(stream.records).toMatchObject([
      { name: 'exit', at: 7 },
      { name: 'eof', at: 13 },
    ]);
    expect((await client.info(handle)).eof).toBe(true);
  });

  it('goes on after the exit though a child floods, and the exit is told', async () => {
    const { handle } = await client.sh("trap '' HUP; yes & exit 3");
    const stream = await client.subscribe(handle, { keep: false });
    expect(await stream.untilExit()).toEqual({ exitCode: 3, signal: null });
    await stream.untilEnd(stream.end + 100_000);
    expect(stream.eof).toBe(false);
    await client.request('forget', { handle });
    expect(stream.misplaced).toBe(0);
  });

  it('is told again, with its records in their places, to one who asks from an earlier offset', async () => {
    const { handle } = await client.sh('echo one; exit 1');
    await (await client.subscribe(handle)).untilEof();
    const again = await client.subscribe(handle, { offset: 2 });
    await again.untilEof();
    expect(again.text).toBe('e\r\n');
    expect(again.records).toMatchObject([
      { name: 'exit', at: 5, params: { offset: 5, status: { exitCode: 1, signal: null } } },
      { name: 'eof', at: 5 },
    ]);
  });

  it('goes to the latest subscription alone', async () => {
    const { handle } = await client.sh('echo one; read line; echo two');
    const first = await client.subscribe(handle);
    await first.untilText('one');
    const second = await client.subscribe(handle);
    const { channel } = await client.openInput(handle, 'a');
    client.type(channel, 0, '\n');
    await second.untilEof();
    client.command('credit', { channel: first.channel, creditThrough: 2 ** 53 - 1 });
    await client.settled();
    expect(first.text).toBe('one\r\n');
    expect(second.text).toBe('one\r\n\r\ntwo\r\n');
  });

  it('begins with the checkpoint when it is asked for', async () => {
    const { handle } = await client.sh('echo one; echo two');
    await (await client.subscribe(handle)).untilEof();
    client.checkpoint(handle, 5, Buffer.from('state'), 4);
    const stream = await client.subscribe(handle, { fromCheckpoint: true });
    await stream.untilEof();
    expect(stream.subscribed).toEqual({ offset: 5, logEnd: 10 });
    expect(stream.checkpoint).toEqual({ offset: 5, bytes: Buffer.from('state') });
    expect(stream.text).toBe('two\r\n');
    expect(await client.info(handle)).toMatchObject({ checkpointOffset: 5, logStart: 0, logEnd: 10 });
  });

  it('is refused at an offset beyond its end', async () => {
    const { handle } = await client.sh('exit');
    await expect(client.subscribe(handle, { offset: 1_000_000 })).rejects.toMatchObject({
      code: 'TOO_LARGE',
    });
  });
});
