import { join } from 'node:path';
import { newToken } from '@triterm/core/domain';
import type { TermError } from '@triterm/core/errors';
import { ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive, Triterm, until } from '../support/triterm.ts';

interface Status {
  readonly ptyHosts: readonly { readonly pid: number }[];
}

let triterm: Triterm;
beforeAll(async () => {
  triterm = new Triterm();
  await triterm.ok('new', '-d', '-n', 'work', '--label', 'a=b', '--', 'sh');
});
afterAll(() => triterm[Symbol.asyncDispose]());

/** Kills the pty-hosts, and with them what they hold. */
async function lose(name: string): Promise<void> {
  const { ptyHosts } = await triterm.json<Status>('daemon', 'status');
  for (const { pid } of ptyHosts) process.kill(pid, 'SIGKILL');
  await until(() => ptyHosts.every(({ pid }) => !isAlive(pid)), 'the end of the hosts');
  await until(
    async () =>
      (await triterm.json<unknown[]>('ls', '--filter', `name=${name}`, '--filter', 'state=lost')).length ===
      1,
    'the loss',
  );
}

describe('triterm sessions recreate', () => {
  it('leaves one alone that runs', async () => {
    const { exitCode, stderr } = await triterm.run(['sessions', 'recreate', '-d', '--json', 'work']);
    expect([exitCode, JSON.parse(stderr)]).toMatchObject([4, { error: { code: 'SESSION_RUNNING' } }]);
  });

  it('attaches only where there is a terminal, and does nothing before', async () => {
    const { exitCode, stderr } = await triterm.run(['sessions', 'recreate', 'work', '--json']);
    expect([exitCode, JSON.parse(stderr)]).toMatchObject([2, { error: { code: 'USAGE' } }]);
    expect((await triterm.run(['sessions', 'recreate', 'work'])).stderr).toContain('needs a terminal');
  });

  it('starts a lost one anew under its id, with its labels', async () => {
    const [before] = await triterm.json<{ id: string }[]>('ls');
    await lose('work');
    const session = await triterm.json('sessions', 'recreate', '-d', 'work');
    expect(session).toMatchObject({ id: before?.id, name: 'work', state: 'running', labels: { a: 'b' } });
  });

  it('starts it once however often it is asked under one key, also by a daemon that came after', async () => {
    await lose('work');
    const socket = join(triterm.stateDir, 'run', 'tritermd.sock');
    const environment = { PATH: process.env.PATH ?? '' };
    const ask = (client: ProtocolClient, idempotencyKey: string) =>
      client.request('session.recreate', { target: 'work', environment, idempotencyKey }).then(
        ({ session }) => session.pid,
        (error: TermError) => error.code,
      );
    const [key, other] = [newToken(), newToken()];
    const client = await ProtocolClient.connect(socket);
    const [first, ...again] = await Promise.all([key, key, other, key].map(each => ask(client, each)));
    expect(first).toEqual(expect.any(Number));
    expect(again).toEqual([first, 'SESSION_RUNNING', first]);
    expect([await ask(client, key), await ask(client, other)]).toEqual([first, 'SESSION_RUNNING']);
    await client.close();
    await triterm.killDaemon();
    await triterm.ok('daemon', 'start');
    const later = await ProtocolClient.connect(socket);
    expect([await ask(later, key), await ask(later, other)]).toEqual([first, 'SESSION_RUNNING']);
    await later.close();
  });

  it('attaches to it', async () => {
    await lose('work');
    await using terminal = triterm.open(['sessions', 'recreate', 'work']);
    await terminal.untilText(/[$#] ?$/);
    terminal.type('echo new-$((1 + 1)); exit 3\r');
    await terminal.untilText('new-2');
    expect((await terminal.exited).exitCode).toBe(3);
  });
});
