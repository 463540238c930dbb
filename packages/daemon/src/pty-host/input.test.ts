import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HostClient } from './testing/host-client.ts';
import { HostProcess } from './testing/host-process.ts';
import { SeededRandom } from './testing/seeded-random.ts';
import { until } from './testing/until.ts';

const KIB = 1024;
const MAX_QUEUED_BYTES = 256 * KIB;
/** Far below what a loop without a pause uses in the time that is watched. */
const WATCHED_MS = 500;
const IDLE_BUSY_MS = 250;
/** More than it takes, less than a second for each piece of a paste. */
const PROMPT_MS = 5000;
const BEGIN = '\x1b[200~';
const END = '\x1b[201~';

describe('input of a program', () => {
  let host: HostProcess;
  let client: HostClient;
  let dir: string;

  beforeAll(async () => {
    host = await HostProcess.start();
  });
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'triterm-input-'));
    client = await HostClient.connect(host.socketPath);
  });
  afterEach(async () => {
    for (const { handle } of (await client.request('list', {})).ptys)
      await client.request('forget', { handle });
    client.drop();
    rmSync(dir, { recursive: true, force: true });
  });
  afterAll(async () => {
    await host.dispose();
    expect(host.stderr).toBe('');
  });

  /** A program that takes this many raw bytes to the file `taken`, once `go` exists where that is asked for. */
  async function taker(bytes: number, waits = false): Promise<number> {
    const wait = waits ? `while [ ! -e ${dir}/go ]; do sleep 0.02; done;` : '';
    const { handle } = await client.sh(
      `stty raw -echo; echo ready; ${wait} head -c ${bytes} > ${dir}/taken; echo done`,
    );
    await (await client.subscribe(handle)).untilText('ready');
    return handle;
  }

  const taken = () => readFileSync(join(dir, 'taken'));
  const ended = (handle: number) =>
    until(async () => (await client.info(handle)).exit !== null, 'the program to end');

  it('comes byte for byte, and is acknowledged', async () => {
    const data = randomBytes(200 * KIB);
    const handle = await taker(data.length);
    const { channel, inputOffset } = await client.openInput(handle, 'a');
    expect(inputOffset).toBe(0);
    for (let at = 0; at < data.length; at += 8 * KIB)
      client.type(channel, at, data.subarray(at, at + 8 * KIB));
    await client.applied(channel, data.length);
    await ended(handle);
    expect(taken().equals(data)).toBe(true);
    const acks = client.acks.get(channel) ?? [];
    expect(acks).toEqual([...acks].sort((a, b) => a - b));
  });

  it('comes once and in order over lost connections, sent twice, left out and sent again', async () => {
    const data = randomBytes(300 * KIB);
    const random = new SeededRandom(7);
    const handle = await taker(data.length);
    let offset = 0;
    while (offset < data.length) {
      const { channel, inputOffset } = await client.openInput(handle, 'a');
      expect(inputOffset).toBeGreaterThanOrEqual(offset);
      let end = inputOffset;
      const lastPiece = 5 + random.below(20);
      for (let piece = 0; piece < lastPiece && end < data.length; piece += 1) {
        const length = 1 + random.below(4 * KIB);
        const from = random.below(3) === 0 ? Math.max(0, end - random.below(6 * KIB)) : end;
        if (random.below(5) === 0) client.type(channel, end + 1, data.subarray(end + 1, end + 50));
        client.type(channel, from, data.subarray(from, from + length));
        end = Math.max(end, Math.min(from + length, data.length));
      }
      // Half of the time the connection breaks with bytes on their way.
      if (random.below(2) === 0 && end > inputOffset) await client.applied(channel, end);
      offset = client.acks.get(channel)?.at(-1) ?? inputOffset;
      client.drop();
      client = await HostClient.connect(host.socketPath);
    }
    await ended(handle);
    expect(taken().equals(data)).toBe(true);
  });

  it('that the program does not read waits, bounded and without using time, and none of it is lost', async () => {
    const data = randomBytes(600 * KIB);
    const handle = await taker(data.length, true);
    const { channel } = await client.openInput(handle, 'a');
    const residentBytes = host.residentBytes;
    for (let at = 0; at < data.length; at += 16 * KIB)
      client.type(channel, at, data.subarray(at, at + 16 * KIB));
    await client.settled();
    const busyMs = host.busyMs;
    await delay(WATCHED_MS);
    expect(host.busyMs - busyMs).toBeLessThan(IDLE_BUSY_MS);
    expect(host.residentBytes - residentBytes).toBeLessThan(32 * KIB * KIB);
    const blockedAt = client.acks.get(channel)?.at(-1) ?? 0;
    expect(blockedAt).toBeLessThan(MAX_QUEUED_BYTES);

    writeFileSync(join(dir, 'go'), '');
    for (let at = 0; at < data.length; ) {
      await until(
        () => (client.acks.get(channel)?.at(-1) ?? 0) >= at,
        () => `the ack of ${at}`,
      );
      const next = Math.min(at + 64 * KIB, data.length);
      client.type(channel, at, data.subarray(at, next));
      at = next;
    }
    await ended(handle);
    expect(taken().equals(data)).toBe(true);
  });

  it('is told again from where to go on when bytes are missing or too many wait', async () => {
    const handle = await taker(10);
    const { channel } = await client.openInput(handle, 'a');
    client.type(channel, 0, 'abc');
    await client.applied(channel, 3);
    client.type(channel, 5, 'fgh');
    await until(() => client.acks.get(channel)?.length === 2, 'a second ack');
    expect(client.acks.get(channel)).toEqual([3, 3]);
  });

  it('never stands within the open paste of another, whose own bytes go on at once', async () => {
    const text = Array.from({ length: 10 }, (_, piece) => `piece ${piece} `);
    const pasted = `${BEGIN}${text.join('')}${END}`;
    const handle = await taker(pasted.length + 'typed'.length);
    const paste = await client.openInput(handle, 'paste');
    const typed = await client.openInput(handle, 'typed');
    client.type(paste.channel, 0, BEGIN);
    await client.applied(paste.channel, BEGIN.length);
    client.type(typed.channel, 0, 'typed');
    const beganMs = performance.now();
    let at = BEGIN.length;
    for (const piece of text) {
      client.type(paste.channel, at, piece);
      at += piece.length;
      await client.applied(paste.channel, at);
    }
    client.type(paste.channel, at, END);
    await client.applied(typed.channel, 5);
    expect(performance.now() - beganMs).toBeLessThan(PROMPT_MS);
    await ended(handle);
    expect(taken().toString()).toBe(`${pasted}typed`);
  });

  it('of others comes after a second when a paste is not continued', async () => {
    const handle = await taker(`${BEGIN}one${END}typed${BEGIN}two${END}`.length);
    const paste = await client.openInput(handle, 'paste');
    const typed = await client.openInput(handle, 'typed');
    client.type(paste.channel, 0, `${BEGIN}one`);
    client.type(typed.channel, 0, 'typed');
    await client.applied(typed.channel, 5);
    client.type(paste.channel, 9, `two${END}`);
    await ended(handle);
    expect(taken().toString()).toBe(`${BEGIN}one${END}typed${BEGIN}two${END}`);
  });

  it('is remembered by its attachment, unless that was forgotten', async () => {
    const handle = await taker(6);
    const first = await client.openInput(handle, 'a');
    client.type(first.channel, 0, 'abc');
    await client.applied(first.channel, 3);
    await client.request('input.close', { channel: first.channel, forget: false });
    const second = await client.openInput(handle, 'a');
    expect(second.inputOffset).toBe(3);
    await client.request('input.close', { channel: second.channel, forget: true });
    const third = await client.openInput(handle, 'a');
    expect(third.inputOffset).toBe(0);
    client.type(third.channel, 0, 'def');
    await ended(handle);
    expect(taken().toString()).toBe('abcdef');
  });

  it('to a program that has gone is taken and leads nowhere', async () => {
    const { handle } = await client.sh('exit');
    await (await client.subscribe(handle)).untilEof();
    const { channel } = await client.openInput(handle, 'a');
    client.type(channel, 0, 'abc');
    await client.applied(channel, 3);
  });

  it('interrupts a flood at once', async () => {
    const { handle } = await client.sh("trap 'echo stopped; exit 5' INT; while :; do seq 1 100000; done");
    const stream = await client.subscribe(handle, { keep: false });
    await stream.untilEnd(1_000_000);
    const { channel } = await client.openInput(handle, 'a');
    client.type(channel, 0, '\x03');
    expect(await stream.untilExit()).toEqual({ exitCode: 5, signal: null });
  });
});

describe('an answer to a query', () => {
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

  const answer = (handle: number, queryEnd: number, text: string) =>
    client.command('answer', { handle, queryEnd, data: Buffer.from(text).toString('base64') });

  it('is typed once, however often it comes, and never for what was not asked', async () => {
    const { handle } = await client.sh("stty raw -echo; printf 'ask\\033[c'; exec cat");
    const stream = await client.subscribe(handle);
    await stream.untilText('\x1b[c');
    answer(handle, 100, '(none)');
    answer(handle, 6, '(first)');
    answer(handle, 6, '(again)');
    answer(handle, 3, '(before)');
    const { channel } = await client.openInput(handle, 'a');
    client.type(channel, 0, 'end');
    await stream.untilText('end');
    expect(stream.text).toBe('ask\x1b[c(first)end');
  });

  it('is dropped when another daemon replays the log', async () => {
    const { handle } = await client.sh("stty raw -echo; printf 'ask\\033[c'; exec cat");
    const stream = await client.subscribe(handle);
    await stream.untilText('\x1b[c');
    answer(handle, 6, '(first)');
    await stream.untilText('(first)');
    client.drop();
    client = await HostClient.connect(host.socketPath);
    const replayed = await client.subscribe(handle);
    await replayed.untilText('\x1b[c');
    answer(handle, 6, '(replay)');
    const { channel } = await client.openInput(handle, 'a');
    client.type(channel, 0, 'end');
    await replayed.untilText('end');
    expect(replayed.text).toBe('ask\x1b[c(first)end');
  });

  it('is dropped when the query is older than two seconds', async () => {
    const { handle } = await client.sh("stty raw -echo; printf 'ask\\033[c'; exec cat");
    const stream = await client.subscribe(handle);
    await stream.untilText('\x1b[c');
    await delay(2100);
    answer(handle, 6, '(late)');
    const { channel } = await client.openInput(handle, 'a');
    client.type(channel, 0, 'end');
    await stream.untilText('end');
    expect(stream.text).toBe('ask\x1b[cend');
  });

  it('does not stand within an open paste', async () => {
    const { handle } = await client.sh("stty raw -echo; printf 'ask\\033[c'; exec cat");
    const stream = await client.subscribe(handle);
    await stream.untilText('\x1b[c');
    const { channel } = await client.openInput(handle, 'a');
    client.type(channel, 0, `${BEGIN}one `);
    answer(handle, 6, '(answer)');
    client.type(channel, 10, `two${END}`);
    await stream.untilText('(answer)');
    expect(stream.text).toBe(`ask\x1b[c${BEGIN}one two${END}(answer)`);
  });
});
