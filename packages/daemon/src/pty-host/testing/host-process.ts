import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const START_DEADLINE_MS = 20_000;
const POLL_MS = 5;
/** As the daemon starts it, but from source. */
const OPTIONS = ['--max-semi-space-size=2', '--conditions=@triterm/source', '--no-warnings'];
const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

export interface HostProcessOptions {
  readonly maxPtys?: number;
  /** Where its socket is made; a directory of its own when missing. */
  readonly dir?: string;
  readonly name?: string;
  /** What its starter, bash, does before it, such as `ulimit`. */
  readonly before?: string;
}

/** A pty-host run from source in a process of its own, with a socket in a private directory. */
export class HostProcess {
  readonly dir: string;
  readonly socketPath: string;
  readonly child: ChildProcess;
  /** Faults that the host survived are told there; nothing else is. */
  stderr = '';
  readonly #exited: Promise<unknown>;
  readonly #ownsDir: boolean;

  private constructor(options: HostProcessOptions) {
    this.#ownsDir = options.dir === undefined;
    this.dir = options.dir ?? mkdtempSync(join(tmpdir(), 'triterm-host-'));
    this.socketPath = join(this.dir, `${options.name ?? 'host'}.sock`);
    const maxPtys = options.maxPtys === undefined ? [] : [String(options.maxPtys)];
    const args = [...OPTIONS, MAIN, this.socketPath, ...maxPtys];
    const { before } = options;
    const [file, argv] =
      before === undefined
        ? [process.execPath, args]
        : ['/bin/bash', ['-c', `${before}; exec "$@"`, 'bash', process.execPath, ...args]];
    this.child = spawn(file, argv, {
      cwd: this.dir,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#exited = once(this.child, 'exit');
    this.child.stderr?.on('data', chunk => {
      this.stderr += String(chunk);
    });
  }

  /** Resolves once it listens. */
  static async start(options: HostProcessOptions = {}): Promise<HostProcess> {
    const host = new HostProcess(options);
    const deadlineMs = performance.now() + START_DEADLINE_MS;
    while (!(await canConnect(host.socketPath))) {
      if (host.hasExited || performance.now() > deadlineMs)
        throw new Error(`the pty-host did not start: ${host.stderr}`);
      await delay(POLL_MS);
    }
    return host;
  }

  /** Runs one that is expected to end by itself. */
  static async run(args: readonly string[]): Promise<{ code: number | null; stderr: string }> {
    const child = spawn(process.execPath, [...OPTIONS, MAIN, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', chunk => {
      stderr += String(chunk);
    });
    await once(child, 'close');
    return { code: child.exitCode, stderr };
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get hasExited(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Its exit code, or null when a signal ended it. */
  async exited(): Promise<number | null> {
    if (!this.hasExited) await this.#exited;
    return this.child.exitCode;
  }

  get residentBytes(): number {
    return this.#status(/VmRSS:\s+(\d+) kB/) * 1024;
  }

  get threads(): number {
    return this.#status(/Threads:\s+(\d+)/);
  }

  #status(field: RegExp): number {
    return Number(field.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1]);
  }

  /** Processor time that it has used. */
  get busyMs(): number {
    const [, rest = ''] = readFileSync(`/proc/${this.pid}/stat`, 'utf8').split(') ');
    const fields = rest.split(' ');
    // Clock ticks of 10 ms: USER_HZ is 100 on every Linux.
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  /** What its descriptors lead to. */
  descriptors(): string[] {
    return descriptorsOf(this.pid);
  }

  /** Ends it for sure, and its programs with it. */
  async dispose(): Promise<void> {
    if (!this.hasExited) this.child.kill('SIGKILL');
    if (!this.hasExited) await this.#exited;
    if (this.#ownsDir) rmSync(this.dir, { recursive: true, force: true });
  }
}

/** What the descriptors of a process lead to, such as `/dev/pts/3` or `socket:[123]`, the lowest first. */
export function descriptorsOf(pid: number): string[] {
  const dir = `/proc/${pid}/fd`;
  const names = readdirSync(dir).sort((a, b) => Number(a) - Number(b));
  return names.flatMap(name => {
    try {
      return [readlinkSync(join(dir, name))];
    } catch {
      // It was closed meanwhile.
      return [];
    }
  });
}

function canConnect(socketPath: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(socketPath);
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
