import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SessionInfo } from '@triterm/core/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Triterm } from '../support/triterm.ts';

let triterm: Triterm;
beforeAll(() => {
  triterm = new Triterm();
});
afterAll(() => triterm[Symbol.asyncDispose]());

const show = async (target: string) =>
  (await triterm.json<{ session: SessionInfo }>('sessions', 'show', target)).session;

/** What a program that printed and ended has left. */
async function printed(...args: string[]): Promise<string> {
  const id = (await triterm.ok('new', '-d', ...args)).trim();
  await triterm.ok('wait', id, '--exit', '--timeout', '20');
  return (await triterm.ok('capture', id)).trim();
}

describe('triterm new', () => {
  it('prints the id, with -d', async () => {
    const id = (await triterm.ok('new', '-d', '-n', 'first', '--', 'cat')).trim();
    expect(id).toMatch(/^[0-9a-z]{12}$/);
    expect(await show('first')).toMatchObject({ id, name: 'first', state: 'running', command: 'cat' });
  });

  it("makes the user's shell, here, with a name of its own", async () => {
    mkdirSync(join(triterm.dir, 'here'));
    const { stdout } = await triterm.run(['new', '-d', '--json'], { cwd: join(triterm.dir, 'here') });
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'sh',
      command: 'sh',
      cwd: join(triterm.dir, 'here'),
      cols: 80,
      rows: 24,
      labels: {},
    });
    expect(await triterm.json('new', '-d')).toMatchObject({ name: 'sh-2' });
  });

  it('takes size, labels, policy and scrollback', async () => {
    await triterm.ok(
      ...['new', '-d', '-n', 'sized', '--size', '100x30', '--label', 'team=web', '--label=empty='],
      ...['--policy', 'manual', '--scrollback-lines', '77', '--', 'cat'],
    );
    expect(await triterm.json('sessions', 'show', 'sized')).toMatchObject({
      session: { cols: 100, rows: 30, labels: { team: 'web', empty: '' } },
      sizePolicy: 'manual',
      scrollbackLines: 77,
      argv: ['cat'],
    });
  });

  it('gives the program the directory, the environment of the client, and what is said on top', async () => {
    mkdirSync(join(triterm.dir, 'a b'));
    symlinkSync(join(triterm.dir, 'a b'), join(triterm.dir, 'link'));
    expect(await printed('--cwd', 'a b', '--', 'pwd')).toBe(join(triterm.dir, 'a b'));
    expect(await printed('--cwd=link', '--', 'sh', '-c', 'pwd -P')).toBe(join(triterm.dir, 'a b'));
    expect(
      await printed('--env', 'A=x=y', '--env=B=', '--', 'sh', '-c', 'echo "$A,${B-unset},$LANG,$TERM"'),
    ).toBe('x=y,,C.UTF-8,xterm-256color');
    expect(await printed('--', 'sh', '-c', 'test -n "$TRITERM_SESSION" && echo inside')).toBe('inside');
  });

  it('passes the arguments of the program on as they are', async () => {
    const script = 'for word; do echo "[$word]"; done';
    expect(await printed('--', 'sh', '-c', script, 'sh', '-x', '', 'a b', '--', "it's", '$HOME')).toBe(
      ['[-x]', '[]', '[a b]', '[--]', "[it's]", '[$HOME]'].join('\n'),
    );
  });

  it('makes many at once, numbered', async () => {
    const ids = (await triterm.ok('new', '-d', '-n', 'many', '--count', '5', '--', 'cat')).trim().split('\n');
    expect(new Set(ids).size).toBe(5);
    for (const [index, id] of ids.entries()) expect(await show(`many-${index + 1}`)).toMatchObject({ id });
    const more = await triterm.json<SessionInfo[]>('new', '-d', '--count', '2', '--', 'cat');
    expect(more.map(({ name }) => name).sort()).toEqual(['cat', 'cat-2']);
  });

  it('attaches, without -d, and leaves with the status of the program', async () => {
    await using terminal = triterm.openShell('triterm new -- sh -c "echo here; exit 7"; echo "[status $?]"');
    const { text } = await terminal.untilText('[status 7]');
    expect(text).toContain('here');
  });

  const cases: [string[], number, string][] = [
    [['-n', 'first'], 4, 'There is a session named first.'],
    [['-n', '-x'], 2, '"-x" is no session name.'],
    [['-n', 'a b'], 2, '"a b" is no session name.'],
    [['-n', ''], 2, '"" is no session name.'],
    [['-n', 'x'.repeat(65)], 2, 'is no session name.'],
    [['--size', '0x10'], 2, '"0x10" is not a size.'],
    [['--size', '-5x10'], 2, '"-5x10" is not a size.'],
    [['--size', '100000x100000'], 2, 'is not a size.'],
    [['--cwd', '/does/not/exist'], 2, 'cannot start in "/does/not/exist"'],
    [['--cwd', '/etc/passwd'], 2, 'not a directory'],
    [['--', 'no-such-command-anywhere'], 3, 'command not found: no-such-command-anywhere'],
    [['--', '/etc/passwd'], 5, 'cannot execute /etc/passwd'],
    [['--', ''], 2, 'empty'],
    [['--env', 'X'], 2, 'The variable "X" is not KEY=VALUE.'],
    [['--label', '=x'], 2, 'The label "=x" is not KEY=VALUE.'],
    [['--label', `${'k'.repeat(65)}=x`], 2, 'longer than 64 characters'],
    [['--scrollback-lines', '-1'], 2, '--scrollback-lines is a whole number'],
    [['--policy', 'largst'], 2, 'Did you mean largest?'],
    [['--count', '0'], 2, '--count is a whole number from 1 to 1000'],
    [['make'], 2, 'A command to run stands after --.'],
  ];
  it.each(cases)('refuses %j with %d and makes nothing', async (args, status, message) => {
    const before = await triterm.json('ls');
    const { stdout, stderr, exitCode } = await triterm.run(['new', '-d', ...args]);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(status);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toHaveLength(2);
    expect(await triterm.json('ls')).toEqual(before);
  });

  it('says that attaching needs a terminal', async () => {
    const { stderr, exitCode } = await triterm.run(['new', '-n', 'nobody']);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('triterm new -d')]);
  });

  it('names the command that was meant, and a script without its interpreter', async () => {
    const script = join(triterm.dir, 'script');
    writeFileSync(script, '#!/no/such/interpreter\n');
    chmodSync(script, 0o755);
    const meant = await triterm.run(['new', '-d', '--', 'slepe']);
    expect(meant.stderr).toContain('Did you mean `sleep`?');
    const broken = await triterm.run(['new', '-d', '--', script]);
    expect(broken.stderr).toContain('/no/such/interpreter');
    expect(broken.exitCode).toBe(3);
  });

  it('takes a name from an ended session, but only when it comes to something', async () => {
    await triterm.ok('new', '-d', '-n', 'ended', '--', 'echo', 'worth keeping');
    await triterm.ok('wait', 'ended', '--exit');
    const failed = await triterm.run(['new', '-d', '-n', 'ended', '--', 'no-such-program']);
    expect(failed.exitCode).toBe(3);
    expect(await triterm.ok('capture', 'ended')).toContain('worth keeping');
    await triterm.ok('new', '-d', '-n', 'ended', '--', 'cat');
    expect(await triterm.ok('capture', 'ended.1')).toContain('worth keeping');
    expect(await show('ended')).toMatchObject({ state: 'running', command: 'cat' });
  });

  it('refuses more sessions than are allowed', async () => {
    await using small = new Triterm({ TRITERM_MAX_SESSIONS: '2' });
    await small.ok('new', '-d', '--count', '2', '--', 'cat');
    const { stderr, exitCode } = await small.run(['new', '-d', '--json', '--', 'cat']);
    expect(exitCode).toBe(7);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'TOO_MANY_SESSIONS' } });
  });

  it('makes more at once than a connection takes requests, and tells which were made where not all could be', async () => {
    await using small = new Triterm({ TRITERM_MAX_SESSIONS: '280' });
    const { stdout, stderr, exitCode } = await small.run(['new', '-d', '--count', '300', '--', 'cat']);
    expect([exitCode, stderr]).toEqual([7, expect.stringContaining('280')]);
    const listed = await small.json<SessionInfo[]>('ls');
    expect(new Set(stdout.trim().split('\n'))).toEqual(new Set(listed.map(({ id }) => id)));
    expect(listed).toHaveLength(280);
  });
});
