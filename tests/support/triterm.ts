import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { PtyTerminal, type PtyTerminalOptions } from '@triterm/core/testing/pty-terminal';

export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly timeoutMs?: number;
}

export type AttachTestOptions = Partial<Omit<PtyTerminalOptions, 'file' | 'args'>>;

const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;
const RUN_TIMEOUT_MS = 30_000;
const POLL_MS = 10;
const GONE_TIMEOUT_MS = 10_000;

type Command = readonly [file: string, ...args: string[]];

/** The command that starts triterm: the built one, or with `TRITERM_TEST_SOURCE=1` the sources as they are. */
export const TRITERM: Command =
  process.env.TRITERM_TEST_SOURCE === '1'
    ? [
        process.execPath,
        '--conditions=@triterm/source',
        fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url)),
      ]
    : [process.execPath, fileURLToPath(new URL('../../packages/cli/bin/triterm.cjs', import.meta.url))];

/** A triterm of its own: state, sockets and home in a new directory; nothing of it is left behind. */
export class Triterm implements AsyncDisposable {
  /** Short: sockets lie in it. */
  readonly dir = mkdtempSync(join(tmpdir(), 'tt-'));
  readonly env: Record<string, string>;
  readonly #command: Command;

  /** `command`: another installation's. */
  constructor(env: Readonly<Record<string, string>> = {}, command: Command = TRITERM) {
    this.#command = command;
    this.env = {
      HOME: this.dir,
      PATH: process.env.PATH ?? '/usr/bin:/bin',
      LANG: 'C.UTF-8',
      TERM: 'xterm-256color',
      SHELL: '/bin/sh',
      PS1: '$ ',
      TRITERM_STATE_DIR: join(this.dir, 's'),
      ...env,
    };
  }

  get stateDir(): string {
    return join(this.dir, 's');
  }

  /** Runs a command to its end. */
  run(args: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    const [file, ...before] = this.#command;
    return new Promise((resolve, reject) => {
      const child = execFile(
        file,
        [...before, ...args],
        {
          env: { ...this.env, ...options.env },
          cwd: options.cwd ?? this.dir,
          timeout: options.timeoutMs ?? RUN_TIMEOUT_MS,
          maxBuffer: MAX_OUTPUT_BYTES,
        },
        (error, stdout, stderr) => {
          if (error === null) resolve({ stdout, stderr, exitCode: 0 });
          else if (typeof error.code === 'number') resolve({ stdout, stderr, exitCode: error.code });
          else reject(new Error(`triterm ${args.join(' ')}: ${error.message}\n${stderr}`));
        },
      );
      // A command that leaves without having read its input is no trouble.
      child.stdin?.on('error', () => {}).end(options.input ?? '');
    });
  }

  /** The same, for commands that must succeed; returns what they print. */
  async ok(...args: readonly string[]): Promise<string> {
    const { stdout, stderr, exitCode } = await this.run(args);
    if (exitCode !== 0) throw new Error(`triterm ${args.join(' ')} left with ${exitCode}: ${stderr}`);
    return stdout;
  }

  async json<T = unknown>(...args: readonly string[]): Promise<T> {
    const [command = '', ...rest] = args;
    // The last words may be another command's.
    const at = rest.indexOf('--');
    const [own, other] = at < 0 ? [rest, []] : [rest.slice(0, at), rest.slice(at)];
    return JSON.parse(await this.ok(command, ...own, '--json', ...other)) as T;
  }

  /** Runs a command in a terminal. */
  open(args: readonly string[], options: AttachTestOptions = {}): PtyTerminal {
    const [file, ...before] = this.#command;
    return new PtyTerminal({
      cwd: this.dir,
      ...options,
      file,
      args: [...before, ...args],
      env: { ...this.env, ...options.env },
    });
  }

  /** Runs a shell script in a terminal; `triterm` is a command in it. */
  openShell(script: string, options: AttachTestOptions = {}): PtyTerminal {
    const command = this.#command.map(word => `'${word}'`).join(' ');
    return new PtyTerminal({
      cwd: this.dir,
      ...options,
      file: '/bin/bash',
      args: ['--norc', '--noprofile', '-c', `triterm() { ${command} "$@"; }\n${script}`],
      env: { ...this.env, ...options.env },
    });
  }

  /** Pid of the daemon that holds the lock; throws when none ever did. */
  get daemonPid(): number {
    const record: unknown = JSON.parse(readFileSync(join(this.stateDir, 'daemon.lock.json'), 'utf8'));
    if (typeof record !== 'object' || record === null || !('pid' in record) || typeof record.pid !== 'number')
      throw new Error('the lock has no record');
    return record.pid;
  }

  /** Kills the daemon, as soon as there is one, and resolves when it is gone; its pid. */
  async killDaemon(signal: NodeJS.Signals = 'SIGKILL'): Promise<number> {
    await until(() => isAlive(this.daemonPid), 'a daemon that runs');
    const pid = this.daemonPid;
    process.kill(pid, signal);
    await until(() => !isAlive(pid), `the end of daemon ${pid}`);
    return pid;
  }

  /** Pids of everything that was started with this state directory: daemons, hosts, sessions' programs. */
  get pids(): number[] {
    // A host is given next to nothing of an environment, but its socket by name.
    const marks = { environ: `TRITERM_STATE_DIR=${this.stateDir}\0`, cmdline: `\0${this.stateDir}/` };
    return readdirSync('/proc').flatMap(name => {
      if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
      try {
        const isOurs = Object.entries(marks).some(([file, mark]) =>
          `${readFileSync(`/proc/${name}/${file}`, 'latin1')}\0`.includes(mark),
        );
        return isOurs ? [Number(name)] : [];
      } catch {
        return [];
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Those that end may be started again by those that have not been ended yet.
    const deadlineMs = performance.now() + GONE_TIMEOUT_MS;
    for (let pids = this.pids; pids.length > 0; pids = this.pids) {
      if (performance.now() > deadlineMs) throw new Error(`processes do not end: ${pids.join(' ')}`);
      for (const pid of pids) kill(pid);
      await pause(POLL_MS);
    }
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Waits for what nobody tells of; for everything else there are events. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = GONE_TIMEOUT_MS,
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > deadlineMs) throw new Error(`not in time: ${what}`);
    await pause(POLL_MS);
  }
}

/** Whether the process runs; a zombie does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}
