import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';
import { ServerLog } from './server-log.ts';

const run = promisify(execFile);

/** A server that has not said this long that it is ready will not. */
const START_DEADLINE_MS = 10_000;
const READY_LINE = /Ready to accept connections|monitor master|\+monitor/;
const ASK_INTERVAL_MS = 20;
/** Another test may take a port between our look and the server's bind. */
const PORT_ATTEMPTS = 5;

export interface RedisProcessOptions {
  /** Further lines of the configuration file. */
  readonly config?: readonly string[];
  readonly sentinel?: boolean;
  readonly port?: number | undefined;
  /** Where its directory is made; in the system's temporary one unless given. */
  readonly below?: string | undefined;
}

/** redis-server, or a sentinel, on a port and in a directory of its own. Ends with the process that started it. */
export class RedisProcess {
  readonly host = '127.0.0.1';
  readonly dir: string;
  readonly port: number;
  readonly #file: string;
  readonly #sentinel: boolean;
  #child: ChildProcess | undefined;
  readonly #log = new ServerLog({ name: 'redis-server', ready: READY_LINE, deadlineMs: START_DEADLINE_MS });

  private constructor(
    port: number,
    { config = [], sentinel = false, below = tmpdir() }: RedisProcessOptions,
  ) {
    this.dir = mkdtempSync(join(below, 'triterm-redis-'));
    this.port = port;
    this.#sentinel = sentinel;
    this.#file = join(this.dir, 'redis.conf');
    const lines = [`dir ${this.dir}`, 'bind 127.0.0.1', 'daemonize no', 'logfile ""', ...config];
    writeFileSync(this.#file, `${lines.join('\n')}\n`, { mode: 0o600 });
  }

  /** `config` may depend on the port that it got. */
  static async start(
    options: Omit<RedisProcessOptions, 'config'>,
    config: (port: number) => readonly string[],
  ): Promise<RedisProcess> {
    for (let attempt = 1; ; attempt += 1) {
      const port = options.port ?? (await freePort());
      const started = new RedisProcess(port, { ...options, config: config(port) });
      try {
        await started.start();
        return started;
      } catch (error) {
        await started.dispose();
        const isTaken = error instanceof Error && error.message.includes('in use');
        if (!isTaken || options.port !== undefined || attempt === PORT_ATTEMPTS) throw error;
      }
    }
  }

  /** Again on the same port and directory. */
  async start(): Promise<void> {
    const command = ['redis-server', this.#file, ...(this.#sentinel ? ['--sentinel'] : [])];
    const tied = process.platform === 'linux' ? ['setpriv', '--pdeathsig', 'KILL', ...command] : command;
    const child = spawn(tied[0] ?? '', tied.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    child.stderr.on('data', chunk => this.#log.add(String(chunk)));
    await this.#log.untilReady(child, child.stdout);
  }

  /** SIGSTOP makes it hang, SIGCONT wakes it. */
  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  get isRunning(): boolean {
    const child = this.#child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Ends it at once, as a power cut does. Resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return;
    const gone = once(child, 'exit');
    if (child.pid !== undefined) child.kill('SIGKILL');
    await gone;
  }

  /** One command by redis-cli; its answer as text. Rejects with an error reply. */
  async cli(flags: readonly string[], words: readonly string[], password?: string): Promise<string> {
    try {
      const args = ['-e', '-p', String(this.port), ...flags, ...words];
      // Its arguments are there for every user of the machine to read.
      const env = { ...process.env, ...(password === undefined ? {} : { REDISCLI_AUTH: password }) };
      return (await run('redis-cli', args, { env, timeout: START_DEADLINE_MS })).stdout.trim();
    } catch (error) {
      const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
      throw new Error(`${words.join(' ')}: ${said}`, { cause: error });
    }
  }

  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Asks until it is so, for what no event tells; rejects with the last answer at a deadline. */
export async function eventually(
  what: string,
  ask: () => Promise<boolean>,
  deadlineMs = START_DEADLINE_MS,
): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  let last: unknown;
  while (performance.now() < endMs) {
    try {
      if (await ask()) return;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await setTimeout(ASK_INTERVAL_MS);
  }
  throw new Error(`not in ${deadlineMs} ms: ${what}`, { cause: last });
}
