import { join } from 'node:path';
import type { SessionInfo } from '@triterm/core/domain';
import { ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import { runs } from '@triterm/core/sandbox/session-requests';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Triterm, until } from '../support/triterm.ts';

let triterm: Triterm;
beforeEach(() => {
  triterm = new Triterm();
});
afterEach(() => triterm[Symbol.asyncDispose]());

const make = (name: string, ...command: string[]) =>
  triterm.json<SessionInfo>('new', '-d', '-n', name, '--', ...(command.length === 0 ? ['cat'] : command));
const list = (...args: string[]) => triterm.json<SessionInfo[]>('ls', ...args);
const names = async (...args: string[]) => (await list(...args)).map(({ name }) => name);

describe('triterm sessions ls', () => {
  it('is an array of sessions as JSON, oldest first; empty without any', async () => {
    expect(await list()).toEqual([]);
    const made = [await make('b'), await make('a')];
    const listed = await list();
    expect(listed.map(({ id }) => id)).toEqual(made.map(({ id }) => id));
    expect(await triterm.json('sessions', 'ls')).toHaveLength(2);
  });

  it('is fields between tabs in a pipe, and a table on a terminal', async () => {
    expect(await triterm.ok('ls')).toBe('');
    const { id } = await make('work');
    const [line, ...others] = (await triterm.ok('ls')).trimEnd().split('\n');
    expect(others).toEqual([]);
    expect(line?.split('\t').slice(0, 7)).toEqual(['work', id, 'running', 'cat', triterm.dir, '80x24', '0']);
    await using terminal = triterm.openShell('triterm ls; echo "[status $?]"', { cols: 120 });
    const { rows } = await terminal.untilText('[status 0]');
    expect(rows[0]).toMatch(/^NAME +ID +STATE +COMMAND +CWD +SIZE +CLIENTS +AGE +IDLE +TITLE$/);
    expect(rows[1]).toMatch(new RegExp(`^work +${id} +running +cat +~ +80x24 +0 +\\d+s +\\d+s$`));
  });

  it('says on a terminal that there is none', async () => {
    await using terminal = triterm.openShell('triterm ls; triterm ls --filter x; echo "[status $?]"');
    const { text } = await terminal.untilText('[status 0]');
    expect(text).toContain('No sessions. `triterm new` starts one.');
  });

  it('is filtered and ordered', async () => {
    await make('alpha');
    await make('beta', 'sh', '-c', 'exit 3');
    await triterm.ok('sessions', 'label', 'alpha', 'team=web');
    await triterm.ok('wait', 'beta', '--exit');
    expect(await names('--filter', 'state=running')).toEqual(['alpha']);
    expect(await names('--filter', 'exitCode=3')).toEqual(['beta']);
    expect(await names('--filter', 'label.team=w*')).toEqual(['alpha']);
    expect(await names('--filter', 'alp', '--filter', 'state=exited')).toEqual([]);
    expect(await names('--sort', '-name')).toEqual(['beta', 'alpha']);
    const wrong = await triterm.run(['ls', '--filter', 'stat=x']);
    expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining('Did you mean state?')]);
    expect((await triterm.run(['ls', '--sort', 'nope'])).exitCode).toBe(2);
  });
});

describe('a list that no message takes', () => {
  it('is listed all the same, and all of it is ended at once', async () => {
    await triterm.ok('daemon', 'start');
    const client = await ProtocolClient.connect(join(triterm.stateDir, 'run', 'tritermd.sock'));
    // The longest that there may be, and six bytes each in JSON.
    const labels = Object.fromEntries(
      Array.from({ length: 64 }, (_, at) => [`label-${at}`, '\u0001'.repeat(256)]),
    );
    for (let made = 0; made < 60; made += 1)
      await client.request('session.create', { ...runs(`s${made}`, ['sleep', '1000']), labels });
    await expect(client.request('session.list', {})).rejects.toMatchObject({ code: 'TOO_LARGE' });
    await client.close();
    expect(await names()).toEqual(Array.from({ length: 60 }, (_, made) => `s${made}`));
    expect(await names('--all')).toHaveLength(60);
    await triterm.ok('sessions', 'kill', '--all', '--signal', 'KILL');
    await until(
      async () => (await names('--filter', 'state=running')).length === 0,
      'all of them have ended',
    );
  });
});

describe('triterm sessions show', () => {
  it('tells everything about a session by its name, id and the beginning of that', async () => {
    const { id } = await make('work');
    for (const target of ['work', id, id.slice(0, 6)])
      expect(await triterm.json('sessions', 'show', target)).toMatchObject({ session: { id } });
    const text = await triterm.ok('sessions', 'show', 'work');
    expect(text).toMatch(/^name +work$/m);
    expect(text).toMatch(/^size +80x24 \(latest\)$/m);
    expect(text).toMatch(/^clients +0$/m);
  });

  it('tells who is attached', async () => {
    await make('work');
    await using terminal = triterm.open(['attach', 'work'], { cols: 90, rows: 30 });
    terminal.type('hello\r');
    await terminal.untilText('hello\nhello');
    const shown = await triterm.json<{ clients: { pid: number }[] }>('sessions', 'show', 'work');
    expect(shown.clients).toEqual([
      expect.objectContaining({ role: 'controller', primary: true, cols: 90, rows: 30, pid: terminal.pid }),
    ]);
    expect(await triterm.ok('sessions', 'show', 'work')).toMatch(/^CLIENT +ROLE[\s\S]*controller, primary/m);
  });

  it('suggests the name that was meant', async () => {
    await make('work');
    const { stderr, exitCode } = await triterm.run(['sessions', 'show', 'wrok', '--json']);
    expect(exitCode).toBe(3);
    expect(JSON.parse(stderr)).toEqual({
      error: {
        code: 'SESSION_NOT_FOUND',
        message: 'There is no session wrok. Did you mean work?',
        hint: 'See `triterm ls` for the sessions there are.',
        details: { suggestion: 'work' },
      },
    });
  });
});

describe('changing a session', () => {
  it('renames it', async () => {
    const { id } = await make('work');
    await make('other');
    expect(await triterm.ok('sessions', 'rename', 'work', 'play')).toBe('');
    expect(await triterm.json('sessions', 'rename', 'play', 'späße.2')).toMatchObject({
      id,
      name: 'späße.2',
    });
    const taken = await triterm.run(['sessions', 'rename', 'späße.2', 'other']);
    expect([taken.exitCode, taken.stderr]).toEqual([4, expect.stringContaining('named other')]);
    expect((await triterm.run(['sessions', 'rename', 'other', 'a/b'])).exitCode).toBe(2);
    expect(await names('--sort', 'name')).toEqual(['other', 'späße.2']);
  });

  it('resizes it, for the program too', async () => {
    await make('work', 'sh', '-c', 'trap "stty size" WINCH; while :; do read line; done');
    expect(await triterm.json('sessions', 'resize', 'work', '100x40')).toMatchObject({ cols: 100, rows: 40 });
    await triterm.ok('wait', 'work', '--text', '40 100', '--timeout', '20');
    for (const size of ['0x0', '100', '5000x1']) {
      const { stderr, exitCode } = await triterm.run(['sessions', 'resize', 'work', size]);
      expect([exitCode, stderr]).toEqual([2, expect.stringContaining(`"${size}" is not a size`)]);
    }
  });

  it('shows and sets its policy', async () => {
    await make('work');
    expect(await triterm.ok('sessions', 'policy', 'work')).toBe('latest\n');
    expect(await triterm.json('sessions', 'policy', 'work')).toEqual({
      sizePolicy: 'latest',
      handOver: 'typing',
    });
    await triterm.ok('sessions', 'policy', 'work', 'manual');
    expect(await triterm.ok('sessions', 'policy', 'work')).toBe('manual\n');
    await triterm.ok('sessions', 'policy', 'work', '--hand-over', 'request');
    expect(await triterm.json('sessions', 'policy', 'work')).toEqual({
      sizePolicy: 'manual',
      handOver: 'request',
    });
    const { stderr, exitCode } = await triterm.run(['sessions', 'policy', 'work', '--hand-over', 'force']);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('typing, explicit, request')]);
  });

  it('shows, sets and removes labels', async () => {
    await make('work');
    expect(await triterm.ok('sessions', 'label', 'work')).toBe('');
    await triterm.ok('sessions', 'label', 'work', 'a=1', 'b=x=y', 'c=');
    expect(await triterm.json('sessions', 'label', 'work', 'a=2', '--remove', 'c')).toMatchObject({
      labels: { a: '2', b: 'x=y' },
    });
    expect(await triterm.json('sessions', 'label', 'work')).toEqual({ a: '2', b: 'x=y' });
    expect(await triterm.ok('sessions', 'label', 'work')).toBe('a=2\nb=x=y\n');
    const many = Array.from({ length: 62 }, (_, at) => `more-${at}=1`);
    await triterm.ok('sessions', 'label', 'work', ...many);
    const { stderr, exitCode } = await triterm.run(['sessions', 'label', 'work', 'last=1']);
    expect([exitCode, stderr]).toEqual([7, expect.stringContaining('64 labels at most, not 65')]);
    await triterm.ok('sessions', 'label', 'work', 'last=1', '--remove', 'a');
    expect(Object.keys(await triterm.json('sessions', 'label', 'work'))).toHaveLength(64);
  });

  it('detaches its clients, all or one, and hands over', async () => {
    await make('work');
    await using one = triterm.openShell('triterm attach work; echo "[status $?]"', { cols: 90 });
    await using two = triterm.openShell('triterm attach work; echo "[status $?]"', { cols: 70 });
    const clients = async () =>
      (
        await triterm.json<{ clients: { id: string; cols: number; primary: boolean }[] }>(
          ...['sessions', 'show', 'work'],
        )
      ).clients;
    await until(async () => (await clients()).length === 2, 'both attached');
    one.type('one\r');
    await one.untilText('one\none');
    await two.untilText('one\none');
    const [first] = (await clients()).filter(({ cols }) => cols === 90);
    const [second] = (await clients()).filter(({ cols }) => cols === 70);
    await triterm.ok('sessions', 'take', 'work', '--client', second?.id ?? '');
    expect((await clients()).find(({ primary }) => primary)?.id).toBe(second?.id);

    const asks = ['work', '--client', first?.id ?? ''];
    const request = await triterm.json('sessions', 'request', ...asks);
    expect(request).toMatchObject({ session: { name: 'work' }, client: first?.id, state: 'asked' });
    expect(await triterm.json('sessions', 'grant', ...asks)).toMatchObject({
      session: { name: 'work' },
      client: first?.id,
    });
    expect((await clients()).find(({ primary }) => primary)?.id).toBe(first?.id);
    // Of this device, which both are on, the one that is not the primary one.
    expect((await triterm.run(['sessions', 'request', 'work'])).stderr).toContain('was asked');
    expect((await triterm.run(['sessions', 'grant', 'work', '--deny'])).stderr).toContain('was refused');
    expect((await triterm.run(['sessions', 'grant', 'work'])).exitCode).toBe(3);

    await triterm.ok('sessions', 'detach', 'work', '--client', first?.id ?? '');
    await one.untilText('[status 0]');
    expect(await clients()).toHaveLength(1);
    expect(await triterm.json('sessions', 'detach', 'work')).toEqual({ detached: 1 });
    await two.untilText('[status 0]');
    expect(await triterm.json('sessions', 'detach', 'work')).toEqual({ detached: 0 });
    for (const command of ['detach', 'take']) {
      const { exitCode } = await triterm.run(['sessions', command, 'work', '--client', 'ffff']);
      expect(exitCode).toBe(3);
    }
  });
});

describe('triterm kill', () => {
  it('ends a program as a closed terminal does, keeps its last words, then removes it', async () => {
    await make('work', 'sh', '-c', 'trap "echo bye; exit 5" HUP; echo ready; while :; do sleep 0.05; done');
    await triterm.ok('wait', 'work', '--text', 'ready');
    expect(await triterm.json('kill', 'work')).toEqual([
      expect.objectContaining({ name: 'work', state: 'exited', exitCode: 5 }),
    ]);
    expect(await triterm.ok('capture', 'work')).toMatch(/^ready\n(.*\n)?bye\n$/);
    await triterm.ok('kill', 'work');
    expect(await list()).toEqual([]);
  });

  it('kills what does not end by itself', async () => {
    await make('work', 'sh', '-c', 'trap "" HUP TERM; echo ready; while :; do sleep 0.05; done');
    await triterm.ok('wait', 'work', '--text', 'ready');
    await triterm.ok('kill', 'work');
    expect(await list()).toEqual([expect.objectContaining({ state: 'exited', signal: 'SIGKILL' })]);
  });

  it('sends the signal that it is told, by any of its names', async () => {
    for (const signal of ['SIGINT', 'term', '9']) {
      await make('work', 'sleep', '1000');
      await triterm.ok('kill', '--signal', signal, 'work');
      const expected = { SIGINT: 'SIGINT', term: 'SIGTERM', 9: 'SIGKILL' }[signal];
      expect(await triterm.ok('wait', 'work', '--exit')).toBe(`${expected}\n`);
      await triterm.ok('kill', 'work');
    }
    const { stderr, exitCode } = await triterm.run(['kill', '-s', 'TREM', 'work']);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('Did you mean TERM?')]);
  });

  it('ends several, or all', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await make(name);
    await triterm.ok('kill', 'a', 'b');
    expect(await names('--filter', 'state=running')).toEqual(['c', 'd']);
    await triterm.ok('kill', '--all');
    expect(await names('--filter', 'state=running')).toEqual([]);
    for (const args of [['kill'], ['kill', '--all', 'a'], ['kill', '']])
      expect((await triterm.run(args)).exitCode).toBe(2);
  });
});
