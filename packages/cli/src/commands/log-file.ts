import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as pause } from 'node:timers/promises';
import { errnoName, TermError } from '@triterm/core/errors';
import { parseLogRecord } from '@triterm/core/terminal';
import { toJson } from '../output/printer.ts';

const CHUNK_BYTES = 64 * 1024;
/** The most of a log's end that is read to find its last lines. */
const MAX_TAIL_BYTES = 16 * 1024 * 1024;
/** Looked at by the clock: watches of the kernel are few, and there are none on network file systems. */
const POLL_MS = 200;

/**
 * The last lines of a log, those of its rotated files (`PATH.1`, …) included, and how long it is itself. Throws DAEMON_UNREACHABLE
 * when there is none.
 */
export function readLastLines(path: string, count: number): { lines: string[]; endBytes: number } {
  const { lines, endBytes } = readTail(openLog(path));
  let roomBytes = MAX_TAIL_BYTES - endBytes;
  for (let number = 1; lines.length < count && roomBytes > 0; number += 1) {
    const rotated = `${path}.${number}`;
    if (!existsSync(rotated)) break;
    const older = readTail(openLog(rotated), roomBytes);
    lines.unshift(...older.lines);
    roomBytes -= older.endBytes;
  }
  return { lines: count === 0 ? [] : lines.slice(-count), endBytes };
}

/** Closes the file. A line that began before what is read of it is left out. */
function readTail(fd: number, bytes = MAX_TAIL_BYTES): { lines: string[]; endBytes: number } {
  try {
    const endBytes = fstatSync(fd).size;
    const from = Math.max(0, endBytes - bytes);
    const lines = readRange(fd, from, endBytes).toString('utf8').split('\n');
    if (from > 0) lines.shift();
    if (lines.at(-1) === '') lines.pop();
    return { lines, endBytes };
  } finally {
    closeSync(fd);
  }
}

/**
 * Calls `print` for every line that is added beyond `fromBytes`, until `signal` aborts. When the log is rotated, its last
 * lines are read before the new one's first; a log that was truncated is read from its beginning.
 */
export async function followLog(
  path: string,
  fromBytes: number,
  print: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  let reader = new LineReader(openLog(path), fromBytes, print);
  try {
    while (signal?.aborted !== true) {
      const found = statSync(path, { throwIfNoEntry: false });
      // After the look: to a file that had been rotated away by then, nothing is added any more.
      reader.readOn();
      if (found === undefined || found.ino === reader.inode) {
        await pause(POLL_MS, undefined, signal === undefined ? {} : { signal }).catch(() => {});
      } else {
        reader.close();
        reader = new LineReader(openLog(path), 0, print);
      }
    }
  } finally {
    reader.close();
  }
}

/** Reads whole lines from an open file, as far as they are there. */
class LineReader {
  readonly inode: number;
  readonly #fd: number;
  readonly #print: (line: string) => void;
  #at: number;
  #decoder = new StringDecoder('utf8');
  #partial = '';

  constructor(fd: number, fromBytes: number, print: (line: string) => void) {
    this.#fd = fd;
    this.#at = fromBytes;
    this.#print = print;
    this.inode = fstatSync(fd).ino;
  }

  readOn(): void {
    const { size } = fstatSync(this.#fd);
    if (size < this.#at) {
      this.#at = 0;
      this.#decoder = new StringDecoder('utf8');
      this.#partial = '';
    }
    while (this.#at < size) {
      const bytes = readRange(this.#fd, this.#at, Math.min(size, this.#at + CHUNK_BYTES));
      if (bytes.length === 0) return;
      this.#at += bytes.length;
      const lines = (this.#partial + this.#decoder.write(bytes)).split('\n');
      this.#partial = lines.pop() ?? '';
      for (const line of lines) this.#print(line);
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/**
 * A record of the log, whatever it holds, without what steers a terminal; any other line, such as Node's own report of a crash, as
 * a record with `msg` alone.
 */
export function jsonLogLine(line: string): string {
  return toJson(parseLogRecord(line) ?? { msg: line }, false);
}

function readRange(fd: number, from: number, to: number): Buffer {
  const bytes = Buffer.alloc(to - from);
  return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, from));
}

function openLog(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    if (errnoName(cause) === 'ENOENT')
      throw new TermError('DAEMON_UNREACHABLE', `There is no log yet: ${path}`, { cause });
    throw TermError.from(cause, 'PERMISSION_DENIED');
  }
}
