import type { WindowSize } from '@triterm/core/domain';
import type { ExitStatus } from '@triterm/core/protocol';
import type { LogShare } from './log-budget.ts';

/** Limits of one log; tests make them small. */
export interface LogLimits {
  /** A segment's size, and the first one's: an idle session should cost next to nothing. */
  readonly segmentBytes: number;
  readonly firstSegmentBytes: number;
  /** Above this a log does not grow, whatever the budget allows. */
  readonly maxBytes: number;
  /** Bytes that nobody needs are kept up to this size, for clients that come back from an older offset. */
  readonly retainBytes: number;
  /** Resize records that a log holds at most. */
  readonly maxResizes: number;
}

export const LOG_LIMITS: LogLimits = {
  segmentBytes: 64 * 1024,
  firstSegmentBytes: 16 * 1024,
  maxBytes: 64 * 1024 * 1024,
  retainBytes: 256 * 1024,
  maxResizes: 4096,
};

/** Something that happened between two bytes of the stream. `seq` orders marks at the same offset. */
export type LogMark =
  | ({ readonly kind: 'resize'; readonly sizeGeneration: number } & WindowSize & MarkPlace)
  | ({ readonly kind: 'exit'; readonly status: ExitStatus } & MarkPlace)
  | ({ readonly kind: 'eof' } & MarkPlace);
interface MarkPlace {
  readonly seq: number;
  readonly offset: number;
}
type ResizeMark = Extract<LogMark, { kind: 'resize' }>;

export type LogItem =
  /** A view: segments are only ever appended to, so the bytes never change. */
  | { readonly kind: 'bytes'; readonly offset: number; readonly bytes: Buffer }
  /** The log was overwritten; these bytes are gone. */
  | { readonly kind: 'gap'; readonly from: number; readonly to: number }
  | LogMark;

/** A reader's place. */
export interface LogCursor {
  offset: number;
  /** The last mark that was read. */
  seq: number;
  /** Resizes up to this generation are left out. */
  sizeGeneration: number;
}

export interface HeldCheckpoint {
  readonly offset: number;
  readonly sizeGeneration: number;
  readonly bytes: Buffer;
}

interface Segment {
  readonly start: number;
  readonly bytes: Buffer;
  usedBytes: number;
}

/**
 * What a session's program wrote, by stream offset, with resizes, exit and eof in their places. A byte may be dropped only
 * when it lies before the checkpoint, before the floor and before what the reader has yet to be sent; the one
 * exception is `overwriteOldest`, which leaves a gap.
 */
export class SessionLog {
  readonly #share: LogShare;
  readonly #limits: LogLimits;
  readonly #segments: Segment[] = [];
  #marks: LogMark[] = [];
  /** The last resize among those that were dropped with their bytes. */
  #droppedResize: ResizeMark | undefined;
  #start = 0;
  #end = 0;
  #seq = 0;
  #checkpoint: HeldCheckpoint | undefined;
  /** Bytes from there on are kept; null: the checkpoint alone decides. */
  #floor: number | null = null;
  /** The subscription that has yet to be sent what lies beyond its offset. */
  reader: LogCursor | undefined;

  constructor(share: LogShare, limits: LogLimits = LOG_LIMITS) {
    this.#share = share;
    this.#limits = limits;
  }

  /** The log holds the bytes from here … */
  get start(): number {
    return this.#start;
  }

  /** … to here. */
  get end(): number {
    return this.#end;
  }

  get floor(): number | null {
    return this.#floor;
  }

  get checkpoint(): HeldCheckpoint | undefined {
    return this.#checkpoint;
  }

  append(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0) {
      const tail = this.#tail();
      const taken = Math.min(rest.length, tail.bytes.length - tail.usedBytes);
      tail.bytes.set(rest.subarray(0, taken), tail.usedBytes);
      tail.usedBytes += taken;
      this.#end += taken;
      rest = rest.subarray(taken);
    }
  }

  /** The segment to append to. Takes memory even beyond the limits: what was read must be kept. */
  #tail(): Segment {
    const last = this.#segments.at(-1);
    if (last !== undefined && last.usedBytes < last.bytes.length) return last;
    const size = last === undefined ? this.#limits.firstSegmentBytes : this.#limits.segmentBytes;
    const segment = { start: this.#end, bytes: Buffer.allocUnsafeSlow(size), usedBytes: 0 };
    this.#share.grow(size);
    this.#segments.push(segment);
    this.#trim(this.#limits.retainBytes);
    return segment;
  }

  /** Whether there is room for this many bytes within the limits, if need be by dropping what nobody needs. */
  hasRoom(bytes: number): boolean {
    if (this.#fits(bytes)) return true;
    this.#trim(0);
    return this.#fits(bytes);
  }

  #fits(bytes: number): boolean {
    // Beyond the limits, where an exit or a resize may bring it, what the last segment has left does not count.
    if (this.#share.heldBytes > this.#limits.maxBytes || !this.#share.canGrow(0)) return false;
    const last = this.#segments.at(-1);
    return (last !== undefined && last.bytes.length - last.usedBytes >= bytes) || this.#canGrow();
  }

  #canGrow(): boolean {
    const size = this.#segments.length === 0 ? this.#limits.firstSegmentBytes : this.#limits.segmentBytes;
    return this.#share.heldBytes + size <= this.#limits.maxBytes && this.#share.canGrow(size);
  }

  /** False when too many resizes are held: then it must not be applied either. */
  addResize(size: WindowSize, sizeGeneration: number): boolean {
    if (this.#marks.length >= this.#limits.maxResizes) this.#raiseStart();
    if (this.#marks.length >= this.#limits.maxResizes) return false;
    this.#addMark({ kind: 'resize', cols: size.cols, rows: size.rows, sizeGeneration, ...this.#here() });
    return true;
  }

  addExit(status: ExitStatus): void {
    this.#addMark({ kind: 'exit', status, ...this.#here() });
  }

  addEof(): void {
    this.#addMark({ kind: 'eof', ...this.#here() });
  }

  #here(): MarkPlace {
    this.#seq += 1;
    return { seq: this.#seq, offset: this.#end };
  }

  #addMark(mark: LogMark): void {
    this.#marks.push(mark);
  }

  /** Takes a checkpoint unless a later one is held. */
  setCheckpoint(checkpoint: HeldCheckpoint): void {
    if (checkpoint.offset > this.#end || checkpoint.offset < (this.#checkpoint?.offset ?? 0)) return;
    this.#checkpoint = checkpoint;
    this.#trim(this.#limits.retainBytes);
  }

  setFloor(floor: number | null): void {
    this.#floor = floor;
    this.#trim(this.#limits.retainBytes);
  }

  /** Whether a reader may begin here: the byte is held, or was overwritten and comes as a gap. */
  holds(offset: number): boolean {
    return offset <= this.#end && (offset >= this.#start || offset >= (this.#checkpoint?.offset ?? 0));
  }

  /** The next thing after the cursor, which moves past it. Bytes end at `through` and at a segment's end. */
  next(cursor: LogCursor, through: number, maxBytes: number): LogItem | undefined {
    if (cursor.offset < this.#start) {
      const gap = { kind: 'gap', from: cursor.offset, to: this.#start } as const;
      cursor.offset = this.#start;
      return gap;
    }
    const mark = this.#nextMark(cursor);
    if (mark !== undefined && mark.offset <= cursor.offset) {
      cursor.seq = mark.seq;
      if (mark.kind !== 'resize') return mark;
      cursor.sizeGeneration = mark.sizeGeneration;
      return { ...mark, offset: cursor.offset };
    }
    const end = Math.min(through, this.#end, mark?.offset ?? this.#end, cursor.offset + maxBytes);
    if (end <= cursor.offset) return undefined;
    const segment = this.#segmentAt(cursor.offset);
    if (segment === undefined) return undefined;
    const from = cursor.offset - segment.start;
    const bytes = segment.bytes.subarray(from, Math.min(segment.usedBytes, end - segment.start));
    const item = { kind: 'bytes', offset: cursor.offset, bytes } as const;
    cursor.offset += bytes.length;
    return item;
  }

  #nextMark(cursor: LogCursor): LogMark | undefined {
    const isNew = (mark: LogMark): boolean =>
      mark.seq > cursor.seq && (mark.kind !== 'resize' || mark.sizeGeneration > cursor.sizeGeneration);
    const dropped = this.#droppedResize;
    const heldFrom = firstIndex(this.#marks, mark => mark.seq > cursor.seq);
    for (let index = heldFrom; index < this.#marks.length; index += 1) {
      const held = this.#marks[index];
      if (held === undefined || !isNew(held)) continue;
      // An exit is never dropped: it may stand before the resize that was.
      return dropped !== undefined && isNew(dropped) && dropped.seq < held.seq ? dropped : held;
    }
    return dropped !== undefined && isNew(dropped) ? dropped : undefined;
  }

  #segmentAt(offset: number): Segment | undefined {
    const after = firstIndex(this.#segments, segment => segment.start > offset);
    return this.#segments[after - 1];
  }

  /** Drops the oldest segment though somebody may need it. False when a floor forbids it or there is but one. */
  overwriteOldest(): boolean {
    const [oldest] = this.#segments;
    if (oldest === undefined || this.#segments.length < 2) return false;
    if (this.#floor !== null && oldest.start + oldest.usedBytes > this.#floor) return false;
    this.#dropOldest(oldest);
    return true;
  }

  close(): void {
    this.#segments.length = 0;
    this.#marks = [];
    this.#checkpoint = undefined;
    this.#start = this.#end;
    this.#share.close();
  }

  /** Bytes before this one are needed by nobody. */
  #trimLimit(): number {
    return Math.min(
      this.#checkpoint?.offset ?? 0,
      this.#floor ?? Number.POSITIVE_INFINITY,
      this.reader?.offset ?? Number.POSITIVE_INFINITY,
    );
  }

  /** Drops whole segments that nobody needs, down to `retainBytes`. */
  #trim(retainBytes: number): void {
    const limit = this.#trimLimit();
    for (;;) {
      const [oldest, following] = this.#segments;
      if (oldest === undefined || following === undefined || following.start > limit) return;
      if (this.#share.heldBytes - oldest.bytes.length < retainBytes) return;
      this.#dropOldest(oldest);
    }
  }

  #dropOldest(oldest: Segment): void {
    this.#segments.shift();
    this.#start = Math.max(this.#start, oldest.start + oldest.usedBytes);
    this.#dropMarks();
    this.#share.shrink(oldest.bytes.length);
  }

  /** Gives up old bytes without freeing them, so that the resizes among them can go. */
  #raiseStart(): void {
    this.#start = Math.max(this.#start, this.#trimLimit());
    this.#dropMarks();
  }

  /** Drops the resizes before the start, and those at the start that the checkpoint knows; the last is remembered. */
  #dropMarks(): void {
    const known = this.#checkpoint?.sizeGeneration ?? -1;
    const isOld = (mark: LogMark): mark is ResizeMark =>
      mark.kind === 'resize' &&
      (mark.offset < this.#start || (mark.offset === this.#start && mark.sizeGeneration <= known));
    this.#droppedResize = this.#marks.findLast(isOld) ?? this.#droppedResize;
    this.#marks = this.#marks.filter(mark => !isOld(mark));
  }
}

/** Index of the first item that `isBeyond` holds for, in a list where it then holds for all that follow. */
function firstIndex<T>(items: readonly T[], isBeyond: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = items[middle];
    if (item !== undefined && isBeyond(item)) high = middle;
    else low = middle + 1;
  }
  return low;
}
