import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HAS_SYSTEMD_PROGRAMS, ServiceManager } from '../support/service-manager.ts';
import { isAlive, Triterm, until } from '../support/triterm.ts';

interface Status {
  readonly pid: number;
  readonly ptyHostPid: number | null;
  readonly ptyHosts: readonly { readonly pid: number; readonly sessions: number }[];
  readonly manager: unknown;
}

const PROMPT = /[$#] ?$/;
const parentOf = (pid: number) =>
  Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

/** Where systemd's programs are missing, nothing could start what is tried here. */
describe.skipIf(!HAS_SYSTEMD_PROGRAMS)('a daemon that is started through its socket', () => {
  it('serves the connection that started it, on the socket that stays when it leaves', async () => {
    await using triterm = new Triterm();
    await using manager = await ServiceManager.start(triterm);
    const socket = lstatSync(manager.socket).ino;
    const first = await triterm.json<Status>('daemon', 'status');
    expect(first.manager).toMatchObject({ name: 'systemd', unit: 'tritermd.service' });
    const starter = parentOf(first.pid);
    const second = await triterm.json<Status>('daemon', 'restart');
    expect(second.pid).not.toBe(first.pid);
    expect(lstatSync(manager.socket).ino).toBe(socket);
    // The manager has started it, as the first one.
    expect(parentOf(second.pid)).toBe(starter);
  });

  it('has its pty-hosts started beside it, and sessions and clients outlive it', async () => {
    await using triterm = new Triterm();
    await using _manager = await ServiceManager.start(triterm);
    await using terminal = triterm.open(['attach', '--create', 'work']);
    await terminal.untilText(PROMPT);
    const { pid, ptyHostPid } = await triterm.json<Status>('daemon', 'status');
    if (ptyHostPid === null) throw new Error('no host');
    expect(parentOf(ptyHostPid)).not.toBe(pid);
    terminal.type('before=1\r');
    await triterm.killDaemon('SIGTERM');
    terminal.type('echo $before-$((6 * 7))\r');
    await terminal.untilText('1-42');
    await triterm.killDaemon('SIGKILL');
    terminal.type('echo $before-$((7 * 7))\r');
    await terminal.untilText('1-49');
    expect(isAlive(ptyHostPid)).toBe(true);
    expect((await triterm.json<Status>('daemon', 'status')).ptyHostPid).toBe(ptyHostPid);
  });

  it('adopts a host that was started by hand, and has new sessions in another one', async () => {
    await using triterm = new Triterm();
    await triterm.ok('new', '-d', '-n', 'old', '--', 'cat');
    const byHand = (await triterm.json<Status>('daemon', 'status')).ptyHostPid;
    await triterm.killDaemon('SIGTERM');
    await using _manager = await ServiceManager.start(triterm);
    await triterm.ok('new', '-d', '-n', 'fresh', '--', 'cat');
    const { ptyHosts } = await triterm.json<Status>('daemon', 'status');
    expect(ptyHosts.map(({ pid, sessions }) => [pid === byHand, sessions])).toEqual([
      [true, 1],
      [false, 1],
    ]);
  });

  it('hands nothing of its unit to a session', async () => {
    await using triterm = new Triterm();
    await using _manager = await ServiceManager.start(triterm);
    const script = 'env; ls -l /proc/self/fd; echo yes > done; exec cat';
    await triterm.ok('new', '-d', '-n', 'work', '--', 'sh', '-c', script);
    await until(() => existsSync(join(triterm.dir, 'done')), 'the end of what it prints');
    const text = await triterm.ok('capture', '--scrollback', 'work');
    expect(text).toContain('TRITERM_SESSION=');
    expect(text).not.toMatch(/NOTIFY_SOCKET|WATCHDOG|LISTEN_|INVOCATION_ID|SYSTEMD|PTY_HOST_SOCKET|socket:/);
  });

  it('refuses new sessions, and no others, while nobody can start a host', async () => {
    await using triterm = new Triterm({ TRITERM_PTY_HOST_SOCKET: '/nonexistent/new-pty-host.sock' });
    const { exitCode, stderr } = await triterm.run(['new', '-d', '--', 'true']);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('/nonexistent/new-pty-host.sock');
    expect(stderr).toContain('systemctl');
    await triterm.ok('ls');
  });
});
