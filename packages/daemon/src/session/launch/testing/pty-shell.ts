import { accessSync, constants, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { ShellKind } from '@triterm/core/domain';
import { type IPty, spawn } from 'node-pty';
import { type LaunchRequest, prepareLaunch } from '../index.ts';

const DEADLINE_MS = 15_000;
/** How long a typed Ctrl-C may take before it is typed again. */
const AGAIN_MS = 500;

/** Where a shell is installed, or undefined. */
export function installed(shell: string): string | undefined {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(directory, shell);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this one.
    }
  }
  return undefined;
}

/** A home directory of its own, removed by `remove`. */
export class Home {
  readonly dir = mkdtempSync(join(tmpdir(), 'triterm-shell-'));
  readonly sessionDir = join(this.dir, 'session');

  constructor() {
    // Where it is missing, fish starts a process in the background that makes it.
    mkdirSync(join(this.dir, '.local/share/fish/generated_completions'), { recursive: true });
    mkdirSync(join(this.dir, '.config/fish'), { recursive: true });
  }

  environment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
    return {
      HOME: this.dir,
      PATH: process.env.PATH ?? '/usr/bin:/bin',
      LANG: 'C.UTF-8',
      USER: 'tester',
      ...extra,
    };
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

export interface StartOptions {
  readonly argv?: readonly string[];
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** False starts the same shell without the integration. */
  readonly integration?: boolean;
  readonly request?: Partial<LaunchRequest>;
}

/** A shell on a real PTY, as a session starts it. Waits for output, never for time. */
export class PtyShell {
  readonly #pty: IPty;
  readonly #exited: Promise<void>;
  readonly #waiting = new Set<() => void>();
  #output = '';

  private constructor(pty: IPty) {
    this.#pty = pty;
    pty.onData(data => {
      this.#output += data;
      for (const check of this.#waiting) check();
    });
    this.#exited = new Promise(resolve => pty.onExit(() => resolve()));
  }

  static async start(shell: ShellKind, home: Home, options: StartOptions = {}): Promise<PtyShell> {
    const launch = await prepareLaunch({
      config: {
        shell: installed(shell) ?? shell,
        shellIntegration: options.integration ?? true,
        term: 'xterm-256color',
        dropEnvironment: [],
        refreshEnvironment: ['DISPLAY', 'SSH_AUTH_SOCK', 'WAYLAND_DISPLAY'],
      },
      argv: options.argv ?? [],
      cwd: options.cwd ?? home.dir,
      clientEnvironment: home.environment(options.environment),
      extraEnvironment: {},
      session: { id: 'abcdefghjkmn', name: 'main' },
      sessionDir: home.sessionDir,
      ...options.request,
    });
    return PtyShell.spawn(launch);
  }

  static spawn(launch: {
    file: string;
    argv: readonly string[];
    cwd: string;
    env: Readonly<Record<string, string>>;
  }): PtyShell {
    const pty = spawn(launch.file, launch.argv.slice(1), {
      cwd: launch.cwd,
      env: { ...launch.env },
      cols: 200,
      rows: 40,
    });
    return new PtyShell(pty);
  }

  get pid(): number {
    return this.#pty.pid;
  }

  /** Everything written so far. */
  get output(): string {
    return this.#output;
  }

  write(data: string | Buffer): void {
    this.#pty.write(data);
  }

  /** Resolves with what was written since `from` once that matches; rejects at the deadline with what there is. */
  async until(pattern: RegExp, from = 0): Promise<string> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        this.#waiting.delete(check);
        clearTimeout(timer);
      };
      const check = (): void => {
        const text = this.#output.slice(from);
        if (!pattern.test(text)) return;
        done();
        resolve(text);
      };
      const timer = setTimeout(() => {
        done();
        reject(new Error(`no ${pattern} in ${JSON.stringify(this.#output.slice(from))}`));
      }, DEADLINE_MS);
      this.#waiting.add(check);
      check();
    });
  }

  /** Types something and resolves with what was written until the next prompt's end. */
  async type(data: string | Buffer): Promise<string> {
    const from = this.#output.length;
    this.write(data);
    return this.until(/\x1b\]133;B\x07/, from);
  }

  /** Types Ctrl-C until it is taken: fish loses one that comes while it colours the line. */
  async interrupt(): Promise<string> {
    const from = this.#output.length;
    this.write('\x03');
    const again = setInterval(() => this.write('\x03'), AGAIN_MS);
    try {
      return await this.until(/\x1b\]133;B\x07/, from);
    } finally {
      clearInterval(again);
    }
  }

  /** Runs a line and resolves with what was written until the prompt after it. */
  async run(line: string | Buffer): Promise<string> {
    const from = this.#output.length;
    this.write(typeof line === 'string' ? `${line}\r` : line);
    return this.until(/\x1b\]133;D[\s\S]*\x1b\]133;B\x07/, from);
  }

  async close(): Promise<void> {
    this.#pty.kill('SIGKILL');
    await this.#exited;
  }
}

/** The marks in terminal output: `A`, `B`, `C make test`, `D 0`, `7 /home/a b`. */
export function marks(output: string): string[] {
  const found: string[] = [];
  for (const [, code, text = ''] of output.matchAll(/\x1b\](7|133);([^\x07\x1b]*)(?:\x07|\x1b\\)/g)) {
    if (code === '7') found.push(`7 ${decodeURIComponent(text.replace(/^file:\/\/[^/]*/, ''))}`);
    else if (text.startsWith('C')) {
      found.push(`C ${decodeURIComponent(/cmdline_url=(.*)$/.exec(text)?.[1] ?? '')}`.trimEnd());
    } else found.push(text.replace(';', ' '));
  }
  return found;
}

/** What stands between the marks for the start and the end of the last command. */
export function markedOutput(output: string): string {
  return /\x1b\]133;C[^\x07]*\x07((?:(?!\x1b\]133;C)[\s\S])*?)\x1b\]133;D/.exec(output)?.[1] ?? '';
}
