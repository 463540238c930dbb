import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { DrillEvent, DrillReport } from '@triterm/core/domain';
import { until } from './triterm.ts';

const CLEAN_MS = 15_000;
/** Node's arguments for triterm-drill: the built one, or with `TRITERM_TEST_SOURCE=1` the sources as they are. */
const PROGRAM: readonly string[] =
  process.env.TRITERM_TEST_SOURCE === '1'
    ? ['--conditions=@triterm/source', pathOf('src/drill/main.ts')]
    : [pathOf('dist/bundle/triterm-drill.mjs')];

/** triterm-drill, with a directory for everything that it and its servers leave in the system's temporary one. */
export class DrillProgram implements AsyncDisposable {
  // Short: sockets lie below it.
  readonly dir = mkdtempSync(join(tmpdir(), 'tt-'));
  readonly events: DrillEvent[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  /** `args`: `run NAME…`. */
  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    // As /tmp itself: PostgreSQL runs as another user.
    chmodSync(this.dir, 0o1777);
    const child = spawn(process.execPath, [...PROGRAM, ...args], {
      env: {
        PATH: process.env.PATH,
        HOME: this.dir,
        LANG: 'C.UTF-8',
        TMPDIR: this.dir,
        TRITERM_STATE_DIR: join(this.dir, 'none'),
        ...env,
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child = child;
    this.#ended = once(child, 'close');
    createInterface({ input: child.stdout }).on('line', line => this.events.push(JSON.parse(line)));
  }

  /** Resolves with what it exits with when it has ended. */
  async ended(): Promise<number | null> {
    await this.#ended;
    return this.#child.exitCode;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Resolves when a step of this beginning has begun. */
  async step(beginning: string): Promise<void> {
    await until(
      () => this.events.some(event => event.event === 'step' && event.what.startsWith(beginning)),
      `step ${beginning}`,
      CLEAN_MS,
    );
  }

  get reports(): readonly DrillReport[] {
    return this.events.flatMap(event => (event.event === 'ended' ? [event.report] : []));
  }

  /** Command lines of processes and names of files that are left, when those that are about to end have had their time. */
  async leavings(): Promise<readonly string[]> {
    const leavings = () => [...processesOf(this.dir).map(({ command }) => command), ...readdirSync(this.dir)];
    await until(() => leavings().length === 0, 'nothing is left', CLEAN_MS).catch(() => {});
    return leavings();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
    for (const { pid } of processesOf(this.dir)) process.kill(pid, 'SIGKILL');
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Names of all drills, as the program lists them. */
export async function drillNames(): Promise<string[]> {
  const child = spawn(process.execPath, [...PROGRAM, 'ls'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const names: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) names.push(JSON.parse(line).name);
  return names;
}

/** Those that name the directory on their command line or in their environment. */
function processesOf(dir: string): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(name => ({ pid: Number(name), command: read(name, 'cmdline'), environment: read(name, 'environ') }))
    .filter(({ command, environment }) => `${command}${environment}`.includes(dir))
    .map(({ pid, command }) => ({ pid, command: command.replaceAll('\0', ' ') }));
}

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    // It has ended.
    return '';
  }
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(`../../packages/daemon/${file}`, import.meta.url));
}
