import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DAEMON } from './daemon-process.ts';
import { type Triterm, until } from './triterm.ts';

/** The programs of systemd with which units are tried without it as init. */
export const HAS_SYSTEMD_PROGRAMS = ['systemd-socket-activate', 'systemd-notify'].every(
  program => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0,
);

const HOST: readonly string[] =
  process.env.TRITERM_TEST_SOURCE === '1'
    ? [
        '--conditions=@triterm/source',
        fileURLToPath(new URL('../../packages/daemon/src/pty-host/main.ts', import.meta.url)),
      ]
    : [fileURLToPath(new URL('../../packages/daemon/bin/triterm-pty-host.cjs', import.meta.url))];

/** Holds the listening socket as descriptor 3, and starts the daemon with it again and again: Restart=always. */
const SUPERVISOR = `while :; do
  sh -c 'LISTEN_PID=$$ SYSTEMD_EXEC_PID=$$ exec "$@"' sh "$@"
  sleep 0.1
done`;
/** Node has no datagram sockets of this kind, but a descriptor can be read: one message a time. */
const READER = `const { read } = require('node:fs');
const buffer = Buffer.alloc(65536);
(function next() {
  read(3, buffer, 0, buffer.length, null, (error, bytes) => {
    if (error) throw error;
    console.log(JSON.stringify(buffer.toString('utf8', 0, bytes)));
    next();
  });
})();`;

export interface ServiceManagerOptions {
  readonly watchdogMs?: number;
}

/** Does for the daemon of a test what systemd does with our units, by systemd-socket-activate(1). */
export class ServiceManager implements AsyncDisposable {
  /** What it was notified of so far; sd_notify(3). */
  readonly notifications: string[] = [];
  readonly socket: string;
  readonly #triterm: Triterm;
  readonly #children: ChildProcess[] = [];

  private constructor(triterm: Triterm) {
    this.#triterm = triterm;
    this.socket = join(triterm.stateDir, 'run', 'tritermd.sock');
  }

  /** Listens on both sockets; the first connection starts the daemon. */
  static async start(triterm: Triterm, { watchdogMs }: ServiceManagerOptions = {}): Promise<ServiceManager> {
    const manager = new ServiceManager(triterm);
    const run = join(triterm.stateDir, 'run');
    mkdirSync(run, { recursive: true, mode: 0o700 });
    chmodSync(triterm.stateDir, 0o700);
    const [notify, newHost] = [join(run, 'notify'), join(run, 'new-pty-host.sock')];
    manager.#receive(notify);
    manager.#activate(newHost, ['--accept', '--inetd'], [process.execPath, ...HOST, '--activated', run]);
    const watchdog = watchdogMs === undefined ? [] : [`WATCHDOG_USEC=${watchdogMs * 1000}`];
    const told = [
      `NOTIFY_SOCKET=${notify}`,
      `TRITERM_PTY_HOST_SOCKET=${newHost}`,
      'INVOCATION_ID=1',
      ...watchdog,
    ];
    manager.#activate(
      manager.socket,
      ['--fdname=tritermd', ...told.map(text => `--setenv=${text}`)],
      ['sh', '-c', SUPERVISOR, 'sh', process.execPath, ...DAEMON],
    );
    for (const path of [notify, newHost, manager.socket]) await until(() => isThere(path), path);
    for (const path of [newHost, manager.socket]) chmodSync(path, 0o600);
    return manager;
  }

  /** Resolves with the number of notifications so far, once one has come that matches, after the first `from`. */
  async notified(pattern: RegExp, from = 0): Promise<number> {
    await until(() => this.notifications.slice(from).some(text => pattern.test(text)), String(pattern));
    return this.notifications.length;
  }

  #receive(socket: string): void {
    const child = this.#activate(socket, ['--datagram'], [process.execPath, '-e', READER]);
    if (child.stdout === null) throw new Error('no stdout');
    createInterface(child.stdout).on('line', line => {
      const text: unknown = JSON.parse(line);
      // Sent behind each message by systemd-notify, to learn that it was read.
      if (text !== 'BARRIER=1') this.notifications.push(String(text));
    });
  }

  #activate(socket: string, options: readonly string[], command: readonly string[]): ChildProcess {
    const env = Object.entries(this.#triterm.env).map(([name, value]) => `--setenv=${name}=${value}`);
    const child = spawn('systemd-socket-activate', [`--listen=${socket}`, ...env, ...options, ...command], {
      cwd: '/',
      stdio: ['ignore', 'pipe', 'ignore'],
      // The supervisor and its daemon are ended together.
      detached: true,
    });
    this.#children.push(child);
    return child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, 'exit');
      process.kill(-child.pid, 'SIGKILL');
      await gone;
    }
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
