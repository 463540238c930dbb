import { TermError } from '@triterm/core/errors';
import { decodeBatch, encodeBatch, intoBatches } from './batch-format.ts';
import { type Place, type Segment, SegmentFiles } from './segment-files.ts';

export interface HistoryOptions {
  /** Directory for the segments, or null to keep them in memory. */
  readonly dir: string | null;
  /** Lines that are kept at most. */
  readonly keepLines: number;
  /** Bytes that they may have, packed, on disk and in memory together; no bound when not given. The oldest segments go first. */
  readonly keepBytes?: number;
  /** Packed lines from this number on are discarded: they will come again. */
  readonly packedBelow: number;
  /** Lines before this number were erased. */
  readonly floor: number;
  /** Told once when the directory stops working. */
  trouble(message: string): void;
}

export interface NumberedLine {
  readonly number: number;
  readonly text: string;
}

export interface PackedLines {
  readonly first: number;
  readonly lines: readonly string[];
}

/** A batch in the index: in a file, or in memory. */
interface Entry {
  readonly first: number;
  readonly count: number;
  readonly at: Place | Buffer;
}

/** Packed lines in memory, a session: by configuration, or while the disk does not work. The oldest go first. */
const MEMORY_BYTES = 16 * 1024 * 1024;
/** How long the memory is used after the directory failed before it is tried again. */
const RETRY_MS = 30_000;
/** Segments hold a share of what is kept, so that the oldest lines can be deleted with their file. */
const SEGMENTS_KEPT = 4;
const MIN_SEGMENT_LINES = 1000;
/** A segment that is as large gets no further batch. */
const SEGMENT_BYTES = 1024 * 1024;

/**
 * The packed scrollback of one session. Logical lines have permanent numbers; `end` is the next one. The directory is neither
 * read before a line is asked for nor changed before one is added.
 */
export class History {
  readonly #options: HistoryOptions;
  readonly #files: SegmentFiles | undefined;
  #end: number;
  #floor: number;
  /** Oldest first, without overlap; undefined until needed. */
  #index: Entry[] | undefined;
  /** What the directory holds beyond `packedBelow`, until the first append removes it. */
  #stale: Place[] = [];
  /** Segments whose lines were erased, until `settle`. */
  #erased: Segment[] = [];
  #memoryBytes = 0;
  #failedAtMs: number | undefined;

  constructor(options: HistoryOptions) {
    this.#options = options;
    this.#end = options.packedBelow;
    this.#floor = Math.min(options.floor, options.packedBelow);
    this.#files = options.dir === null ? undefined : new SegmentFiles(options.dir);
  }

  /** Number of the next line that will be packed. */
  get end(): number {
    return this.#end;
  }

  get floor(): number {
    return this.#floor;
  }

  /** Adds lines; they get the next numbers. Never throws: without a working directory they stay in memory. */
  append(lines: readonly string[]): void {
    if (this.#options.keepLines === 0) {
      this.#end += lines.length;
      return;
    }
    const kept = Math.max(0, lines.length - this.#options.keepLines);
    this.#end += kept;
    for (const batch of intoBatches(kept === 0 ? lines : lines.slice(kept))) {
      this.#add(this.#end, batch.length, encodeBatch(this.#end, batch));
      this.#end += batch.length;
    }
    this.#dropOldest();
  }

  /** Lines that would have got the next numbers were not kept: there are more than enough after them. */
  skip(lines: number): void {
    if (lines === 0) return;
    this.#end += lines;
    this.#dropOldest();
  }

  /** Packed lines from `from` on and below `before`, the newest first; each batch is unpacked when one of its lines is asked for. */
  *newestFirst(from: number, before: number): Generator<NumberedLine> {
    const lowest = Math.max(from, this.#floor);
    const index = lowest < Math.min(this.#end, before) ? this.#entries() : [];
    for (let at = index.length - 1; at >= 0; at -= 1) {
      const entry = index[at];
      if (entry === undefined || entry.first + entry.count <= lowest) return;
      if (entry.first >= before) continue;
      const unpacked = this.#unpack(entry);
      const last = Math.min(unpacked.length, before - entry.first) - 1;
      for (let line = last; line >= 0 && entry.first + line >= lowest; line -= 1)
        yield { number: entry.first + line, text: unpacked[line] ?? '' };
    }
  }

  /** Every packed batch from this line on, as it is now, oldest first; what is deleted meanwhile is left out. */
  batches(from: number): Iterable<PackedLines> {
    const entries = this.#end > from ? this.#entries().filter(entry => entry.first + entry.count > from) : [];
    return this.#unpackAll(entries, Math.max(from, this.#floor));
  }

  /**
   * The terminal erased its scrollback: every packed line is gone, and `unpacked` lines that would have got the next numbers. The
   * files go with `settle`.
   */
  erase(unpacked = 0): void {
    if (this.#files !== undefined) {
      this.#entries();
      this.#erased.push(...this.#files.retire());
    }
    this.#end += unpacked;
    this.#floor = this.#end;
    this.#index = [];
    this.#stale = [];
    this.#memoryBytes = 0;
  }

  /** Resolves when every line so far is on the disk, or the disk does not work. */
  async sync(): Promise<void> {
    try {
      await this.#files?.sync();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Deletes what was erased, after a checkpoint that says so. */
  settle(): void {
    for (const segment of this.#erased.splice(0)) this.#quietly(() => this.#files?.remove(segment));
  }

  /** Erases everything, on disk at once. */
  discard(): void {
    this.erase();
    this.settle();
  }

  close(): void {
    this.#files?.close();
  }

  #add(first: number, count: number, bytes: Buffer): void {
    const index = this.#entries();
    const place = this.#store(first, count, bytes);
    if (place === undefined) this.#memoryBytes += bytes.length;
    index.push({ first, count, at: place ?? bytes });
  }

  /** Undefined when it has to stay in memory. */
  #store(first: number, count: number, bytes: Buffer): Place | undefined {
    const files = this.#files;
    if (files === undefined) return undefined;
    if (this.#failedAtMs !== undefined && performance.now() - this.#failedAtMs < RETRY_MS) return undefined;
    try {
      this.#removeStale(files);
      this.#storeMemory(files);
      const place = files.append(first, count, bytes, this.#segmentBounds);
      this.#failedAtMs = undefined;
      return place;
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  /** The directory works again: what waited in memory goes first. */
  #storeMemory(files: SegmentFiles): void {
    const index = this.#entries();
    for (const [at, entry] of index.entries()) {
      if (!Buffer.isBuffer(entry.at)) continue;
      const place = files.append(entry.first, entry.count, entry.at, this.#segmentBounds);
      this.#memoryBytes -= entry.at.length;
      index[at] = { ...entry, at: place };
    }
  }

  #removeStale(files: SegmentFiles): void {
    for (let place = this.#stale.at(-1); place !== undefined; place = this.#stale.at(-1)) {
      files.cut(place);
      this.#stale.pop();
    }
  }

  get #keepBytes(): number {
    return this.#options.keepBytes ?? Number.POSITIVE_INFINITY;
  }

  get #segmentBounds(): { lines: number; bytes: number } {
    return {
      lines: Math.max(MIN_SEGMENT_LINES, Math.ceil(this.#options.keepLines / SEGMENTS_KEPT)),
      bytes: Math.min(SEGMENT_BYTES, this.#keepBytes / SEGMENTS_KEPT),
    };
  }

  #dropOldest(): void {
    const index = this.#entries();
    const oldest = this.#end - this.#options.keepLines;
    let dropped = 0;
    for (const entry of index) {
      if (entry.first + entry.count > oldest) break;
      if (Buffer.isBuffer(entry.at)) this.#memoryBytes -= entry.at.length;
      dropped += 1;
    }
    index.splice(0, dropped);
    this.#boundMemory(index);
    const isOver = this.#boundBytes(index);
    if (dropped > 0 || isOver) this.#removeUnused(index);
  }

  /** Whole segments: only with the last of its lines a file goes. Whether there was too much. */
  #boundBytes(index: Entry[]): boolean {
    const segments = [...(this.#files?.segments ?? [])];
    let bytes = this.#memoryBytes + segments.reduce((sum, segment) => sum + segment.bytes, 0);
    if (bytes <= this.#keepBytes) return false;
    while (bytes > this.#keepBytes && index.length > 1) {
      const oldest = index.shift();
      if (oldest === undefined) break;
      if (Buffer.isBuffer(oldest.at)) {
        this.#memoryBytes -= oldest.at.length;
        bytes -= oldest.at.length;
        continue;
      }
      const { segment } = oldest.at;
      const isOfSegment = ({ at }: Entry) => !Buffer.isBuffer(at) && at.segment === segment;
      while (index[0] !== undefined && isOfSegment(index[0])) index.shift();
      bytes -= segment.bytes;
    }
    return true;
  }

  #boundMemory(index: Entry[]): void {
    while (this.#memoryBytes > Math.min(MEMORY_BYTES, this.#keepBytes)) {
      const at = index.findIndex(entry => Buffer.isBuffer(entry.at));
      const [entry] = at < 0 ? [] : index.splice(at, 1);
      if (entry === undefined || !Buffer.isBuffer(entry.at)) return;
      this.#memoryBytes -= entry.at.length;
    }
  }

  /** Deletes the oldest segments that hold no line of the index. */
  #removeUnused(index: readonly Entry[]): void {
    const files = this.#files;
    if (files === undefined) return;
    const used = new Set(index.map(entry => (Buffer.isBuffer(entry.at) ? undefined : entry.at.segment)));
    for (const segment of [...files.segments]) {
      if (used.has(segment)) break;
      this.#quietly(() => files.remove(segment));
    }
  }

  #entries(): Entry[] {
    this.#index ??= this.#load();
    return this.#index;
  }

  #load(): Entry[] {
    if (this.#files === undefined) return [];
    const sound: Entry[] = [];
    try {
      for (const batch of this.#files.load()) {
        const end = batch.first + batch.count;
        if (end <= this.#floor) continue;
        const last = sound.at(-1);
        const follows = last === undefined || batch.first >= last.first + last.count;
        if (this.#stale.length === 0 && follows && end <= this.#end)
          sound.push({ ...batch, at: batch.place });
        else this.#stale.push(batch.place);
      }
    } catch (error) {
      this.#failed(error);
    }
    return sound;
  }

  #unpack(entry: Entry): readonly string[] {
    if (Buffer.isBuffer(entry.at)) return decodeBatch(entry.at) ?? [];
    try {
      return (this.#files === undefined ? undefined : decodeBatch(this.#files.read(entry.at))) ?? [];
    } catch {
      return [];
    }
  }

  *#unpackAll(entries: readonly Entry[], from: number): Generator<PackedLines> {
    for (const entry of entries) {
      const lines = this.#unpack(entry);
      const skipped = Math.max(0, from - entry.first);
      if (lines.length > skipped) yield { first: entry.first + skipped, lines: lines.slice(skipped) };
    }
  }

  #failed(error: unknown): void {
    const isFirst = this.#failedAtMs === undefined;
    this.#failedAtMs = performance.now();
    if (!isFirst) return;
    const { message } = TermError.from(error);
    this.#options.trouble(`Scrollback can't be kept on disk and stays in memory: ${message}`);
  }

  /** What can't be deleted is tried again when its number comes up at the next start. */
  #quietly(remove: () => void): void {
    try {
      remove();
    } catch (error) {
      this.#failed(error);
    }
  }
}
