import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FaultProxy } from '@triterm/core/sandbox/fault-proxy';
import { freePort } from '@triterm/core/sandbox/free-port';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DaemonProcess } from '../support/daemon-process.ts';
import { RunningCommand } from '../support/running-command.ts';
import { Triterm, until } from '../support/triterm.ts';

const PROMPT = /[$#] ?$/;
/** A connection that swallows everything is given up within 5 s; this machine may be busy. */
const HALF_OPEN_NOTICED_MS = 10_000;

let server: DaemonProcess;
let port: number;
let token: string;
let client: Triterm;

beforeAll(async () => {
  port = await freePort();
  server = new DaemonProcess({ TRITERM_LISTEN: `ws://127.0.0.1:${port}` });
  await server.start();
  ({ token } = await server.request('token.create', { scope: 'admin' }));
});
afterAll(() => server.dispose());

beforeEach(() => {
  client = remoteClient(`ws://127.0.0.1:${port}`);
});
afterEach(() => client[Symbol.asyncDispose]());

/** A client that has nothing to do with the server but a network: another home, another state directory. */
function remoteClient(url: string): Triterm {
  return new Triterm({ TRITERM_HOST: url, TRITERM_TOKEN: token });
}

function session(name: string): Promise<{ readonly id: string }> {
  return server.session(name, ['/bin/sh'], {
    environment: { PATH: process.env.PATH ?? '', HOME: server.stateDir, PS1: '$ ' },
  });
}

/** One that comes and goes at once, for whoever waits for events. */
async function passing(name: string): Promise<void> {
  await server.session(name, ['true']);
  await server.exited(name);
  await server.request('session.kill', { target: name });
}

describe('a client over the network', () => {
  it('does with sessions there what it does with those here, and starts nothing here', async () => {
    expect(await client.ok('new', '-d', '-n', 'work', '--label', 'a=b', '--', 'bash')).toMatch(
      /^[a-z0-9]{12}\n$/,
    );
    expect(await client.json('ls')).toMatchObject([{ name: 'work', cwd: server.stateDir }]);
    expect(await client.json('ls', '--all', '--filter', 'reachable=true')).toMatchObject([{ name: 'work' }]);
    // What its own account has there, and nothing of ours.
    expect(await client.ok('run', 'work', '--', 'sh', '-c', 'echo $HOME:$TRITERM_TOKEN')).toBe(
      `${server.stateDir}:\n`,
    );
    await client.ok('send', 'work', '--enter', 'echo sent-$((1 + 1))');
    await client.ok('wait', 'work', '--text', 'sent-2', '--timeout', '20');
    expect(await client.ok('capture', 'work')).toContain('sent-2');
    expect(await client.json('search', 'work', 'sent-2')).toMatchObject({ truncated: false });
    await client.ok('sessions', 'rename', 'work', 'other');
    expect(await client.json('sessions', 'show', 'other')).toMatchObject({ session: { labels: { a: 'b' } } });
    expect(await client.json('daemon', 'status')).toMatchObject({
      listen: [expect.stringContaining(String(port))],
    });
    expect(await client.ok('__complete', 'zsh', 'attach', '')).toContain('other');
    expect(await client.json('daemon', 'drain')).toMatchObject({
      draining: true,
      sessions: [{ name: 'other' }],
    });
    const refused = await client.run(['new', '-d', '--json']);
    expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'SERVER_DRAINING' } });
    await client.ok('daemon', 'drain', '--undo');
    await client.ok('kill', 'other');
    await server.exited('other');
    expect(existsSync(client.stateDir)).toBe(false);
  });

  it('is told why when it may not', async () => {
    const none = await client.run(['ls'], { env: { TRITERM_TOKEN: '' } });
    expect([none.exitCode, none.stderr]).toEqual([5, expect.stringContaining('TRITERM_TOKEN')]);
    const { token: view } = await server.request('token.create', { scope: 'view' });
    const refused = await client.run(['new', '-d', '--json'], { env: { TRITERM_TOKEN: view } });
    expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'SCOPE_REFUSED' } });
    const local = await client.run(['daemon', 'stop']);
    expect([local.exitCode, local.stderr]).toEqual([5, expect.stringContaining('not about ws://')]);
  });

  it('goes by contexts, with token and all', async () => {
    const env = { TRITERM_HOST: '', TRITERM_TOKEN: '' };
    const added = await client.run(['context', 'add', 'lab', `ws://127.0.0.1:${port}`], {
      env,
      input: token,
    });
    expect([added.exitCode, added.stdout]).toEqual([0, '']);
    const status = ['daemon', 'status', '--json'];
    for (const args of [
      ['--host', 'lab', ...status],
      [...status, '--host=lab'],
    ]) {
      const { stdout } = await client.run(args, { env });
      expect(JSON.parse(stdout)).toMatchObject({ stateDir: server.stateDir });
    }
    expect((await client.run(status, { env })).exitCode).toBe(6);
    await client.ok('context', 'use', 'lab');
    expect((await client.run(status, { env })).exitCode).toBe(0);
    expect((await client.run([...status, '--host', 'local'], { env })).exitCode).toBe(6);
  });

  it('follows events through a restart of the server', async () => {
    await using events = new RunningCommand(client, ['events']);
    await until(async () => {
      await passing('first');
      return events.lines.length > 0;
    }, 'the first event');
    await server.end('SIGKILL');
    await server.start();
    await until(async () => {
      await passing('second');
      return events.lines.some(line => line.includes('"second"'));
    }, 'an event of the server that came back');
  });
});

describe('an attached client over the network', () => {
  it('makes the session where there is none, shows what is typed, and leaves with its status', async () => {
    await using terminal = client.open(['attach', '--create', 'made']);
    await terminal.untilText(PROMPT);
    terminal.type('echo echo-$((40 + 2)); pwd\r');
    const { text } = await terminal.untilText('echo-42');
    expect(text).toContain('echo echo-$((40 + 2))');
    await terminal.untilText(server.stateDir);
    expect(existsSync(join(client.stateDir, 'daemon.lock'))).toBe(false);
    terminal.type('exit 7\r');
    expect((await terminal.exited).exitCode).toBe(7);
  });

  it('waits for a server that was killed, and goes on with every key typed meanwhile', async () => {
    await session('killed');
    await using terminal = client.open(['attach', 'killed']);
    await terminal.untilText(PROMPT);
    terminal.type('before=1\r');
    await server.end('SIGKILL');
    terminal.type('echo $before-$((6 * 7))-');
    terminal.type('done\r');
    await server.start();
    const { text } = await terminal.untilText('1-42-done');
    expect(text.match(/echo/g)).toHaveLength(1);
  });

  it('gives up a connection that swallows everything, and goes on over another', async () => {
    await using proxy = await FaultProxy.start({ port });
    await using through = remoteClient(`ws://127.0.0.1:${proxy.port}`);
    await session('swallowed');
    await using terminal = through.open(['attach', 'swallowed']);
    await terminal.untilText(PROMPT);
    terminal.type('echo ready-$((1 + 1))\r');
    await terminal.untilText('ready-2');
    const { accepted } = proxy.connections;
    proxy.set({ kind: 'halfOpen' });
    terminal.type('echo once-$((2 + 2))\r');
    await until(() => proxy.connections.accepted > accepted, 'another connection', HALF_OPEN_NOTICED_MS);
    await proxy.heal();
    const { text } = await terminal.untilText('once-4');
    expect(text.match(/once/g)).toHaveLength(2);
  });

  it('ends when its token is revoked, with the terminal as it was', async () => {
    await session('revoked');
    const { token: own, info } = await server.request('token.create', { scope: 'use' });
    await using terminal = client.open(['attach', 'revoked'], { env: { TRITERM_TOKEN: own } });
    await terminal.untilText(PROMPT);
    await server.request('token.revoke', { id: info.id });
    expect((await terminal.exited).exitCode).toBe(5);
    expect(terminal.screen.text).toContain('revoked');
  });
});
