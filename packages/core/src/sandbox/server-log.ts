import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** In UTF-16 units. */
const KEPT = 20_000;
const TOLD = 2000;

export interface ServerLogOptions {
  /** Of the program, for errors. */
  readonly name: string;
  /** What it says when clients may come. */
  readonly ready: RegExp;
  /** One that has not said so this long will not. */
  readonly deadlineMs: number;
}

/** What a server says, over all its starts: the last of it. */
export class ServerLog {
  readonly #options: ServerLogOptions;
  #text = '';

  constructor(options: ServerLogOptions) {
    this.#options = options;
  }

  get text(): string {
    return this.#text;
  }

  add(text: string): void {
    this.#text = `${this.#text.slice(-KEPT)}${text}`;
  }

  /** Listens to what a server that was just started says. Rejects, with the last of it, when it is not ready in time, or ends before. */
  async untilReady(child: ChildProcess, output: Readable): Promise<void> {
    const { name, ready, deadlineMs } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const failed = (why: string) => reject(new Error(`${name} ${why}: ${this.#text.slice(-TOLD)}`));
    const timer = setTimeout(() => failed('did not start'), deadlineMs);
    child.once('error', error => failed(error.message));
    child.once('exit', () => failed('ended'));
    createInterface({ input: output }).on('line', line => {
      this.add(`${line}\n`);
      if (ready.test(line)) resolve();
    });
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
  }
}
