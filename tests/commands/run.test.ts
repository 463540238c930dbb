import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { newToken } from '@triterm/core/domain';
import { ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningCommand } from '../support/running-command.ts';
import { Triterm } from '../support/triterm.ts';

const SHELLS = ['bash', 'zsh', 'fish'].filter(shell =>
  (process.env.PATH ?? '').split(delimiter).some(directory => {
    try {
      accessSync(join(directory, shell), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  }),
);

let triterm: Triterm;
beforeAll(() => {
  triterm = new Triterm();
});
afterAll(() => triterm[Symbol.asyncDispose]());

const run = (name: string, ...command: string[]) => triterm.run(['run', name, '--', ...command]);
const make = (name: string, shell = 'bash') => triterm.ok('new', '-d', '-n', name, '--', shell);

describe.each(SHELLS)('triterm run in %s', shell => {
  it('prints what the command wrote and leaves with its status, at once after `new`', async () => {
    await make(shell, shell);
    expect(await run(shell, 'echo', 'hello')).toEqual({ stdout: 'hello\n', stderr: '', exitCode: 0 });
    expect(await run(shell, 'sh', '-c', 'echo out; echo err >&2; exit 7')).toEqual({
      stdout: 'out\nerr\n',
      stderr: '',
      exitCode: 7,
    });
    expect(await run(shell, 'printf', 'no newline')).toMatchObject({ stdout: 'no newline', exitCode: 0 });
    expect(await run(shell, 'true')).toEqual({ stdout: '', stderr: '', exitCode: 0 });
  });

  it('passes words on as they are', async () => {
    const words = ['', 'a b', "it's", '"', '$HOME', '`x`', '!!', '*', '\\', 'ü語', '-n', '--', 'a\nb', '\t'];
    const script = 'for word; do printf "[%s]" "$word"; done';
    const { stdout } = await run(shell, 'sh', '-c', script, 'sh', ...words);
    expect(stdout).toBe(words.map(word => `[${word}]`).join(''));
  });

  it('runs in the shell itself, whose directory and variables it sees and changes', async () => {
    expect(await run(shell, 'cd', '/usr')).toMatchObject({ exitCode: 0 });
    expect(await run(shell, 'pwd')).toMatchObject({ stdout: '/usr\n' });
    expect(await triterm.json('sessions', 'show', shell)).toMatchObject({ session: { cwd: '/usr' } });
  });

  it('tells of a command that there is not, with 127', async () => {
    expect(await run(shell, 'no-such-command')).toMatchObject({ exitCode: 127 });
  });
});

describe('triterm run', () => {
  it('has output, truncated and exitCode as JSON', async () => {
    await make('json');
    const { stdout, exitCode } = await triterm.run([
      'run',
      'json',
      '--json',
      '--',
      'sh',
      '-c',
      'echo "é"; exit 3',
    ]);
    expect(JSON.parse(stdout)).toEqual({ output: 'é\n', truncated: false, exitCode: 3 });
    expect(exitCode).toBe(3);
  });

  it('keeps what is large whole, and says when it kept only the end', async () => {
    await make('large');
    const { stdout, stderr } = await run('large', 'seq', '1', '200000');
    expect(stderr).toBe('');
    expect(stdout).toBe(`${Array.from({ length: 200_000 }, (_, index) => index + 1).join('\n')}\n`);
    const more = await run('large', 'seq', '1', '1000000');
    expect(more.stderr).toContain('only the end');
    expect(more.stdout.endsWith('\n999999\n1000000\n')).toBe(true);
  });

  it('has concurrent runs wait for each other, each with its own output and status', async () => {
    await make('queue');
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, index) => run('queue', 'sh', '-c', `echo run ${index}; exit ${index}`)),
    );
    expect(results).toEqual(
      results.map((_, index) => ({ stdout: `run ${index}\n`, stderr: '', exitCode: index })),
    );
  });

  it('gives up after --timeout with 124 while the command goes on, and refuses a shell that is busy', async () => {
    await make('busy');
    const { stderr, exitCode } = await triterm.run(['run', 'busy', '-t', '0.3', '--', 'cat']);
    expect([exitCode, stderr]).toEqual([124, expect.stringContaining('it goes on')]);
    const refused = await run('busy', 'echo', 'no');
    expect([refused.exitCode, refused.stderr]).toEqual([4, expect.stringContaining("busy with 'cat'")]);
    await triterm.ok('send', 'busy', '--keys', 'C-d');
    await triterm.ok('wait', 'busy', '--command', '--timeout', '20');
    expect(await run('busy', 'echo', 'yes')).toMatchObject({ stdout: 'yes\n', exitCode: 0 });
  });

  it('types nothing of a command whose time is over, or whose client has gone, before its turn came', async () => {
    await make('late');
    await using first = new RunningCommand(triterm, [
      'run',
      'late',
      '--',
      'sh',
      '-c',
      'echo begun; read line',
    ]);
    await triterm.ok('wait', 'late', '--text', '^begun', '--timeout', '20');
    const { stderr, exitCode } = await triterm.run(['run', 'late', '-t', '0.3', '--', 'echo', 'too late']);
    expect([exitCode, stderr]).toEqual([124, expect.stringContaining('nothing was typed')]);
    const client = await ProtocolClient.connect(join(triterm.stateDir, 'run', 'tritermd.sock'));
    const request = { target: 'late', argv: ['echo', 'gone'], timeoutMs: 0, idempotencyKey: newToken() };
    const asked = client.request('session.run', request).catch(error => error.code);
    await client.request('ping', {});
    await client.close();
    expect(await asked).toBe('CONNECTION_LOST');
    await triterm.ok('send', 'late', '--enter');
    expect(await first.exited()).toBe(0);
    expect(await run('late', 'echo', 'last')).toMatchObject({ stdout: 'last\n' });
    expect(await triterm.ok('capture', 'late', '--scrollback')).not.toMatch(/too late|gone/);
  });

  it('waits for a line that was just sent', async () => {
    await make('after');
    await run('after', 'true');
    await triterm.ok('send', 'after', '--enter', 'read line; echo first');
    const refused = await run('after', 'echo', 'second');
    expect(refused.exitCode).toBe(4);
    await triterm.ok('send', 'after', '--enter');
    await triterm.ok('wait', 'after', '--command', '--timeout', '20');
    expect(await run('after', 'echo', 'second')).toMatchObject({ stdout: 'second\n' });
  });

  it('tells when the shell ends, and refuses what is no shell', async () => {
    await make('ending');
    const { stderr, exitCode } = await run('ending', 'exit', '3');
    expect([exitCode, stderr]).toEqual([4, expect.stringContaining('ended')]);
    await triterm.ok('new', '-d', '-n', 'cat', '--', 'cat');
    const refused = await run('cat', 'ls');
    expect([refused.exitCode, refused.stderr]).toEqual([4, expect.stringContaining('no shell')]);
    expect((await triterm.run(['run', 'cat', 'ls'])).stderr).toContain('stands after --');
    expect((await triterm.run(['run', 'cat'])).stderr).toContain('The command is missing');
  });

  it('says that it does not know the outcome when the daemon dies meanwhile', async () => {
    await make('dying');
    await using running = new RunningCommand(triterm, [
      'run',
      'dying',
      '--',
      'sh',
      '-c',
      'echo begun; read line',
    ]);
    await triterm.ok('wait', 'dying', '--text', '^begun', '--timeout', '20');
    await triterm.killDaemon();
    expect(await running.exited()).toBe(6);
    expect(running.stderr).toContain('triterm capture');
    await triterm.ok('send', 'dying', '--enter');
    await triterm.ok('wait', 'dying', '--command', '--timeout', '20');
    expect(await run('dying', 'echo', 'again')).toMatchObject({ stdout: 'again\n' });
  });

  it('is seen by whoever is attached', async () => {
    await make('seen');
    await using terminal = triterm.open(['attach', 'seen']);
    await terminal.untilText(/[$#] ?$/m);
    expect(await run('seen', 'echo', 'look here')).toMatchObject({ stdout: 'look here\n' });
    await terminal.untilText(/^look here$/m);
  });
});
