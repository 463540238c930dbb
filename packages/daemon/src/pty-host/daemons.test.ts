import { chmodSync, existsSync, mkdtempSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FrameKind, HOST_PROTOCOL, Peer, VERSION } from '@triterm/core/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ClientOptions, dial, HostClient } from './testing/host-client.ts';
import { HostProcess, type HostProcessOptions } from './testing/host-process.ts';
import { until } from './testing/until.ts';

const lost = (client: HostClient) => until(() => client.isLost, 'the connection to be lost');

describe('a pty-host and its daemons', () => {
  let host: HostProcess;
  let generation = 0;
  const clients: HostClient[] = [];

  beforeAll(async () => {
    host = await HostProcess.start();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.drop();
  });
  afterAll(async () => {
    await host.dispose();
    expect(host.stderr).toBe('');
  });

  /** Claims the host for a daemon that comes after all before it, unless told otherwise. */
  async function connect(options: ClientOptions = {}): Promise<HostClient> {
    generation += 1;
    const client = await HostClient.connect(host.socketPath, { generation, ...options });
    clients.push(client);
    return client;
  }

  it('tells who it is', async () => {
    const client = await connect();
    expect(client.software).toBe(`triterm-pty-host ${VERSION}`);
    expect(client.features).toEqual(['id:host', `pid:${host.pid}`]);
  });

  it('only lists before it is claimed', async () => {
    const client = await connect({ claim: false });
    expect((await client.request('list', {})).ptys).toBeInstanceOf(Array);
    await expect(client.sh('exit')).rejects.toMatchObject({ code: 'BAD_MESSAGE' });
    await expect(client.request('retire', {})).rejects.toMatchObject({ code: 'BAD_MESSAGE' });
    client.command('flow', { handle: 1, floor: null, paceThrough: null });
    await lost(client);
    const other = await connect({ claim: false });
    other.type(1, 0, 'abc');
    await lost(other);
  });

  it('obeys the latest of the highest generation and disconnects the one before', async () => {
    const first = await connect();
    const highest = generation;
    const { handle } = await first.sh('exec cat');
    await expect(connect({ generation: highest - 1 })).rejects.toMatchObject({ code: 'STALE_REVISION' });
    expect(first.isLost).toBe(false);
    const second = await connect({ generation: highest });
    await lost(first);
    const third = await connect({ generation: highest + 1 });
    await lost(second);
    expect(await third.info(handle)).toMatchObject({ handle, exit: null });
    await expect(connect({ generation: highest })).rejects.toMatchObject({ code: 'STALE_REVISION' });
  });

  it('takes nothing more from a daemon that another has replaced', async () => {
    const first = await connect();
    const { handle } = await first.sh('stty raw -echo; echo ready; exec cat');
    await (await first.subscribe(handle)).untilText('ready\n');
    const { channel } = await first.openInput(handle, 'a');
    const second = await connect();
    const stream = await second.subscribe(handle);
    first.type(channel, 0, 'old');
    await lost(first);
    const input = await second.openInput(handle, 'b');
    second.type(input.channel, 0, 'new');
    await stream.untilText('new');
    expect(stream.text).toBe('ready\nnew');
  });

  it('ends both connections of a daemon when one of them ends', async () => {
    for (const half of [0, 1] as const) {
      const client = await connect();
      client.sockets[half].destroy();
      await until(() => client.control.closed && client.output.closed, 'both to be closed');
    }
    await (await connect()).settled();
  });

  it('rejects connections that say nothing of what they are, and keeps nothing of them', async () => {
    const pair = `pair:${'0'.repeat(32)}`;
    for (const features of [[], ['control'], [pair], ['control', 'pair:short'], ['output']]) {
      const peer = new Peer(await dial(host.socketPath), {});
      await expect(peer.open(HOST_PROTOCOL, 'test 1', features)).rejects.toMatchObject({
        code: 'BAD_MESSAGE',
      });
    }
    const peer = new Peer(await dial(host.socketPath), {});
    await expect(peer.open({ min: 90, max: 99 }, 'test 1', ['control', pair])).rejects.toMatchObject({
      code: 'PROTOCOL_MISMATCH',
    });
    await connect();
  });

  it('serves the next daemon though many others hold connections without a word', async () => {
    const client = await connect();
    const silent = await Promise.all(Array.from({ length: 40 }, () => dial(host.socketPath)));
    await until(() => silent.filter(socket => socket.closed).length >= 20, 'most to be turned away');
    await client.settled();
    for (const socket of silent) socket.destroy();
    await until(async () => {
      const next = await connect().catch(() => undefined);
      return next !== undefined;
    }, 'the next daemon to be served');
  });

  it('gives each PTY a handle of its own, for ever', async () => {
    const client = await connect();
    const first = await client.sh('exit');
    await client.request('forget', { handle: first.handle });
    await client.request('forget', { handle: first.handle });
    const second = await client.sh('exit');
    expect(second.handle).toBeGreaterThan(first.handle);
    for (const method of ['signal', 'resize', 'subscribe', 'input.open'] as const) {
      const asked = client.control.request(method, {
        handle: first.handle,
        channel: 99,
        signal: 'SIGHUP',
        cols: 1,
        rows: 1,
        sizeGeneration: 9,
        offset: 0,
        creditThrough: 0,
        attachment: 'a',
      });
      await expect(asked).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
    }
  });

  it('refuses a channel that is in use, and methods that it does not know', async () => {
    const client = await connect();
    const { handle } = await client.sh('exec cat');
    const { channel } = await client.openInput(handle, 'a');
    const open = client.request('input.open', { handle, channel, attachment: 'b' });
    await expect(open).rejects.toMatchObject({ code: 'BAD_MESSAGE' });
    await expect(client.control.request('constructor', {})).rejects.toMatchObject({
      code: 'UNKNOWN_METHOD',
    });
    client.control.notify('news.of.tomorrow', {});
    client.control.writeData(FrameKind.input, 12345, 0, Buffer.from('nobody'));
    await client.settled();
  });

  it('signals the group of the leader, until that has ended', async () => {
    const client = await connect();
    const { handle } = await client.sh('sleep 1000');
    await client.request('signal', { handle, signal: 'SIGTERM' });
    const stream = await client.subscribe(handle);
    expect(await stream.untilExit()).toEqual({ exitCode: null, signal: 'SIGTERM' });
    await expect(client.request('signal', { handle, signal: 'SIGTERM' })).rejects.toMatchObject({
      code: 'SESSION_EXITED',
    });
    const other = await client.sh('exec cat');
    const unknown = client.request('signal', { handle: other.handle, signal: 'SIGNONE' });
    await expect(unknown).rejects.toMatchObject({ code: 'BAD_MESSAGE' });
  });

  it('hangs up a program that is forgotten', async () => {
    const client = await connect();
    const { handle, pid } = await client.sh('exec cat');
    await client.request('forget', { handle });
    await until(() => !existsSync(`/proc/${pid}`), 'the program to end');
    const { ptys } = await client.request('list', {});
    const held = host.descriptors().filter(path => path.includes('ptmx'));
    expect(held).toHaveLength(ptys.filter(({ eof }) => !eof).length);
  });

  it('is not disturbed by the death of a daemon in the middle of a frame', async () => {
    const client = await connect();
    const { handle } = await client.sh('exec cat');
    client.sockets[0].write(Buffer.from([0, 0, 1, 0, 1, 0]));
    client.drop();
    const next = await connect();
    expect((await next.info(handle)).exit).toBeNull();
  });
});

describe('a pty-host as a process', () => {
  const hosts: HostProcess[] = [];
  let dir: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'triterm-host-'));
  });
  afterEach(async () => {
    for (const host of hosts.splice(0)) await host.dispose();
    rmSync(dir, { recursive: true, force: true });
  });

  async function start(options: HostProcessOptions = {}): Promise<HostProcess> {
    const host = await HostProcess.start({ dir, ...options });
    hosts.push(host);
    return host;
  }

  it('when it is retired takes no more programs, and leaves with its last one', async () => {
    const host = await start();
    const client = await HostClient.connect(host.socketPath);
    const { handle } = await client.sh('exec cat');
    await client.request('retire', {});
    await client.settled();
    await expect(client.sh('exit')).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    expect((await client.info(handle)).exit).toBeNull();
    await client.request('forget', { handle });
    expect(await host.exited()).toBe(0);
    expect(existsSync(host.socketPath)).toBe(false);
  });

  it('when it is retired without programs leaves at once', async () => {
    const host = await start();
    const client = await HostClient.connect(host.socketPath);
    await client.request('retire', {});
    expect(await host.exited()).toBe(0);
  });

  it('ignores SIGHUP and SIGINT, and on SIGTERM takes no more programs', async () => {
    const host = await start();
    const client = await HostClient.connect(host.socketPath);
    const { handle } = await client.sh('exec cat');
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) host.signal(signal);
    await until(async () => {
      const refused = await client.sh('exit').catch(error => error.code);
      return refused === 'SHUTTING_DOWN';
    }, 'the host to retire');
    expect((await client.info(handle)).exit).toBeNull();
  });

  it('on SIGQUIT hangs up every program and leaves', async () => {
    const host = await start();
    const client = await HostClient.connect(host.socketPath);
    const first = await client.sh('exec cat');
    const second = await client.sh("trap '' HUP; echo ready; while :; do sleep 0.02; done");
    await (await client.subscribe(second.handle)).untilText('ready');
    host.signal('SIGQUIT');
    expect(await host.exited()).toBe(0);
    await until(() => !existsSync(`/proc/${first.pid}`), 'the program to end');
    process.kill(second.pid, 'SIGKILL');
  });

  it('keeps nothing open that its starter had, and works in the root directory', async () => {
    const host = await start({ before: 'exec 60>left-open' });
    expect(readlinkSync(`/proc/${host.pid}/cwd`)).toBe('/');
    expect(existsSync(join(dir, 'left-open'))).toBe(true);
    expect(host.descriptors().filter(path => path.endsWith('left-open'))).toEqual([]);
  });

  it('makes its socket for its user alone', async () => {
    const host = await start();
    expect(statSync(host.socketPath).mode & 0o777).toBe(0o600);
  });

  it('does not start where others could put a socket in the place of its own', async () => {
    chmodSync(dir, 0o755);
    const { code, stderr } = await HostProcess.run([join(dir, 'host.sock')]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('must be a directory of yours')]);
  });

  it('does not start on the socket of another', async () => {
    const host = await start();
    await expect(HostProcess.run([host.socketPath])).resolves.toMatchObject({ code: 1 });
    const client = await HostClient.connect(host.socketPath);
    await client.settled();
    client.drop();
  });

  it('says what it needs when it is called otherwise', async () => {
    const calls = [
      ['--activated'],
      ['--activated', 'run'],
      [],
      ['relative.sock'],
      [join(dir, 'a.sock'), '0'],
      [join(dir, 'a.sock'), 'x'],
    ];
    const outcomes = await Promise.all(calls.map(args => HostProcess.run(args)));
    for (const outcome of outcomes)
      expect(outcome).toEqual({ code: 2, stderr: expect.stringMatching(/^usage: triterm-pty-host SOCKET /) });
    const { code, stderr } = await HostProcess.run([join(dir, 'x'.repeat(120))]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('Cannot listen')]);
  });

  it('holds as many programs as it is told', async () => {
    const host = await start({ maxPtys: 2 });
    const client = await HostClient.connect(host.socketPath);
    const { handle } = await client.sh('exec cat');
    await client.sh('exec cat');
    await expect(client.sh('exec cat')).rejects.toMatchObject({ code: 'TOO_MANY_SESSIONS' });
    await client.request('forget', { handle });
    await client.sh('exec cat');
    client.drop();
  });

  it('serves side by side with another, each with programs of its own', async () => {
    const [older, newer] = [await start({ name: 'older' }), await start({ name: 'newer' })];
    const clients = await Promise.all([older, newer].map(host => HostClient.connect(host.socketPath)));
    const written = await Promise.all(
      clients.map(async (client, index) => {
        const { handle } = await client.sh(`echo ${index}`);
        const stream = await client.subscribe(handle);
        await stream.untilEof();
        return stream.text;
      }),
    );
    expect(written).toEqual(['0\r\n', '1\r\n']);
    await clients[0]?.request('retire', {});
    writeFileSync(join(dir, 'unrelated'), '');
    await clients[1]?.settled();
    for (const client of clients) client.drop();
  });
});
