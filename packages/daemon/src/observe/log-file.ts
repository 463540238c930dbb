import { closeSync, constants, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

/** `<file>` and its predecessors `<file>.1` and `<file>.2`. */
const FILES = 3;
const MAX_FILE_BYTES = 10 * 1024 * 1024;
/** In UTF-16 units. A line is cut here, so that one can't fill the file. */
const MAX_LINE_LENGTH = 64 * 1024;
/** After a failed write the next lines are dropped for this time, so that a full disk costs one try a second. */
const RETRY_MS = 1000;

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;

/**
 * A log file, mode 0600, bounded to three files of 10 MB. Lines are written at once, so that the last words of a dying
 * process are there. Never throws: what can't be written is dropped, and counted in the next line that can be.
 */
export class LogFile {
  readonly #path: string;
  readonly #maxFileBytes: number;
  readonly #nowMs: () => number;
  #fd: number | undefined;
  #bytes = 0;
  #dropped = 0;
  /** The file ends within a line, because the disk was full in the middle of it. */
  #torn = false;
  #retryAtMs = Number.NEGATIVE_INFINITY;

  constructor(path: string, maxFileBytes = MAX_FILE_BYTES, nowMs = () => performance.now()) {
    this.#path = path;
    this.#maxFileBytes = maxFileBytes;
    this.#nowMs = nowMs;
  }

  /** Lines that could not be written since the last one that was. */
  get dropped(): number {
    return this.#dropped;
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
    if (this.#fd !== undefined && this.#bytes + bytes.length > this.#maxFileBytes) this.#rotate();
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
    if (this.#bytes >= this.#maxFileBytes) this.#rotate();
    return this.#fd;
  }

  #rotate(): void {
    this.close();
    for (let age = FILES - 1; age > 0; age -= 1) {
      try {
        renameSync(age === 1 ? this.#path : `${this.#path}.${age - 1}`, `${this.#path}.${age}`);
      } catch (error) {
        const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
        if (!missing) throw error;
      }
    }
    this.#open();
  }
}

function bounded(line: string): string {
  return line.length <= MAX_LINE_LENGTH ? line : `${line.slice(0, MAX_LINE_LENGTH)}\n`;
}

function dropNotice(lines: number): string {
  const fields = { level: 'warn', time: new Date().toISOString(), dropped: lines };
  return `${JSON.stringify({ ...fields, msg: 'lines could not be written to the log and were dropped' })}\n`;
}
