import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Triterm } from '../support/triterm.ts';

const SCRIPT =
  'seq 1 200; printf "\\033[31mError\\033[0m: disk full\\nno error\\n语言 Error\\n"; echo end; exec cat';

let triterm: Triterm;
beforeAll(async () => {
  triterm = new Triterm();
  await triterm.ok('new', '-d', '-n', 'log', '--size', '80x10', '--', 'sh', '-c', SCRIPT);
  await triterm.ok('wait', 'log', '--text', '^end', '--timeout', '20');
});
afterAll(() => triterm[Symbol.asyncDispose]());

describe('triterm search', () => {
  it('finds lines of screen and scrollback, with their numbers', async () => {
    expect(await triterm.ok('search', 'log', '^19\\d$')).toBe(
      Array.from({ length: 10 }, (_, index) => `${189 + index}:${190 + index}\n`).join(''),
    );
    expect(await triterm.ok('search', 'log', 'Error')).toBe('200:Error: disk full\n202:语言 Error\n');
    expect(await triterm.ok('search', '-i', 'log', 'error')).toContain('201:no error\n');
  });

  it('has matches with their places as JSON', async () => {
    expect(await triterm.json('search', 'log', 'disk')).toEqual({
      matches: [{ line: 200, text: 'Error: disk full', start: 7, end: 11 }],
      truncated: false,
    });
  });

  it('says when there are more matches than were asked for', async () => {
    const { stdout, stderr, exitCode } = await triterm.run(['search', 'log', '\\d', '--limit', '3']);
    expect([stdout, exitCode]).toEqual(['0:1\n1:2\n2:3\n', 0]);
    expect(stderr).toContain('raise --limit');
  });

  it('says so too where they fill a message before', async () => {
    const program = 'BEGIN { for (i = 0; i < 4000; i++) printf "%d %01500d\\n", i, 7 }';
    await triterm.ok('new', '-d', '-n', 'wide', '--', 'sh', '-c', `awk '${program}'; exec cat`);
    await triterm.ok('wait', 'wide', '--idle', '500', '--timeout', '30');
    const { stdout, stderr, exitCode } = await triterm.run(['search', 'wide', '07', '--limit', '10000']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^0:0 0/);
    expect(stderr).toContain('there are more matches; search for less');
  });

  it('leaves with 1 when nothing matches', async () => {
    expect(await triterm.run(['search', 'log', 'nowhere'])).toEqual({ stdout: '', stderr: '', exitCode: 1 });
    const { stdout, exitCode } = await triterm.run(['search', 'log', 'nowhere', '--json']);
    expect([JSON.parse(stdout), exitCode]).toEqual([{ matches: [], truncated: false }, 1]);
  });

  it('marks what matched on a terminal', async () => {
    await using terminal = triterm.openShell("triterm search log 'disk'; echo done", { keep: true });
    await terminal.untilText('done');
    expect(terminal.written.toString()).toContain('Error: \x1b[31mdisk\x1b[39m full');
  });

  it.each([
    [['log', '('], 2, 'Invalid regular expression'],
    [['log', ''], 2, 'REGEX is empty'],
    [['log'], 2, 'REGEX is missing'],
    [['nope', 'x'], 3, 'There is no session nope.'],
    [['log', 'x', '--limit', '0'], 2, '--limit is a whole number from 1 to 10000'],
  ])('refuses %j', async (args, status, message) => {
    const { stderr, exitCode } = await triterm.run(['search', ...args]);
    expect([exitCode, stderr]).toEqual([status, expect.stringContaining(message)]);
  });
});
