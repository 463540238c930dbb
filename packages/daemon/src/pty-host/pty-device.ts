import { closeSync, constants, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { ReadStream } from 'node:tty';
import type { WindowSize } from '@triterm/core/domain';
import { errnoName, TermError } from '@triterm/core/errors';
import type { ExitStatus } from '@triterm/core/protocol';
import nodePty from 'node-pty';
import { withoutHoles } from './descriptors.ts';

/** node-pty's native part, which it exports untyped. */
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
  ): { fd: number; pid: number; pty: string };
  resize(fd: number, cols: number, rows: number, xPixels: number, yPixels: number): void;
}
const { native } = nodePty as unknown as { native: NativePty };

export interface DeviceRequest extends WindowSize {
  readonly file: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface DeviceListener {
  /** What the program wrote; valid during the call only. */
  output(bytes: Buffer): void;
  /** The leader was reaped; `drained` before it, so no byte that it wrote is still to come. */
  exited(status: ExitStatus): void;
  /** Nobody holds the tty any more. */
  eof(): void;
}

/**
 * What the kernel's line discipline holds at most: a read that brings as much has probably left more behind. No read but
 * a drain brings more, so a listener that stops the reading gets no more than this after it had room.
 */
export const READ_BYTES = 4095;
/** What is read in a row before the event loop has its turn. */
const TURN_BYTES = 64 * 1024;
/** The kernel holds at most 64 KiB and a line discipline's buffer: after this much, what was there has been read. */
const DRAIN_BYTES = 256 * 1024;
/** Shells are killed before the host when memory runs out: one lost session instead of all. */
const SHELL_OOM_SCORE = 200;

const SIGNAL_NUMBERS: ReadonlyMap<string, number> = new Map(Object.entries(osConstants.signals));
/** Of two names for one number (SIGABRT and SIGIOT) the first is the usual one. */
const SIGNAL_NAMES: ReadonlyMap<number, string> = new Map(
  [...SIGNAL_NUMBERS].reverse().map(([name, number]) => [number, name]),
);

/** All devices read into it: what arrives is handed on before the next read. */
const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);
const drainBuffer = Buffer.allocUnsafeSlow(64 * 1024);

/** One kernel PTY with its leader. Owns the descriptors of both sides. */
export class PtyDevice {
  readonly pid: number;
  readonly #fd: number;
  readonly #listener: DeviceListener;
  readonly #stream: ReadStream;
  /** Held until the leader is reaped, so that the kernel throws nothing away when the last of them closes it. */
  #slaveFd: number | undefined;
  #reading = false;
  #exited = false;
  #ended = false;
  #closed = false;

  /** Throws PTY_HOST_UNAVAILABLE when the kernel gives no PTY or process. */
  constructor(request: DeviceRequest, listener: DeviceListener) {
    this.#listener = listener;
    const forked = fork(request, (exitCode, signal) => this.#reaped(exitCode, signal));
    this.pid = forked.pid;
    this.#fd = forked.fd;
    try {
      this.#slaveFd = openSlave(forked.pty);
      this.#stream = openStream(forked.fd, bytes => this.#arrived(bytes));
    } catch (cause) {
      // The program that was started gets SIGHUP; nobody hears of its end.
      this.#closed = true;
      this.#closeSlave();
      closeSync(forked.fd);
      throw new TermError('PTY_HOST_UNAVAILABLE', `Cannot open ${forked.pty}.`, { cause });
    }
    // EIO: nobody holds the slave any more. Whatever else it was, nothing more can be read.
    this.#stream.on('error', () => this.#end());
    this.#stream.on('end', () => this.#end());
    raiseOomScore(forked.pid);
  }

  /** The leader has been reaped. */
  get exited(): boolean {
    return this.#exited;
  }

  get #usable(): boolean {
    return !this.#closed && !this.#ended && !this.#stream.destroyed;
  }

  setReading(reading: boolean): void {
    if (reading === this.#reading || !this.#usable) return;
    this.#reading = reading;
    if (reading) this.#stream.resume();
    else this.#stream.pause();
  }

  /** The event loop brings one read a turn; while they come back full, more is read at once. */
  #arrived(bytes: Buffer): void {
    // The stream starts a moment after it was told to for the first time, even when it was told to stop since.
    if (!this.#reading) this.#stream.pause();
    this.#listener.output(bytes);
    let lastBytes = bytes.length;
    let leftBytes = TURN_BYTES - lastBytes;
    while (lastBytes >= READ_BYTES && leftBytes > 0 && this.#reading && this.#usable) {
      lastBytes = this.#readNow(READ_BYTES);
      leftBytes -= lastBytes;
      if (lastBytes > 0) this.#listener.output(drainBuffer.subarray(0, lastBytes));
    }
  }

  /** Reads what the kernel holds at this moment, `maxBytes` at most. */
  drain(maxBytes: number = DRAIN_BYTES): void {
    let readBytes = 0;
    while (readBytes < maxBytes && this.#usable) {
      const bytes = this.#readNow(Math.min(drainBuffer.length, maxBytes - readBytes));
      if (bytes === 0) return;
      readBytes += bytes;
      this.#listener.output(drainBuffer.subarray(0, bytes));
    }
  }

  #readNow(maxBytes: number): number {
    try {
      return readSync(this.#fd, drainBuffer, 0, maxBytes, null);
    } catch (error) {
      if (!isBusy(error)) this.#end();
      return 0;
    }
  }

  /** Gives the program bytes to read; returns how many of them the kernel took, 0 when its buffer is full. */
  write(bytes: Uint8Array): number {
    // Nobody can read it any more: taken, as a terminal whose program has gone takes it.
    if (!this.#usable) return bytes.length;
    try {
      return writeSync(this.#fd, bytes);
    } catch (error) {
      return isBusy(error) ? 0 : bytes.length;
    }
  }

  resize(size: WindowSize): void {
    if (this.#usable) native.resize(this.#fd, size.cols, size.rows, 0, 0);
  }

  /** To the leader's process group. Throws SESSION_EXITED, BAD_MESSAGE, PERMISSION_DENIED. */
  signal(name: string): void {
    const number = SIGNAL_NUMBERS.get(name);
    if (number === undefined) throw new TermError('BAD_MESSAGE', `Unknown signal ${name}.`);
    // Once it is reaped the number may name a stranger.
    if (this.#exited) throw new TermError('SESSION_EXITED', 'The program has ended.');
    try {
      // A leader that has only just been started may have no group of its own yet.
      if (!kill(-this.pid, number)) kill(this.pid, number);
    } catch (cause) {
      throw new TermError('PERMISSION_DENIED', `Cannot signal process group ${this.pid}.`, { cause });
    }
  }

  /** Closes both sides; a leader that still runs gets SIGHUP from the kernel. */
  close(): void {
    this.#closed = true;
    this.#stream.destroy();
    this.#closeSlave();
  }

  #reaped(exitCode: number, signal: number): void {
    this.#exited = true;
    if (this.#closed) return;
    this.drain();
    this.#closeSlave();
    const name = signal === 0 ? null : (SIGNAL_NAMES.get(signal) ?? `SIG${signal}`);
    this.#listener.exited({ exitCode: name === null ? exitCode : null, signal: name });
  }

  #closeSlave(): void {
    if (this.#slaveFd === undefined) return;
    closeSync(this.#slaveFd);
    this.#slaveFd = undefined;
  }

  #end(): void {
    if (this.#ended || this.#closed) return;
    this.#ended = true;
    this.#stream.destroy();
    this.#listener.eof();
  }
}

function fork(request: DeviceRequest, onExit: (exitCode: number, signal: number) => void) {
  const env = Object.entries(request.env).map(([name, value]) => `${name}=${value}`);
  const args = request.argv.slice(1);
  try {
    return withoutHoles(() =>
      native.fork(request.file, args, env, request.cwd, request.cols, request.rows, -1, -1, true, '', onExit),
    );
  } catch (cause) {
    throw new TermError('PTY_HOST_UNAVAILABLE', 'The kernel gave no PTY or no process.', { cause });
  }
}

function openSlave(path: string): number {
  return openSync(path, constants.O_RDWR | constants.O_NOCTTY);
}

function openStream(fd: number, output: (bytes: Buffer) => void): ReadStream {
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

/** False when there is no such process or group. */
function kill(id: number, signal: number): boolean {
  try {
    return process.kill(id, signal);
  } catch (error) {
    if (errnoName(error) === 'ESRCH') return false;
    throw error;
  }
}

function raiseOomScore(pid: number): void {
  try {
    const own = Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(Math.min(1000, own + SHELL_OOM_SCORE)));
  } catch {
    // The leader may be gone already, or /proc hidden; then the kernel decides as it does without us.
  }
}

function isBusy(error: unknown): boolean {
  const code = errnoName(error);
  return code === 'EAGAIN' || code === 'EINTR';
}
