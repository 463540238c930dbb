import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Triterm } from '../support/triterm.ts';

let triterm: Triterm;
beforeAll(() => {
  triterm = new Triterm();
});
afterAll(() => triterm[Symbol.asyncDispose]());

/** A session that has printed this and waits. */
async function shown(name: string, format: string, ...options: string[]): Promise<void> {
  await triterm.ok('new', '-d', '-n', name, ...options, '--', 'sh', '-c', `printf '${format}'; exec cat`);
  await triterm.ok('wait', name, '--idle', '300', '--timeout', '20');
}

describe('triterm capture', () => {
  it('is the screen as text, without the empty rows at its end', async () => {
    await shown('plain', '\\033[1;31mred\\033[0m and plain\\n\\n  语言 é\\n\\n');
    expect(await triterm.ok('capture', 'plain')).toBe('red and plain\n\n  语言 é\n');
    expect(await triterm.ok('capture', 'plain', '--text')).toBe('red and plain\n\n  语言 é\n');
  });

  it('has colours and styles with --ansi', async () => {
    await shown('ansi', '\\033[1;31mred\\033[0m plain');
    expect(await triterm.ok('capture', 'ansi', '--ansi')).toMatch(/^\x1b\[(0;)?1;31mred\x1b\[0?m plain/);
  });

  it('has the scrollback with --scrollback, all or the last lines', async () => {
    await triterm.ok('new', '-d', '-n', 'long', '--size', '20x5', '--', 'sh', '-c', 'seq 1 100; exec cat');
    await triterm.ok('wait', 'long', '--text', '100', '--timeout', '20');
    const lines = async (...args: string[]) => (await triterm.ok('capture', 'long', ...args)).split('\n');
    expect((await lines())[0]).toBe('97');
    expect((await lines('--scrollback'))[0]).toBe('1');
    expect((await lines('--scrollback=10'))[0]).toBe('87');
    expect((await lines('-s'))[0]).toBe('1');
    expect((await lines('--scrollback=0'))[0]).toBe('97');
    expect(await lines('--scrollback')).toHaveLength(101);
  });

  it('has every line of a scrollback that no message takes, in colour too', async () => {
    const lines = 40_000;
    const program = `BEGIN { for (i = 0; i < ${lines}; i++) printf "\\033[31m%d\\033[32m %0150d\\033[0m\\n", i, 7 }`;
    const options = ['--scrollback-lines', '100000', '--size', '180x24'];
    await triterm.ok(
      'new',
      '-d',
      '-n',
      'endless',
      ...options,
      '--',
      'sh',
      '-c',
      `awk '${program}'; exec cat`,
    );
    await triterm.ok('wait', 'endless', '--text', `${lines - 1} `, '--timeout', '60');
    const expected = Array.from({ length: lines }, (_, at) => `${at} ${'7'.padStart(150, '0')}`);
    for (const colour of [[], ['--ansi']]) {
      const captured = stripVTControlCharacters(
        await triterm.ok('capture', 'endless', '--scrollback', ...colour),
      );
      // Not `toEqual`, whose difference of 40,000 lines nobody reads.
      expect(captured.length).toBe(expected.join('\n').length + 1);
      expect(captured === `${expected.join('\n')}\n`).toBe(true);
    }
    const some = await triterm.ok('capture', 'endless', '--scrollback=35000');
    expect(some.split('\n', 1)).toEqual(expected.slice(lines - 35_000 - 23, lines - 35_000 - 22));
  });

  it('joins what was wrapped in the scrollback only', async () => {
    const long = 'x'.repeat(50);
    await shown('wrapped', `${long}\\n1\\n2\\n3\\n4\\n5`, '--size', '20x5');
    expect((await triterm.ok('capture', 'wrapped', '--scrollback')).split('\n')[0]).toBe(long);
  });

  it('is session, screen, scrollback, cursor and more as JSON', async () => {
    await shown('json', 'one\\033[?25l\\033[3;7H', '--size', '20x4');
    expect(await triterm.json('capture', 'json')).toEqual({
      session: expect.objectContaining({ name: 'json' }),
      scrollback: [],
      screen: ['one', '', '', ''],
      cursor: { row: 2, col: 6, visible: false },
      offset: expect.any(Number),
      alternateScreen: false,
      asOf: null,
    });
    await shown('alternate', 'main\\033[?1049h\\033[Halt');
    const alternate = await triterm.json<{ screen: string[] }>('capture', 'alternate');
    expect(alternate).toMatchObject({ alternateScreen: true });
    expect(alternate.screen[0]).toBe('alt');
  });

  it('still shows a session that has ended', async () => {
    await triterm.ok('new', '-d', '-n', 'over', '--', 'sh', '-c', 'echo last words; exit 3');
    await triterm.ok('wait', 'over', '--exit');
    expect(await triterm.ok('capture', 'over')).toBe('last words\n');
    expect(await triterm.json('capture', 'over')).toMatchObject({
      session: { state: 'exited', exitCode: 3 },
    });
  });

  it.each([
    [['capture', 'plain', '--text', '--ansi'], 2, 'exclude each other'],
    [['capture', 'plain', '--scrollback=many'], 2, '--scrollback is a whole number'],
    [['capture', 'nope'], 3, 'There is no session nope.'],
    [['capture'], 2, 'SESSION is missing'],
  ])('refuses %j', async (args, status, message) => {
    const { stdout, stderr, exitCode } = await triterm.run(args);
    expect([exitCode, stdout, stderr]).toEqual([status, '', expect.stringContaining(message)]);
  });
});
