import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Listener, listenUnix } from './listener.ts';

describe('the listener on a unix socket', () => {
  let root: string;
  let path: string;
  const listeners: Listener[] = [];
  const sockets: Socket[] = [];

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'triterm-listen-'));
    path = join(root, 'run', 's');
  });
  afterEach(() => {
    for (const listener of listeners.splice(0)) listener.close();
    for (const socket of sockets.splice(0)) socket.destroy();
    rmSync(root, { recursive: true, force: true });
  });

  async function listen(greeting = 'hello'): Promise<Listener> {
    const listener = await listenUnix(path, socket => {
      sockets.push(socket);
      socket.on('error', () => {});
      socket.write(greeting);
    });
    listeners.push(listener);
    return listener;
  }

  /** What whoever listens there says first. */
  async function ask(): Promise<string> {
    const socket = connect(path);
    sockets.push(socket);
    const [chunk] = await once(socket, 'data');
    return String(chunk);
  }

  function mode(file: string): string {
    return (lstatSync(file).mode & 0o777).toString(8);
  }

  /** A socket as a daemon leaves it that is killed. */
  async function leaveStaleSocket(): Promise<void> {
    const dead = createServer();
    dead.listen(`${path}.tmp`);
    await once(dead, 'listening');
    renameSync(`${path}.tmp`, path);
    dead.close();
    expect(lstatSync(path).isSocket()).toBe(true);
  }

  it('is open to its owner alone: 0600 in 0700, whatever the umask', async () => {
    const umask = process.umask(0);
    await listen();
    process.umask(umask);
    expect([mode(path), mode(join(root, 'run'))]).toEqual(['600', '700']);
    expect(readdirSync(join(root, 'run'))).toEqual(['s']);
    expect(await ask()).toBe('hello');
  });

  it('replaces a dead daemon’s socket', async () => {
    mkdirSync(join(root, 'run'), { mode: 0o700 });
    await leaveStaleSocket();
    const refused = connect(path);
    const [error] = await once(refused, 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    await listen();
    expect(await ask()).toBe('hello');
  });

  it.each([
    ['a file', (at: string) => writeFileSync(at, 'precious')],
    ['a directory', (at: string) => mkdirSync(at)],
    ['a symlink', (at: string) => symlinkSync('/nowhere', at)],
  ])('leaves %s in its place alone, with the next step', async (_what, make) => {
    mkdirSync(join(root, 'run'), { mode: 0o700 });
    make(path);
    await expect(listen()).rejects.toMatchObject({
      code: 'UNSAFE_PATH',
      hint: expect.stringContaining('mv '),
    });
    expect(readdirSync(join(root, 'run'))).toEqual(['s']);
    if (lstatSync(path).isFile()) expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  it('refuses a directory that others could write, or that is a symlink', async () => {
    mkdirSync(join(root, 'run'));
    chmodSync(join(root, 'run'), 0o770);
    await expect(listen()).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
    mkdirSync(join(root, 'real'), { mode: 0o700 });
    symlinkSync(join(root, 'real'), join(root, 'link'));
    await expect(listenUnix(join(root, 'link', 's'), () => {})).rejects.toMatchObject({
      code: 'UNSAFE_PATH',
    });
    expect(readdirSync(join(root, 'real'))).toEqual([]);
  });

  it('refuses a path that is too long before it makes anything', async () => {
    const long = join(root, 'x'.repeat(100), 's');
    await expect(listenUnix(long, () => {})).rejects.toMatchObject({ code: 'BAD_CONFIG' });
    expect(readdirSync(root)).toEqual([]);
  });

  it('removes its socket when it is closed, and keeps who is connected', async () => {
    const listener = await listen();
    const client = connect(path);
    sockets.push(client);
    await once(client, 'data');
    listener.close();
    expect(existsSync(path)).toBe(false);
    sockets[1]?.write('still here');
    const [chunk] = await once(client, 'data');
    expect(String(chunk)).toBe('still here');
  });

  it('never removes the socket of another that has taken its place', async () => {
    const old = await listen('old');
    await listen('new');
    expect(await ask()).toBe('new');
    old.close();
    expect(await ask()).toBe('new');
    expect(readdirSync(join(root, 'run'))).toEqual(['s']);
  });

  it('may be closed when its socket is gone already', async () => {
    const listener = await listen();
    rmSync(path);
    expect(() => listener.close()).not.toThrow();
  });
});
