import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Triterm } from '../support/triterm.ts';

/** Shows each byte that is typed as a number, in raw mode, so that nothing is changed on the way. */
const SHOW_BYTES = 'stty raw opost -echo; echo ready; exec od -An -v -w1 -tu1';

let triterm: Triterm;
let count = 0;
beforeAll(() => {
  triterm = new Triterm();
});
afterAll(() => triterm[Symbol.asyncDispose]());

/** A session that shows bytes; its name. */
async function typewriter(): Promise<string> {
  const name = `bytes-${++count}`;
  await triterm.ok('new', '-d', '-n', name, '--size', '20x200', '--', 'sh', '-c', SHOW_BYTES);
  await triterm.ok('wait', name, '--text', 'ready', '--timeout', '20');
  return name;
}

async function typed(name: string, bytes: number): Promise<Buffer> {
  await triterm.ok('wait', name, '--idle', '200', '--timeout', '20');
  const lines = (await triterm.ok('capture', name, '--scrollback')).split('\n');
  const numbers = lines.filter(line => /^ *\d+$/.test(line)).map(Number);
  expect(numbers).toHaveLength(bytes);
  return Buffer.from(numbers);
}

describe('triterm send', () => {
  it('types texts, keys and Enter in their order', async () => {
    const name = await typewriter();
    const line = ['send', '--keys', 'C-a', name, 'two', 'words', '-k', 'Up,x', 'then', '--enter', '--', '-x'];
    expect(await triterm.run(line)).toEqual({ stdout: '', stderr: '', exitCode: 0 });
    const expected = '\x01two words\x1b[Axthen -x\r';
    expect((await typed(name, expected.length)).toString()).toBe(expected);
  });

  it('types what stands on stdin first, byte for byte', async () => {
    const name = await typewriter();
    const input = 'a\nb\0\x1b\x7f é 語';
    const { stdout } = await triterm.run(['send', name, '--stdin', '--json', '--keys', 'C-d'], { input });
    const expected = Buffer.concat([Buffer.from(input), Buffer.from('\x04')]);
    expect(JSON.parse(stdout)).toEqual({ bytes: expected.length });
    expect(await typed(name, expected.length)).toEqual(expected);
  });

  it('types megabytes into a program that reads them, and every one of their bytes', async () => {
    const program = 'stty raw opost -echo; echo ready; head -c 3000000 | md5sum';
    await triterm.ok('new', '-d', '-n', 'much', '--', 'sh', '-c', program);
    await triterm.ok('wait', 'much', '--text', 'ready', '--timeout', '20');
    const input = Array.from({ length: 300_000 }, (_, index) => `${index}\n`.padStart(10, '0')).join('');
    const { exitCode } = await triterm.run(['send', 'much', '--stdin'], { input, timeoutMs: 60_000 });
    expect(exitCode).toBe(0);
    const digest = createHash('md5').update(input).digest('hex');
    expect(await triterm.ok('wait', 'much', '--text', digest, '--timeout', '20')).toBe(`${digest}\n`);
  });

  it.each([
    [[], 'There is nothing to send.'],
    [['--keys', 'Etner'], 'There is no key "Etner". Did you mean Enter?'],
    [['--keys', 'C-Enter'], 'No terminal can tell'],
    [['--keys', ''], 'There is no key "".'],
    [['-x'], 'Unknown option -x.'],
  ])('refuses %j and types nothing', async (args, message) => {
    const name = await typewriter();
    const { stderr, exitCode } = await triterm.run(['send', name, ...args]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)]);
    await typed(name, 0);
  });

  it('says that a session has ended', async () => {
    await triterm.ok('new', '-d', '-n', 'over', '--', 'true');
    await triterm.ok('wait', 'over', '--exit');
    const { stderr, exitCode } = await triterm.run(['send', 'over', 'x']);
    expect([exitCode, stderr]).toEqual([4, expect.stringContaining('triterm capture')]);
  });
});
