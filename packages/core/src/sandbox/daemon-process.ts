import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Paths, resolvePaths } from '../config/index.ts';
import { newToken } from '../domain/index.ts';
import type { Params, Result } from '../protocol/index.ts';
import { ProtocolClient } from './protocol-client.ts';
import { readProcessStat } from './read-process-stat.ts';
import { runs } from './session-requests.ts';

const START_DEADLINE_MS = 15_000;
const END_DEADLINE_MS = 10_000;
const POLL_MS = 10;

export interface DaemonProcessOptions {
  /** Node's arguments for tritermd. */
  readonly program: readonly string[];
  /** Words before the command, of a program that runs it in its own process: `ip netns exec NAME`. */
  readonly within?: readonly string[];
  /** What becomes of its standard error; ours unless said. */
  readonly stderr?: 'inherit' | 'ignore';
}

/** A tritermd on a state directory of its own, which can be killed and started again at will. */
export class DaemonProcess {
  readonly stateDir: string;
  readonly paths: Paths;
  readonly env: NodeJS.ProcessEnv;
  readonly #madeStateDir: boolean;
  readonly #options: DaemonProcessOptions;
  #child: ChildProcess | undefined;
  readonly #clients = new Set<ProtocolClient>();

  /** `env`: settings as `TRITERM_…` variables. */
  constructor(env: Record<string, string>, options: DaemonProcessOptions) {
    this.#options = options;
    this.#madeStateDir = env.TRITERM_STATE_DIR === undefined;
    this.stateDir = env.TRITERM_STATE_DIR ?? mkdtempSync(join(tmpdir(), 'tt-'));
    this.env = {
      PATH: process.env.PATH,
      HOME: this.stateDir,
      SHELL: '/bin/sh',
      LANG: 'C.UTF-8',
      TRITERM_STATE_DIR: this.stateDir,
      TRITERM_CONFIG: join(this.stateDir, 'config.json'),
      ...env,
    };
    this.paths = resolvePaths(this.env, this.stateDir);
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('the daemon does not run');
    return pid;
  }

  /** Starts it, or starts it again, or another release's in its place, and waits until it serves. */
  async start(program: readonly string[] = this.#options.program): Promise<void> {
    const { within = [], stderr = 'inherit' } = this.#options;
    const [file = process.execPath, ...args] = [...within, process.execPath, ...program];
    const child = spawn(file, args, {
      env: this.env,
      cwd: '/',
      stdio: ['ignore', 'ignore', stderr],
    });
    this.#child = child;
    await this.#until('the daemon serves', START_DEADLINE_MS, async () => {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`the daemon ended with ${child.exitCode ?? child.signalCode}\n${this.log()}`);
      try {
        await (await ProtocolClient.connect(this.paths.socket)).close();
        return true;
      } catch {
        return false;
      }
    });
  }

  /** What it has logged so far. */
  log(): string {
    try {
      return readFileSync(this.paths.logFile, 'utf8');
    } catch {
      return '';
    }
  }

  /** Ends it by a signal and waits for its end; its hosts and sessions live on. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit', { signal: AbortSignal.timeout(END_DEADLINE_MS) });
    child.kill(signal);
    await gone;
  }

  async client(): Promise<ProtocolClient> {
    const client = await ProtocolClient.connect(this.paths.socket);
    this.#clients.add(client);
    return client;
  }

  /** One request over a connection of its own. */
  async request<M extends Parameters<ProtocolClient['request']>[0]>(
    method: M,
    params: Params<M>,
    timeoutMs?: number,
  ): Promise<Result<M>> {
    const client = await ProtocolClient.connect(this.paths.socket);
    try {
      return await client.request(method, params, timeoutMs);
    } finally {
      await client.close();
    }
  }

  /** A session that runs a program, 80x24 unless said. */
  async session(
    name: string,
    argv: readonly string[],
    more: Partial<Params<'session.create'>> = {},
  ): Promise<Result<'session.create'>['session']> {
    const asked = runs(name, argv);
    const { session } = await this.request('session.create', {
      ...asked,
      environment: { ...asked.environment, HOME: this.stateDir },
      ...more,
    });
    return session;
  }

  /** Makes a session anew, in the home `/`. */
  recreate(target: string, { force = false } = {}): Promise<Result<'session.recreate'>> {
    return this.request('session.recreate', {
      target,
      force,
      environment: { PATH: process.env.PATH ?? '', HOME: '/' },
      idempotencyKey: newToken(),
    });
  }

  async state(name: string): Promise<Result<'session.show'>['session']> {
    return (await this.request('session.show', { target: name })).session;
  }

  /** Waits for a session's end. */
  async exited(name: string, timeoutMs = 60_000): Promise<Result<'session.wait'>['session']> {
    const wait = { target: name, condition: { kind: 'exit' as const }, timeoutMs };
    return (await this.request('session.wait', wait, timeoutMs + 1000)).session;
  }

  /** Process ids of the pty-hosts of this state directory. What a host has forked looks like it until it is a program. */
  hostPids(): number[] {
    const alike = readdirSync('/proc')
      .filter(name => /^\d+$/.test(name))
      .filter(pid => commandLine(pid).some(word => word.startsWith(this.paths.hostsDir)));
    return alike.filter(pid => !alike.includes(String(readProcessStat(pid)?.parent))).map(Number);
  }

  /** Kills everything that belongs to it and removes its directory. */
  async dispose(): Promise<void> {
    for (const client of this.#clients) await client.close();
    await this.end('SIGKILL');
    for (const pid of this.hostPids()) killQuietly(pid);
    await this.#until('the hosts are gone', END_DEADLINE_MS, async () => this.hostPids().length === 0);
    rmSync(this.paths.runDir, { recursive: true, force: true });
    if (this.#madeStateDir) rmSync(this.stateDir, { recursive: true, force: true });
  }

  async #until(what: string, timeoutMs: number, holds: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!(await holds())) {
      if (performance.now() > deadline) throw new Error(`not in time: ${what}\n${this.log()}`);
      await pause(POLL_MS);
    }
  }
}

function commandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
