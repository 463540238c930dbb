import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { resolvePaths } from '@triterm/core/config/paths';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scratchDir } from '../testing/test-context.ts';
import { connectSocket } from './daemon-socket.ts';

const IS_ROOT = process.geteuid?.() === 0;

let scratch: ReturnType<typeof scratchDir>;
let paths: ReturnType<typeof resolvePaths>;
let server: Server | undefined;

beforeEach(() => {
  scratch = scratchDir();
  paths = resolvePaths({ TRITERM_STATE_DIR: scratch.path });
});
afterEach(() => {
  server?.close();
  server = undefined;
  scratch[Symbol.dispose]();
});

/** A daemon that says `hello` to everybody and hangs up. */
async function listen(path = paths.socket): Promise<void> {
  mkdirSync(paths.runDir, { recursive: true, mode: 0o700 });
  server = createServer(socket => socket.end('hello')).listen(path);
  await once(server, 'listening');
  chmodSync(path, 0o600);
}

describe("the daemon's socket", () => {
  it('is connected to when somebody listens', async () => {
    await listen();
    const socket = await connectSocket(paths);
    expect(socket === undefined ? undefined : await text(socket)).toBe('hello');
  });

  it('is none where there is no directory or no socket', async () => {
    expect(await connectSocket(paths)).toBeUndefined();
    mkdirSync(paths.runDir, { mode: 0o700 });
    expect(await connectSocket(paths)).toBeUndefined();
    rmSync(scratch.path, { recursive: true });
    writeFileSync(scratch.path, '');
    expect(await connectSocket(paths)).toBeUndefined();
  });

  it('is none when a killed daemon has left it', async () => {
    await listen();
    // Node removes a socket when its server is closed; a killed one leaves it.
    renameSync(paths.socket, `${paths.socket}.kept`);
    server?.close();
    renameSync(`${paths.socket}.kept`, paths.socket);
    expect(await connectSocket(paths)).toBeUndefined();
  });

  it('is none when its daemon ends before it has accepted', async () => {
    await listen();
    const connecting = connectSocket(paths);
    server?.close();
    expect(await connecting).toBeUndefined();
  });

  it('is refused as a symlink', async () => {
    await listen(`${scratch.path}/elsewhere`);
    symlinkSync(`${scratch.path}/elsewhere`, paths.socket);
    await expect(connectSocket(paths)).rejects.toMatchObject({
      code: 'UNSAFE_PATH',
      message: `${paths.socket} is not a socket but a symlink.`,
    });
  });

  it('is refused in a directory that is a symlink', async () => {
    await listen();
    renameSync(paths.runDir, `${scratch.path}/real`);
    symlinkSync(`${scratch.path}/real`, paths.runDir);
    await expect(connectSocket(paths)).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  });

  it('is refused where a file lies', async () => {
    mkdirSync(paths.runDir, { mode: 0o700 });
    writeFileSync(paths.socket, '', { mode: 0o600 });
    await expect(connectSocket(paths)).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  });

  it.each([
    ['socket', 0o620],
    ['socket', 0o606],
    ['directory', 0o750],
    ['directory', 0o701],
  ])('is refused when the %s has mode %o', async (which, mode) => {
    await listen();
    chmodSync(which === 'socket' ? paths.socket : paths.runDir, mode);
    await expect(connectSocket(paths)).rejects.toMatchObject({
      code: 'UNSAFE_PATH',
      exitCode: 5,
      hint: expect.stringContaining('chmod '),
    });
  });

  it.runIf(IS_ROOT).each(['socket', 'directory'])("is refused when it is another user's %s", async which => {
    await listen();
    chownSync(which === 'socket' ? paths.socket : paths.runDir, 65534, 65534);
    await expect(connectSocket(paths)).rejects.toMatchObject({
      code: 'UNSAFE_PATH',
      message: expect.stringContaining('belongs to another user (uid 65534)'),
    });
  });

  it('is refused when its path is longer than any socket can have', async () => {
    paths = resolvePaths({ TRITERM_STATE_DIR: `${scratch.path}/${'x'.repeat(100)}` });
    await expect(connectSocket(paths)).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      exitCode: 2,
      hint: expect.stringContaining('TRITERM_RUNTIME_DIR'),
    });
  });
});
