import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A test that waits longer than this waits for something that will not come. */
const LINE_DEADLINE_MS = 20_000;

/** A small program of a test, run from source in a process of its own. It talks by lines. */
export class Program {
  readonly child: ChildProcess;
  readonly lines: string[] = [];
  #stderr = '';
  #wake: () => void = () => {};
  readonly #exited: Promise<unknown>;

  /** `within`: words before the command, of a program that becomes it, such as `ip netns exec NAME`. */
  constructor(file: URL, args: readonly string[], within: readonly string[] = []) {
    const node = [process.execPath, '--conditions=@triterm/source', '--no-warnings'];
    const [command = '', ...rest] = [...within, ...node, fileURLToPath(file), ...args];
    this.child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#exited = once(this.child, 'exit').then(() => this.#wake());
    if (this.child.stdout === null || this.child.stderr === null) throw new Error('the program has no pipes');
    createInterface({ input: this.child.stdout }).on('line', line => {
      this.lines.push(line);
      this.#wake();
    });
    this.child.stderr.on('data', chunk => {
      this.#stderr += String(chunk);
    });
  }

  /** Resolves when the lines so far satisfy the condition; rejects when the program ended without, or at a deadline. */
  async until(satisfied: (lines: readonly string[]) => boolean): Promise<void> {
    const deadlineMs = performance.now() + LINE_DEADLINE_MS;
    while (!satisfied(this.lines)) {
      const left = deadlineMs - performance.now();
      const ended = this.child.exitCode !== null || this.child.signalCode !== null;
      if (ended || left <= 0)
        throw new Error(
          `the program ${ended ? 'ended' : 'did not say it'}: ${this.lines.join('|')}\n${this.#stderr}`,
        );
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  send(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Its exit code, or null when a signal ended it. */
  async exited(): Promise<number | null> {
    await this.#exited;
    return this.child.exitCode;
  }

  /** Ends it for sure. */
  async dispose(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.#exited;
  }
}
