import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { newToken } from '@triterm/core/domain';
import { canMount, ScratchDisk } from '@triterm/core/testing/scratch-disk';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DAEMON, DaemonProcess } from '../support/daemon-process.ts';

/** Runs tritermd to its end. */
function run(daemon: DaemonProcess, env: Record<string, string> = {}) {
  return execa(process.execPath, DAEMON, {
    env: { ...daemon.env, ...env } as Record<string, string>,
    extendEnv: false,
    reject: false,
    timeout: 20_000,
    cwd: '/',
  });
}

describe('a daemon in trouble', () => {
  let daemon: DaemonProcess;
  beforeEach(() => {
    daemon = new DaemonProcess();
  });
  afterEach(() => daemon.dispose());

  it('leaves quietly when another one serves the state directory', async () => {
    await daemon.start();
    const second = await run(daemon);
    expect(second).toMatchObject({ exitCode: 0, stdout: '' });
    expect(second.stderr).toContain('another daemon serves this state directory');
    await daemon.session('work', ['cat']);
  });

  it('moves a corrupt database aside, says so, and finds the running sessions again', async () => {
    await daemon.start();
    const { id } = await daemon.session('work', ['cat']);
    await daemon.end('SIGKILL');
    for (const suffix of ['-wal', '-shm', '']) {
      if (suffix === '' || existsSync(daemon.paths.database + suffix))
        writeFileSync(daemon.paths.database + suffix, 'no database '.repeat(1000));
    }
    await daemon.start();
    expect(readdirSync(daemon.stateDir).some(name => name.startsWith('triterm.db.corrupt-'))).toBe(true);
    expect((await daemon.request('daemon.status', {})).store).toMatch(/corrupt/);
    const { sessions } = await daemon.request('session.list', {});
    expect(sessions).toMatchObject([{ id, state: 'running', name: expect.stringMatching(/^recovered-/) }]);
  });

  it.each([
    ['a directory open to others', (dir: string) => chmodSync(dir, 0o777), 'UNSAFE_PATH'],
    [
      'a run directory that is a symlink',
      (dir: string) => {
        mkdirSync(join(dir, 'elsewhere'), { mode: 0o700 });
        symlinkSync(join(dir, 'elsewhere'), join(dir, 'run'));
      },
      'UNSAFE_PATH',
    ],
  ])('refuses %s, and says what to do', async (_what, spoil) => {
    spoil(daemon.stateDir);
    const { exitCode, stderr } = await run(daemon);
    expect(exitCode).toBe(5);
    expect(stderr).toMatch(/chmod 700|mv '/);
  });

  it('refuses a setting that it does not know, and names the file', async () => {
    writeFileSync(join(daemon.stateDir, 'config.json'), '{"max_sessions": 5}');
    const { exitCode, stderr } = await run(daemon);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('config.json');
    expect(stderr).toContain('did you mean maxSessions?');
  });

  it('refuses a socket path that is too long', async () => {
    const { exitCode, stderr } = await run(daemon, {
      TRITERM_RUNTIME_DIR: join(daemon.stateDir, 'x'.repeat(100)),
    });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('TRITERM_RUNTIME_DIR');
  });

  it('serves on over a stale socket', async () => {
    await daemon.start();
    await daemon.end('SIGKILL');
    expect(existsSync(daemon.paths.socket)).toBe(true);
    await daemon.start();
    await daemon.session('work', ['cat']);
  });

  it('refuses more sessions than it may have, counted exactly under concurrency', async () => {
    await daemon.dispose();
    daemon = new DaemonProcess({ TRITERM_MAX_SESSIONS: '10' });
    await daemon.start();
    const creations = Array.from({ length: 25 }, (_, index) => daemon.session(`s${index}`, ['cat']));
    const settled = await Promise.allSettled(creations);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    for (const result of settled) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'TOO_MANY_SESSIONS' });
    }
    expect((await daemon.request('session.list', {})).sessions).toHaveLength(10);
  });

  it('makes one session for a request that is repeated with its key', async () => {
    await daemon.start();
    const request = { name: 'once', argv: ['cat'], cwd: '/', environment: {}, idempotencyKey: newToken() };
    const first = await daemon.request('session.create', request);
    const second = await daemon.request('session.create', request);
    expect(second.session.id).toBe(first.session.id);
    expect((await daemon.request('session.list', {})).sessions).toHaveLength(1);
  });

  it.each([
    ['an unknown session', 'session.show', { target: 'nope' }, 'SESSION_NOT_FOUND'],
    ['a directory that is none', 'session.create', { cwd: '/nowhere' }, 'BAD_CWD'],
    ['a command that is none', 'session.create', { argv: ['no-such-command'] }, 'COMMAND_NOT_FOUND'],
    ['a file that may not be executed', 'session.create', { argv: ['/etc/passwd'] }, 'PERMISSION_DENIED'],
    ['a name with a slash', 'session.create', { name: 'a/b' }, 'BAD_NAME'],
    ['a size of zero', 'session.create', { size: { cols: 0, rows: 24 } }, 'BAD_SIZE'],
    ['a monstrous size', 'session.create', { size: { cols: 100_000, rows: 100_000 } }, 'BAD_SIZE'],
  ] as const)('refuses %s and goes on', async (_what, method, params, code) => {
    await daemon.start();
    const create = {
      cwd: '/',
      argv: ['cat'],
      environment: { PATH: '/usr/bin:/bin' },
      idempotencyKey: newToken(),
    };
    const request = method === 'session.create' ? { ...create, ...params } : params;
    await expect(daemon.request(method, request as never)).rejects.toMatchObject({ code });
    expect((await daemon.request('session.list', {})).sessions).toEqual([]);
    const { sessionsDir } = daemon.paths;
    expect(existsSync(sessionsDir) ? readdirSync(sessionsDir) : []).toEqual([]);
  });

  it('says with a suggestion that a session is unknown, and that a name is taken', async () => {
    await daemon.start();
    await daemon.session('production', ['cat']);
    await expect(daemon.state('producton')).rejects.toMatchObject({
      message: expect.stringContaining('Did you mean production?'),
    });
    await expect(daemon.session('production', ['cat'])).rejects.toMatchObject({ code: 'NAME_TAKEN' });
  });

  it('drops a client that sends rubbish, and nobody else', async () => {
    await daemon.start();
    const client = await daemon.client();
    const socket = connect(daemon.paths.socket);
    const closed = new Promise(resolve => socket.once('close', resolve));
    socket.on('error', () => {});
    socket.write(Buffer.alloc(1_000_000, 0xff));
    await closed;
    await client.request('session.list', {});
  });
});

describe.skipIf(!canMount())('a daemon on a disk of its own', () => {
  let disk: ScratchDisk;
  let daemon: DaemonProcess;
  beforeEach(() => {
    disk = new ScratchDisk(2048);
    daemon = new DaemonProcess({ TRITERM_STATE_DIR: disk.dir, TRITERM_RUNTIME_DIR: `${disk.dir}-run` });
  });
  afterEach(async () => {
    await daemon.dispose();
    disk.dispose();
  });

  it('that is full refuses new sessions, keeps the running ones, and recovers by itself', async () => {
    await daemon.start();
    await daemon.session('work', ['cat']);
    disk.fill();
    await expect(daemon.session('more', ['cat'])).rejects.toMatchObject({ code: 'DISK_FULL' });
    const attachment = await (await daemon.client()).attach('work', {});
    attachment.type('still here\n');
    await attachment.until('its echo', self => self.received >= 10);
    await daemon.request('session.capture', { target: 'work', format: 'text' });
    disk.drain();
    await daemon.session('more', ['cat']);
  });

  it('that is read-only says so at start', async () => {
    disk.remount('ro');
    const { exitCode, stderr } = await run(daemon);
    expect(exitCode).toBe(9);
    expect(stderr).toContain('TRITERM_STATE_DIR');
    disk.remount('rw');
  });
});
