import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TermError } from '@triterm/core/errors';
import { BATCH_HEADER_BYTES, decodeBatch, decodeBatchHeader } from './batch-format.ts';

/** An append-only file of batches, named by its first line. */
export interface Segment {
  readonly path: string;
  readonly first: number;
  lines: number;
  bytes: number;
}

/** Where a batch stands. */
export interface Place {
  readonly segment: Segment;
  readonly offset: number;
  readonly bytes: number;
}

export interface StoredBatch {
  readonly first: number;
  readonly count: number;
  readonly place: Place;
}

const NAME = /^(\d{16})\.lines$/;
/** Files that wait for the disk. More are brought there at once: each costs a descriptor. */
const MAX_UNSYNCED = 8;

const syncData = promisify(fdatasync);
const syncAll = promisify(fsync);

/**
 * The segments of one session in one directory (0700, files 0600, no link is followed). Synchronous but for `sync`; every
 * method may throw what the file system throws.
 */
export class SegmentFiles {
  readonly #dir: string;
  #segments: Segment[] = [];
  #writer: { readonly segment: Segment; readonly fd: number } | undefined;
  /** Descriptors of full segments whose content may not be on the disk yet. */
  #unsynced: number[] = [];
  #directoryChanged = false;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Every sound batch, oldest first. What follows a damaged place in a segment is left out. */
  load(): StoredBatch[] {
    const batches: StoredBatch[] = [];
    this.#segments = [];
    for (const name of this.#names()) {
      const segment = {
        path: join(this.#dir, name),
        first: Number(NAME.exec(name)?.[1]),
        lines: 0,
        bytes: 0,
      };
      this.#segments.push(segment);
      try {
        batches.push(...readSegment(segment));
      } catch {
        // Unreadable: its lines are missing, and a write to it will tell why.
      }
    }
    return batches;
  }

  /** Adds a batch at the end. Starts another segment when the last has as many lines or bytes as `full` says. */
  append(first: number, count: number, bytes: Buffer, full: { lines: number; bytes: number }): Place {
    const writer = this.#writerFor(first, full);
    const { segment, fd } = writer;
    const offset = segment.bytes;
    try {
      for (let done = 0; done < bytes.length; )
        done += writeSync(fd, bytes, done, bytes.length - done, offset + done);
    } catch (error) {
      this.#abandon(writer);
      throw error;
    }
    segment.bytes += bytes.length;
    segment.lines += count;
    return { segment, offset, bytes: bytes.length };
  }

  read(place: Place): Buffer {
    const fd = openSync(place.segment.path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      return readAt(fd, place.offset, place.bytes);
    } finally {
      closeSync(fd);
    }
  }

  /** Cuts a segment before this place; the segment vanishes when nothing is left of it. Later segments stay. */
  cut(place: Place): void {
    const { segment, offset } = place;
    this.#release(segment);
    if (offset === 0) {
      this.remove(segment);
      return;
    }
    const fd = openSync(segment.path, constants.O_RDWR | constants.O_NOFOLLOW);
    try {
      ftruncateSync(fd, offset);
    } finally {
      closeSync(fd);
    }
    segment.bytes = offset;
  }

  remove(segment: Segment): void {
    this.#release(segment);
    this.#segments = this.#segments.filter(other => other !== segment);
    // A retired one may have been replaced by another that begins with the same line.
    if (this.#segments.every(other => other.path !== segment.path)) rmSync(segment.path, { force: true });
  }

  /** From the oldest on. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** Gives up every segment: the files stay until `remove`, the next batch begins another. */
  retire(): readonly Segment[] {
    const segments = this.#segments;
    for (const segment of segments) this.#release(segment);
    this.#segments = [];
    return segments;
  }

  /** Resolves when everything appended so far is on the disk. */
  async sync(): Promise<void> {
    const fds = this.#unsynced;
    if (this.#writer !== undefined) fds.push(this.#writer.fd);
    this.#writer = undefined;
    this.#unsynced = [];
    const directoryChanged = this.#directoryChanged;
    this.#directoryChanged = false;
    try {
      for (const fd of fds) await syncData(fd);
      if (directoryChanged) await this.#syncDirectory();
    } finally {
      for (const fd of fds) closeSync(fd);
    }
  }

  close(): void {
    for (const fd of this.#unsynced.splice(0)) closeSync(fd);
    if (this.#writer !== undefined) closeSync(this.#writer.fd);
    this.#writer = undefined;
  }

  #names(): string[] {
    try {
      return readdirSync(this.#dir)
        .filter(name => NAME.test(name))
        .sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  #writerFor(first: number, full: { lines: number; bytes: number }): { segment: Segment; fd: number } {
    const last = this.#segments.at(-1);
    const hasRoom = last !== undefined && last.bytes < full.bytes && last.lines < full.lines;
    if (this.#writer !== undefined) {
      if (hasRoom && this.#writer.segment === last) return this.#writer;
      this.#unsynced.push(this.#writer.fd);
      this.#writer = undefined;
      if (this.#unsynced.length > MAX_UNSYNCED) this.#syncNow();
    }
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    if (hasRoom) {
      const fd = openSync(last.path, O_WRONLY | O_NOFOLLOW);
      // What stands beyond was torn or belongs to a time that is made anew.
      ftruncateSync(fd, last.bytes);
      this.#writer = { segment: last, fd };
      return this.#writer;
    }
    this.#prepareDirectory();
    const path = join(this.#dir, `${String(first).padStart(16, '0')}.lines`);
    rmSync(path, { force: true });
    const fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    const segment = { path, first, lines: 0, bytes: 0 };
    this.#segments.push(segment);
    this.#directoryChanged = true;
    this.#writer = { segment, fd };
    return this.#writer;
  }

  #prepareDirectory(): void {
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    const stat = lstatSync(this.#dir);
    if (stat.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & 0o077) === 0) return;
    throw new TermError('UNSAFE_PATH', `${this.#dir} is not a directory that only its owner can enter.`);
  }

  /** After a failed write: nothing half-written stays, and the next batch opens the file anew. */
  #abandon(writer: { segment: Segment; fd: number }): void {
    this.#writer = undefined;
    try {
      ftruncateSync(writer.fd, writer.segment.bytes);
      if (writer.segment.bytes === 0) this.remove(writer.segment);
    } catch {
      // The checksums tell what is sound.
    } finally {
      closeSync(writer.fd);
    }
  }

  #syncNow(): void {
    for (const fd of this.#unsynced.splice(0)) {
      try {
        fdatasyncSync(fd);
      } finally {
        closeSync(fd);
      }
    }
  }

  #release(segment: Segment): void {
    if (this.#writer?.segment !== segment) return;
    closeSync(this.#writer.fd);
    this.#writer = undefined;
  }

  async #syncDirectory(): Promise<void> {
    const fd = openSync(this.#dir, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      await syncAll(fd);
    } finally {
      closeSync(fd);
    }
  }
}

/** The sound batches of a segment, whose `bytes` and `lines` are set to what they cover. */
function readSegment(segment: Segment): StoredBatch[] {
  const batches: StoredBatch[] = [];
  const fd = openSync(segment.path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const size = fstatSync(fd).size;
    for (let offset = 0; offset + BATCH_HEADER_BYTES <= size; ) {
      const header = decodeBatchHeader(readAt(fd, offset, BATCH_HEADER_BYTES));
      if (header === undefined) break;
      const bytes = BATCH_HEADER_BYTES + header.packedBytes;
      if (offset + bytes > size) break;
      batches.push({ first: header.first, count: header.count, place: { segment, offset, bytes } });
      offset += bytes;
    }
    // A crash can leave the right length without the content, but only at the end.
    const last = batches.at(-1);
    if (last !== undefined && decodeBatch(readAt(fd, last.place.offset, last.place.bytes)) === undefined)
      batches.pop();
  } finally {
    closeSync(fd);
  }
  const last = batches.at(-1);
  segment.bytes = last === undefined ? 0 : last.place.offset + last.place.bytes;
  segment.lines = batches.reduce((lines, batch) => lines + batch.count, 0);
  return batches;
}

function readAt(fd: number, offset: number, bytes: number): Buffer {
  const into = Buffer.allocUnsafe(bytes);
  let done = 0;
  while (done < bytes) {
    const read = readSync(fd, into, done, bytes - done, offset + done);
    if (read === 0) break;
    done += read;
  }
  return into.subarray(0, done);
}
