import { writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import nodePty from 'node-pty';
import { nowMs, within } from '../host/clock.ts';
import type { Command } from '../host/command.ts';
import { answersTo } from './answers.ts';

/** node-pty's native part, which it exports untyped. Its public API queues writes and allocates for every read. */
interface NativePty {
  fork(
    file: string,
    args: string[],
    env: string[],
    cwd: string,
    cols: number,
    rows: number,
    uid: number,
    gid: number,
    utf8: boolean,
    helperPath: string,
    onExit: (exitCode: number, signal: number) => void,
  ): { fd: number; pid: number };
}
const { native } = nodePty as unknown as { native: NativePty };

export const COLS = 120;
export const ROWS = 40;

const READ_BYTES = 64 * 1024;
/** Clients ask when they start. Looking for questions in a flood would only cost time. */
const ASKING_BYTES = 16 * 1024;

/** How long a client may take to leave. */
const LEAVE_MS = 1000;

/** All terminals read into it: what arrives is used before the next read. */
const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

interface Expectation {
  readonly marker: Buffer;
  readonly seen: (atMs: number) => void;
  readonly abandoned: (error: Error) => void;
}

/** What a person sits at: a PTY of 120×40 that takes everything as fast as it comes. */
export class OuterTerminal {
  readonly pid: number;
  /** Just before its program was started. */
  readonly startedMs: number;
  readonly exited: Promise<void>;
  receivedBytes = 0;
  lastByteMs: number;
  /** Called with every chunk, which is valid during the call only. */
  onOutput: (chunk: Buffer) => void = () => {};
  readonly #fd: number;
  readonly #stream: ReadStream;
  #hasExited = false;
  #tail: Buffer = Buffer.alloc(0);
  #expectations: Expectation[] = [];
  #recorded: Buffer[] | undefined;

  /** `record`: keep all that comes, for `recorded`. */
  constructor(command: Command, options: { record?: boolean } = {}) {
    const [file = '', ...args] = command.argv;
    const env = Object.entries(command.env).map(([name, value]) => `${name}=${value}`);
    if (options.record === true) this.#recorded = [];
    let ended: () => void = () => {};
    this.exited = new Promise(resolve => {
      ended = resolve;
    });
    this.startedMs = nowMs();
    this.lastByteMs = this.startedMs;
    const { fd, pid } = native.fork(file, args, env, '/', COLS, ROWS, -1, -1, true, '', () => {
      this.#hasExited = true;
      ended();
    });
    this.#fd = fd;
    this.pid = pid;
    this.#stream = openStream(fd, chunk => this.#output(chunk));
    // EIO: the program's side has been closed.
    this.#stream.on('error', () => this.#stream.destroy());
    this.#stream.resume();
  }

  /** Everything that has come so far. */
  get recorded(): Buffer {
    return Buffer.concat(this.#recorded ?? []);
  }

  /** Types. */
  write(keys: Uint8Array): void {
    writeSync(this.#fd, keys);
  }

  type(keys: string): void {
    this.write(Buffer.from(keys));
  }

  /** As a terminal that hangs: it and the client in it stand still. */
  stop(): void {
    this.#stream.pause();
    this.#kill('SIGSTOP');
  }

  resume(): void {
    this.#kill('SIGCONT');
    this.#stream.resume();
  }

  /** Resolves with the moment at which the last byte of the text had come. Throws NotInTime, or when it is closed. */
  async seen(text: string, timeoutMs: number): Promise<number> {
    const expectation = Promise.withResolvers<number>();
    const entry = { marker: Buffer.from(text), seen: expectation.resolve, abandoned: expectation.reject };
    this.#expectations.push(entry);
    try {
      return await within(timeoutMs, `${text} on the terminal`, expectation.promise);
    } finally {
      this.#expectations = this.#expectations.filter(other => other !== entry);
    }
  }

  /** Leaves by these keys, if that works, and closes. */
  async leave(keys: string): Promise<void> {
    this.type(keys);
    await within(LEAVE_MS, 'the program of the terminal leaves', this.exited).catch(() => {});
    await this.close();
  }

  /** Ends what runs in it, as closing the window does, and at the latest by SIGKILL. */
  async close(): Promise<void> {
    for (const { abandoned } of this.#expectations) abandoned(new Error('the terminal was closed'));
    if (!this.#hasExited) this.#kill('SIGCONT');
    this.#stream.destroy();
    if (!this.#hasExited) this.#kill('SIGHUP');
    try {
      await within(1000, 'the program of the terminal ends', this.exited);
    } catch {
      this.#kill('SIGKILL');
      await within(5000, 'the program of the terminal is killed', this.exited);
    }
  }

  #kill(signal: NodeJS.Signals): void {
    if (this.#hasExited) return;
    try {
      process.kill(this.pid, signal);
    } catch {
      // It has ended and is being reaped.
    }
  }

  #output(chunk: Buffer): void {
    const atMs = nowMs();
    this.lastByteMs = atMs;
    this.receivedBytes += chunk.length;
    this.#recorded?.push(Buffer.from(chunk));
    if (this.receivedBytes < ASKING_BYTES) {
      const answers = answersTo(chunk.toString('latin1'));
      if (answers !== '') this.type(answers);
    }
    if (this.#expectations.length > 0) this.#look(chunk, atMs);
    this.onOutput(chunk);
  }

  #look(chunk: Buffer, atMs: number): void {
    const longest = Math.max(...this.#expectations.map(({ marker }) => marker.length));
    const joined = Buffer.concat([this.#tail, chunk.subarray(0, longest)]);
    for (const { marker, seen } of this.#expectations)
      if (chunk.includes(marker) || joined.includes(marker)) seen(atMs);
    const end = chunk.length >= longest ? chunk : Buffer.concat([this.#tail, chunk]);
    this.#tail = Buffer.from(end.subarray(-longest));
  }
}

function openStream(fd: number, output: (chunk: Buffer) => void): ReadStream {
  const onread = {
    buffer: readBuffer,
    callback: (bytesRead: number) => {
      output(readBuffer.subarray(0, bytesRead));
      return true;
    },
  };
  // The second parameter goes to net.Socket; the types know only the first.
  const Stream = ReadStream as unknown as new (fd: number, options: { onread: typeof onread }) => ReadStream;
  return new Stream(fd, { onread });
}
