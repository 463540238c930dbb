import { closeSync, constants, fstatSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { errnoName } from '@triterm/core/errors';

export interface LogFileLimits {
  /** Before a file would be larger, a new one is begun. */
  readonly maxBytes: number;
  /** `<file>` and its predecessors `<file>.1`, `<file>.2` and so on, the youngest first. */
  readonly files: number;
}

/** In UTF-16 units. A line is cut here, so that one can't fill the file. */
const MAX_LINE_LENGTH = 64 * 1024;
/** After a failed write the next lines are dropped for this time, so that a full disk costs one try a second. */
const RETRY_MS = 1000;

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;

/**
 * A log file, mode 0600, and those before it, bounded in number and size. Lines are written at once, so that the last words of a
 * dying process are there. Never throws: what can't be written is dropped, and counted in the next line that can be.
 */
export class LogFile {
  readonly #path: string;
  readonly #nowMs: () => number;
  #limits: LogFileLimits;
  #fd: number | undefined;
  #bytes = 0;
  #dropped = 0;
  /** The file ends within a line, because the disk was full in the middle of it. */
  #torn = false;
  #retryAtMs = Number.NEGATIVE_INFINITY;

  constructor(path: string, limits: LogFileLimits, nowMs = () => performance.now()) {
    this.#path = path;
    this.#limits = limits;
    this.#nowMs = nowMs;
  }

  /** Lines that could not be written since the last one that was. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Holds from the next line on; files that are too many go when the next one is begun. */
  setLimits(limits: LogFileLimits): void {
    this.#limits = limits;
  }

  write(line: string): void {
    if (this.#nowMs() < this.#retryAtMs) {
      this.#dropped += 1;
      return;
    }
    try {
      const notice = this.#dropped === 0 ? '' : dropNotice(this.#dropped);
      this.#append(Buffer.from((this.#torn ? '\n' : '') + notice + bounded(line)));
      this.#dropped = 0;
    } catch {
      this.#dropped += 1;
      this.#retryAtMs = this.#nowMs() + RETRY_MS;
      this.close();
    }
  }

  close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd === undefined) return;
    try {
      closeSync(fd);
    } catch {
      // A delayed write error; the lines are lost either way.
    }
  }

  #append(bytes: Buffer): void {
    if (this.#fd !== undefined && this.#bytes + bytes.length > this.#limits.maxBytes) this.#rotate();
    const fd = this.#fd ?? this.#open();
    let written = 0;
    while (written < bytes.length) {
      written += writeSync(fd, bytes, written);
      this.#torn = written < bytes.length;
    }
    this.#bytes += bytes.length;
  }

  #open(): number {
    this.#fd = openSync(this.#path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
    this.#bytes = fstatSync(this.#fd).size;
    if (this.#bytes >= this.#limits.maxBytes) this.#rotate();
    return this.#fd;
  }

  #rotate(): void {
    this.close();
    const oldest = this.#limits.files - 1;
    // The oldest, and those that a higher number of files has left.
    for (let age = oldest; wasThere(() => unlinkSync(this.#name(age))); age += 1);
    for (let age = oldest; age > 0; age -= 1)
      wasThere(() => renameSync(this.#name(age - 1), this.#name(age)));
    this.#open();
  }

  #name(age: number): string {
    return age === 0 ? this.#path : `${this.#path}.${age}`;
  }
}

function wasThere(change: () => void): boolean {
  try {
    change();
    return true;
  } catch (thrown) {
    if (errnoName(thrown) === 'ENOENT') return false;
    throw thrown;
  }
}

function bounded(line: string): string {
  return line.length <= MAX_LINE_LENGTH ? line : `${line.slice(0, MAX_LINE_LENGTH)}\n`;
}

function dropNotice(lines: number): string {
  const fields = { level: 'warn', time: new Date().toISOString(), dropped: lines };
  return `${JSON.stringify({ ...fields, msg: 'lines could not be written to the log and were dropped' })}\n`;
}
