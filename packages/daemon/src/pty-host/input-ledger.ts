import { PASTE_BEGIN, PASTE_END, PasteScanner } from './paste-scanner.ts';

/** Bytes of one attachment that may wait for the program to read. */
export const MAX_QUEUED_BYTES = 256 * 1024;
/** Frames of one attachment that may wait. */
const MAX_QUEUED_FRAMES = 4096;
/** Answers of the terminal that may wait. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** A paste whose sender brings nothing for this long is closed as soon as somebody else has input. */
export const PASTE_TIMEOUT_MS = 1000;
/** An ESC after which its sender brings nothing for this long was a key. */
export const ESCAPE_TIMEOUT_MS = 20;
/** How long the offset of an attachment without a connection is remembered. */
export const REMEMBER_MS = 24 * 3_600_000;
/** Attachments whose offsets are remembered at most; beyond it those that left first are forgotten. */
const MAX_ATTACHMENTS = 1024;

/** Somebody whose bytes go to the program: an attachment, or the terminal that answers queries. */
interface Source {
  readonly name: string | null;
  /** Bytes that the kernel has accepted, ever. */
  applied: number;
  queuedBytes: number;
  queuedFrames: number;
  readonly paste: PasteScanner;
  /** Its paste was closed from here; its next bytes reopen it. */
  suspended: boolean;
  open: boolean;
  forget: boolean;
  closedAtMs: number;
}

interface Item {
  readonly source: Source;
  readonly bytes: Uint8Array;
  taken: number;
}

export type Offered =
  | 'queued'
  /** All of it had been taken before. */
  | 'known'
  /** Bytes before it are missing. */
  | 'gap'
  /** Too much waits already. */
  | 'full';

/**
 * Which input goes to a PTY next: each attachment's bytes once and in order, counted by byte offset; nobody's
 * frame, and nobody's bracketed paste, is split by another's. Pure: the caller writes what `next` gives and tells
 * how much of it the kernel `accepted`. Times are milliseconds of one monotonic clock.
 */
export class InputLedger {
  readonly #sources = new Map<string, Source>();
  readonly #answers = newSource(null);
  readonly #queue: Item[] = [];
  /** Markers that close or reopen a paste; they count for nobody. */
  #marker: { bytes: Uint8Array; taken: number; whenTaken: () => void } | undefined;
  /** The source inside whose paste (or half marker) the applied bytes end. */
  #holder: Source | undefined;
  #progressAtMs = 0;

  /** Opens an attachment, or opens it again. Returns how many of its bytes were applied. */
  open(attachment: string): number {
    const source = this.#sources.get(attachment) ?? newSource(attachment);
    source.open = true;
    source.forget = false;
    this.#sources.set(attachment, source);
    return source.applied;
  }

  /** `forget`: its offset is not needed again. What is queued is applied in any case. */
  close(attachment: string, forget: boolean, nowMs: number): void {
    const source = this.#sources.get(attachment);
    if (source === undefined) return;
    source.open = false;
    source.forget = forget;
    source.closedAtMs = nowMs;
    this.#dropForgotten(source);
    this.expire(nowMs);
  }

  /** Drops what has been remembered for too long, or too many of. */
  expire(nowMs: number): void {
    const closed = [...this.#sources.values()]
      .filter(source => !source.open && source.queuedFrames === 0)
      .sort((a, b) => a.closedAtMs - b.closedAtMs);
    let excess = this.#sources.size - MAX_ATTACHMENTS;
    for (const source of closed) {
      if (excess <= 0 && nowMs - source.closedAtMs < REMEMBER_MS) return;
      excess -= 1;
      source.forget = true;
      this.#dropForgotten(source);
    }
  }

  appliedOf(attachment: string): number {
    return this.#sources.get(attachment)?.applied ?? 0;
  }

  /** Takes the bytes that stand at `offset` of the attachment and were not taken before. Copies them. */
  offer(attachment: string, offset: number, bytes: Uint8Array): Offered {
    const source = this.#sources.get(attachment);
    if (source === undefined) return 'gap';
    const known = source.applied + source.queuedBytes - offset;
    if (known < 0) return 'gap';
    if (known >= bytes.length) return 'known';
    const added = bytes.subarray(known);
    if (source.queuedBytes + added.length > MAX_QUEUED_BYTES || source.queuedFrames >= MAX_QUEUED_FRAMES)
      return 'full';
    this.#enqueue(source, added);
    return 'queued';
  }

  /** Queues a terminal's answer. False when too many wait. */
  answer(bytes: Uint8Array): boolean {
    if (this.#answers.queuedBytes + bytes.length > MAX_ANSWER_BYTES) return false;
    if (bytes.length > 0) this.#enqueue(this.#answers, bytes);
    return true;
  }

  #enqueue(source: Source, bytes: Uint8Array): void {
    this.#queue.push({ source, bytes: new Uint8Array(bytes), taken: 0 });
    source.queuedBytes += bytes.length;
    source.queuedFrames += 1;
  }

  get idle(): boolean {
    return this.#queue.length === 0 && this.#marker === undefined;
  }

  /** The bytes to write next, or undefined when there are none or all of them wait for a paste to end. */
  next(nowMs: number): Uint8Array | undefined {
    const marker = this.#marker;
    if (marker !== undefined) return marker.bytes.subarray(marker.taken);
    if (this.#holder === undefined) return this.#begin(this.#queue[0]);
    const own = this.#queue.findIndex(item => item.source === this.#holder);
    if (own >= 0) {
      this.#bringForward(own);
      return this.#begin(this.#queue[0]);
    }
    if (this.#queue.length === 0 || this.waitMs(nowMs) > 0) return undefined;
    this.#suspend(this.#holder);
    return this.next(nowMs);
  }

  /** How long the bytes that wait may have to wait for an open paste; 0 when they need not. */
  waitMs(nowMs: number): number {
    if (this.#holder === undefined || this.#queue.length === 0 || this.#marker !== undefined) return 0;
    if (this.#queue.some(item => item.source === this.#holder)) return 0;
    if (this.#holder.forget) return 0;
    const { open, atEscape } = this.#holder.paste;
    const holdMs = !open && atEscape ? ESCAPE_TIMEOUT_MS : PASTE_TIMEOUT_MS;
    return Math.max(0, this.#progressAtMs + holdMs - nowMs);
  }

  #bringForward(index: number): void {
    if (index === 0) return;
    const [item] = this.#queue.splice(index, 1);
    if (item !== undefined) this.#queue.unshift(item);
  }

  #begin(item: Item | undefined): Uint8Array | undefined {
    if (item === undefined) return undefined;
    const { source } = item;
    if (!source.suspended) return item.bytes.subarray(item.taken);
    this.#marker = {
      bytes: PASTE_BEGIN,
      taken: 0,
      whenTaken: () => {
        source.suspended = false;
        source.paste.push(PASTE_BEGIN);
        this.#holder = source;
      },
    };
    return PASTE_BEGIN;
  }

  /** Ends the holder's paste for the program, so that others' input is not taken for pasted text. */
  #suspend(holder: Source): void {
    this.#holder = undefined;
    const wasOpen = holder.paste.open;
    holder.paste.reset();
    if (!wasOpen) return;
    holder.suspended = true;
    this.#marker = { bytes: PASTE_END, taken: 0, whenTaken: () => this.#dropForgotten(holder) };
  }

  /** The kernel took this many of the bytes that `next` gave. Returns the attachment that moved on, if it was one. */
  accepted(bytes: number, nowMs: number): string | undefined {
    if (bytes <= 0) return undefined;
    this.#progressAtMs = nowMs;
    const marker = this.#marker;
    if (marker !== undefined) {
      marker.taken += bytes;
      if (marker.taken < marker.bytes.length) return undefined;
      this.#marker = undefined;
      marker.whenTaken();
      return undefined;
    }
    const [item] = this.#queue;
    return item === undefined ? undefined : this.#advance(item, bytes);
  }

  #advance(item: Item, bytes: number): string | undefined {
    const { source } = item;
    source.paste.push(item.bytes.subarray(item.taken, item.taken + bytes));
    item.taken += bytes;
    source.applied += bytes;
    source.queuedBytes -= bytes;
    this.#holder = source;
    if (item.taken === item.bytes.length) {
      this.#queue.shift();
      source.queuedFrames -= 1;
      if (!source.paste.open && !source.paste.inMarker) this.#holder = undefined;
    }
    this.#dropForgotten(source);
    return source.name ?? undefined;
  }

  #dropForgotten(source: Source): void {
    if (!source.forget || source.queuedFrames > 0 || source.name === null) return;
    if (this.#holder === source && source.paste.open) return;
    this.#sources.delete(source.name);
  }
}

function newSource(name: string | null): Source {
  return {
    name,
    applied: 0,
    queuedBytes: 0,
    queuedFrames: 0,
    paste: new PasteScanner(),
    suspended: false,
    open: true,
    forget: false,
    closedAtMs: 0,
  };
}
