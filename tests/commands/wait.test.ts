import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningCommand } from '../support/running-command.ts';
import { Triterm } from '../support/triterm.ts';

let triterm: Triterm;
beforeAll(() => {
  triterm = new Triterm();
});
afterAll(() => triterm[Symbol.asyncDispose]());

const make = (name: string, ...command: string[]) => triterm.ok('new', '-d', '-n', name, '--', ...command);

describe('triterm wait', () => {
  it.each([
    ['exit 0', '0\n', { exitCode: 0, signal: null }],
    ['exit 7', '7\n', { exitCode: 7, signal: null }],
    ['kill -TERM $$', 'SIGTERM\n', { exitCode: null, signal: 'SIGTERM' }],
  ])('--exit is over when the program is (%s), and leaves with 0', async (script, printed, status) => {
    const id = (await triterm.ok('new', '-d', '--', 'sh', '-c', script)).trim();
    expect(await triterm.ok('wait', id, '--exit', '--timeout', '20')).toBe(printed);
    expect(await triterm.json('wait', id, '--exit')).toMatchObject({
      session: { state: 'exited', ...status },
    });
  });

  it('--text is over when the screen shows it, and prints what matched', async () => {
    await make('text', 'sh', '-c', 'read line; echo "Listening on port 8080 now"; exec cat');
    await using waiting = new RunningCommand(triterm, ['wait', 'text', '--text', 'port \\d+']);
    await triterm.ok('send', 'text', '--enter', 'go');
    expect(await waiting.until(lines => lines.length > 0)).toEqual(['port 8080']);
    expect(await waiting.exited()).toBe(0);
    expect(await triterm.json('wait', 'text', '--text', '^Listening')).toMatchObject({
      matched: 'Listening',
    });
  });

  it('--idle is over when nothing was written for that long', async () => {
    await make('idle', 'sh', '-c', 'for i in 1 2 3 4 5 6; do echo $i; sleep 0.2; done; echo last; exec cat');
    await triterm.ok('wait', 'idle', '--idle', '600', '--timeout', '20');
    expect(await triterm.ok('capture', 'idle')).toContain('last');
  });

  it('--command is over when the shell is back at its prompt, and prints the status', async () => {
    await make('shell', 'bash');
    expect(await triterm.ok('wait', 'shell', '--command', '--timeout', '20')).toBe('');
    for (const status of [3, 0]) {
      await triterm.ok('send', 'shell', '--enter', `sleep 0.4; (exit ${status})`);
      expect(await triterm.ok('wait', 'shell', '--command', '--timeout', '20')).toBe(`${status}\n`);
    }
  });

  it.each([
    ['--exit', 4],
    ['--text=never', 4],
  ])('%s tells when the session has ended first, or no more can', async option => {
    await make('gone', 'sh', '-c', 'read line; exit 1');
    const waiting = new RunningCommand(triterm, ['wait', 'gone', option]);
    await triterm.ok('send', 'gone', '--enter');
    const status = await waiting.exited();
    expect(status).toBe(option === '--exit' ? 0 : 4);
    await triterm.ok('kill', 'gone');
  });

  it('gives up after --timeout, with 124', async () => {
    await make('quiet', 'cat');
    for (const condition of [['--exit'], ['--text', 'never'], ['--idle', '60000']]) {
      const { stderr, exitCode } = await triterm.run(['wait', 'quiet', ...condition, '-t', '0.2']);
      expect([exitCode, stderr]).toEqual([124, expect.stringContaining('within 200 ms')]);
    }
  });

  it('goes on waiting while the daemon is killed and comes back', async () => {
    await make('long', 'sh', '-c', 'echo up; read line; exit 5');
    await triterm.ok('wait', 'long', '--text', 'up');
    await using waiting = new RunningCommand(triterm, ['wait', 'long', '--exit', '--timeout', '60']);
    await using text = new RunningCommand(triterm, ['wait', 'long', '--text', 'over']);
    await triterm.ok('daemon', 'restart');
    await triterm.killDaemon();
    await triterm.ok('ls');
    await triterm.ok('send', 'long', '--enter', 'over');
    expect(await text.until(lines => lines.length > 0)).toEqual(['over']);
    expect(await waiting.until(lines => lines.length > 0)).toEqual(['5']);
  });

  it.each([
    [[], 'exactly one of'],
    [['--exit', '--idle', '5'], 'exactly one of'],
    [['--idle', '0'], '--idle is a whole number from 1'],
    [['--text', '('], 'Invalid regular expression'],
    [['--text', ''], '--text is empty'],
    [['--exit', '--timeout', '-1'], '--timeout is a number of seconds'],
  ])('refuses %j', async (args, message) => {
    const { stderr, exitCode } = await triterm.run(['wait', 'quiet', ...args]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('says that a program tells no prompts', async () => {
    const { stderr, exitCode } = await triterm.run(['wait', 'quiet', '--command', '--json']);
    expect(exitCode).toBe(4);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'NO_SHELL_INTEGRATION' } });
  });
});
