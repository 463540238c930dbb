import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { TRITERM, type Triterm } from './triterm.ts';

const DEADLINE_MS = 20_000;

/** A triterm command that goes on while a test does other things; what it prints is read line by line. */
export class RunningCommand implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #stderr = '';
  #wake = () => {};

  constructor(triterm: Pick<Triterm, 'dir'> & { readonly env: NodeJS.ProcessEnv }, args: readonly string[]) {
    const [file, ...before] = TRITERM;
    const child = spawn(file, [...before, ...args], {
      env: triterm.env,
      cwd: triterm.dir,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', line => {
      this.lines.push(line);
      this.#wake();
    });
    child.stderr.on('data', chunk => {
      this.#stderr += String(chunk);
      this.#wake();
    });
    this.#exited = once(child, 'close').then(() => this.#wake());
  }

  get stderr(): string {
    return this.#stderr;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves with the lines once they are as wanted; rejects when it has ended without, or at a deadline. */
  async until(wanted: (lines: readonly string[]) => boolean): Promise<readonly string[]> {
    const deadlineMs = performance.now() + DEADLINE_MS;
    while (!wanted(this.lines)) {
      const leftMs = deadlineMs - performance.now();
      if (this.#hasEnded || leftMs <= 0)
        throw new Error(
          `${this.#hasEnded ? 'It has ended' : 'Time is over'}: ${this.lines.join('\n')}\n${this.#stderr}`,
        );
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.lines;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Its exit code; null when a signal ended it. */
  async exited(): Promise<number | null> {
    await this.#exited;
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) this.#child.kill('SIGKILL');
    await this.#exited;
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}
