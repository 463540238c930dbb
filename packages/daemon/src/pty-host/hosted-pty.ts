import type { WindowSize } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { ExitStatus, PtyInfo } from '@triterm/core/protocol';
import { InputLedger } from './input-ledger.ts';
import type { LogBudget } from './log-budget.ts';
import type { Subscription } from './output-pump.ts';
import { type DeviceRequest, PtyDevice, READ_BYTES } from './pty-device.ts';
import { ReadClock } from './read-clock.ts';
import { type HeldCheckpoint, type LogCursor, SessionLog } from './session-log.ts';

export interface HostedPtyRequest extends DeviceRequest {
  readonly session: string;
  readonly detachedOverflowAfterMs: number | null;
}

/** How long a dead daemon's floor and pace hold: its successor's clients come back within that. */
export const FLOW_KEPT_MS = 30_000;
/** Output that comes in a row is sent in batches of this size, or of what came within this time. */
const BATCH_BYTES = 32 * 1024;
const BATCH_MS = 1;
/** A batch that brought less is no flood: the first bytes of the next are sent at once, somebody may be looking. */
const FLOOD_BATCH_BYTES = 4096;
/** Room that must be in the log for the PTY to be read: what one read may bring. */
const READ_ROOM_BYTES = READ_BYTES;
/** What a resize may read first. */
const RESIZE_DRAIN_BYTES = 128 * 1024;
const MIN_RETRY_MS = 1;
const MAX_RETRY_MS = 20;

/** One session: its PTY, its log, its input, and whoever is subscribed. */
export class HostedPty {
  readonly handle: number;
  readonly session: string;
  readonly log: SessionLog;
  readonly #device: PtyDevice;
  readonly #ledger = new InputLedger();
  /** Who is told how far an attachment's input has been applied: its latest connection. */
  readonly #applied = new Map<string, (inputOffset: number) => void>();
  readonly #clock = new ReadClock();
  readonly #detachedOverflowAfterMs: number | null;
  readonly #spawnSize: WindowSize;
  #size: WindowSize;
  #sizeGeneration = 0;
  #paceThrough: number | null = null;
  #exit: ExitStatus | null = null;
  #eof = false;
  #answeredThrough = 0;
  #lastOutputMs = performance.now();
  #subscription: Subscription | undefined;
  #unsubscribedAtMs = performance.now();
  #overflowTimer: NodeJS.Timeout | undefined;
  #flowTimer: NodeJS.Timeout | undefined;
  #inputTimer: NodeJS.Timeout | undefined;
  /** The kernel took nothing; the timer asks again. */
  #isBlocked = false;
  #retryMs = MIN_RETRY_MS;
  #turnBytes = 0;
  /** What came since a batch was begun, undefined while none is. */
  #batch: { bytes: number; readonly sinceMs: number } | undefined;
  #flooding = false;
  #closed = false;

  constructor(handle: number, request: HostedPtyRequest, budget: LogBudget) {
    this.handle = handle;
    this.session = request.session;
    this.#size = { cols: request.cols, rows: request.rows };
    this.#spawnSize = this.#size;
    this.#detachedOverflowAfterMs = request.detachedOverflowAfterMs;
    this.#device = new PtyDevice(request, {
      output: bytes => this.#output(bytes),
      exited: status => this.#exited(status),
      eof: () => this.#ended(),
    });
    this.log = new SessionLog(budget.open());
    this.review();
  }

  get info(): PtyInfo {
    return {
      handle: this.handle,
      session: this.session,
      pid: this.#device.pid,
      ...this.#size,
      sizeGeneration: this.#sizeGeneration,
      spawnSize: this.#spawnSize,
      logStart: this.log.start,
      logEnd: this.log.end,
      floor: this.log.floor,
      checkpointOffset: this.log.checkpoint?.offset ?? null,
      exit: this.#exit,
      eof: this.#eof,
      idleMs: Math.round(performance.now() - this.#lastOutputMs),
    };
  }

  /** The program has gone and so has everybody who held its tty. */
  get ended(): boolean {
    return this.#exit !== null && this.#eof;
  }

  #output(bytes: Buffer): void {
    if (this.#closed) return;
    const nowMs = performance.now();
    this.log.append(bytes);
    this.#lastOutputMs = nowMs;
    this.#clock.note(this.log.end, nowMs);
    this.#announce(bytes.length, nowMs);
    this.review();
  }

  /** Sends the first bytes at once, so that an echo is not held up; what follows without a pause goes together. */
  #announce(bytes: number, nowMs: number): void {
    this.#turnBytes += bytes;
    if (this.#batch !== undefined) return;
    this.#batch = { bytes: 0, sinceMs: nowMs };
    if (!this.#flooding) this.#subscription?.flush();
    setImmediate(() => this.#endTurn());
  }

  /** A turn of the event loop is over: a batch is full, is old, or its output has paused. */
  #endTurn(): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    const isPause = this.#turnBytes === 0;
    batch.bytes += this.#turnBytes;
    this.#turnBytes = 0;
    if (!isPause && batch.bytes < BATCH_BYTES && performance.now() - batch.sinceMs < BATCH_MS) {
      setImmediate(() => this.#endTurn());
      return;
    }
    this.#flooding = batch.bytes > FLOOD_BATCH_BYTES;
    this.#batch = undefined;
    this.#subscription?.flush();
  }

  /** Decides again whether the PTY may be read. Called whenever something that bears on it has changed. */
  review(): void {
    if (this.#closed) return;
    const paced = this.#paceThrough !== null && this.log.end >= this.#paceThrough;
    this.#device.setReading(!paced && this.#findRoom());
  }

  #findRoom(): boolean {
    for (;;) {
      if (this.log.hasRoom(READ_ROOM_BYTES)) return true;
      if (!this.#mayOverwrite() || !this.log.overwriteOldest()) return false;
    }
  }

  #mayOverwrite(): boolean {
    if (this.#detachedOverflowAfterMs === null || this.#subscription !== undefined) return false;
    const waitMs = this.#unsubscribedAtMs + this.#detachedOverflowAfterMs - performance.now();
    if (waitMs <= 0) return true;
    this.#overflowTimer ??= setTimeout(() => {
      this.#overflowTimer = undefined;
      this.review();
    }, waitMs).unref();
    return false;
  }

  #exited(status: ExitStatus): void {
    if (this.#closed) return;
    this.#exit = status;
    this.log.addExit(status);
    this.#subscription?.flush();
  }

  #ended(): void {
    if (this.#closed) return;
    this.#eof = true;
    this.log.addEof();
    this.#subscription?.flush();
  }

  /** What the program wrote before stands before the resize in the log, as far as the log has room for it. */
  resize(size: WindowSize, sizeGeneration: number): { offset: number; applied: boolean } {
    if (sizeGeneration <= this.#sizeGeneration) return { offset: this.log.end, applied: false };
    if (this.log.hasRoom(READ_ROOM_BYTES)) this.#device.drain(RESIZE_DRAIN_BYTES);
    if (!this.log.addResize(size, sizeGeneration)) return { offset: this.log.end, applied: false };
    this.#device.resize(size);
    this.#size = size;
    this.#sizeGeneration = sizeGeneration;
    this.#subscription?.flush();
    return { offset: this.log.end, applied: true };
  }

  /** Makes full-screen programs draw anew after bytes were lost: the kernel signals only a size that differs. */
  #forceRedraw(): void {
    const { cols, rows } = this.#size;
    this.#device.resize({ cols, rows: rows === 1 ? 2 : rows - 1 });
    this.#device.resize({ cols, rows });
  }

  signal(name: string): void {
    this.#device.signal(name);
  }

  setFlow(floor: number | null, paceThrough: number | null): void {
    clearTimeout(this.#flowTimer);
    this.#flowTimer = undefined;
    this.#paceThrough = paceThrough;
    this.log.setFloor(floor);
    this.review();
  }

  /** The daemon that set the flow has gone; unless another sets it, nobody holds the program or the log for long. */
  expireFlow(afterMs: number = FLOW_KEPT_MS): void {
    this.#flowTimer ??= setTimeout(() => this.setFlow(null, null), afterMs).unref();
  }

  setCheckpoint(checkpoint: HeldCheckpoint): void {
    this.log.setCheckpoint(checkpoint);
    this.review();
  }

  /** Throws TOO_LARGE when a stream can't begin there. */
  assertHolds(offset: number): void {
    if (this.log.holds(offset)) return;
    throw new TermError('TOO_LARGE', `The log holds ${this.log.start} to ${this.log.end}, not ${offset}.`);
  }

  /** Ends the subscription there was. */
  subscribe(subscription: Subscription, cursor: LogCursor): void {
    const before = this.#subscription;
    this.#subscription = subscription;
    // Before the other one ends, which lets the log drop what nobody needs.
    this.log.reader = cursor;
    before?.end();
    if (cursor.offset < this.log.start) this.#forceRedraw();
  }

  unsubscribe(subscription: Subscription): void {
    if (this.#subscription !== subscription) return;
    this.#subscription = undefined;
    this.#unsubscribedAtMs = performance.now();
    this.log.reader = undefined;
    this.review();
  }

  openInput(attachment: string, onApplied: (inputOffset: number) => void): number {
    this.#applied.set(attachment, onApplied);
    return this.#ledger.open(attachment);
  }

  closeInput(attachment: string, forget: boolean, onApplied: (inputOffset: number) => void): void {
    // It may have been opened again since on another channel, which is not to be closed by this one.
    if (this.#applied.get(attachment) !== onApplied) return;
    this.#applied.delete(attachment);
    this.#ledger.close(attachment, forget, performance.now());
    this.#writeInput();
  }

  /** Bytes that were taken before are skipped; what can't be taken is dropped and the last position told again. */
  input(attachment: string, offset: number, bytes: Uint8Array): void {
    const offered = this.#ledger.offer(attachment, offset, bytes);
    if (offered === 'queued') this.#writeInput();
    else this.#tellApplied(attachment);
  }

  #tellApplied(attachment: string): void {
    this.#applied.get(attachment)?.(this.#ledger.appliedOf(attachment));
  }

  answer(queryEnd: number, bytes: Uint8Array): void {
    if (queryEnd <= this.#answeredThrough || !this.#clock.isFresh(queryEnd, performance.now())) return;
    this.#answeredThrough = queryEnd;
    if (this.#ledger.answer(bytes)) this.#writeInput();
  }

  /** Writes until the queue is empty, the kernel's buffer full or a paste in the way; then a timer goes on. */
  #writeInput(): void {
    // A kernel that was full is asked again by the timer only; a paste that others wait for may go on meanwhile.
    if (this.#closed || this.#isBlocked) return;
    const moved = new Set<string>();
    const nowMs = performance.now();
    for (;;) {
      const bytes = this.#ledger.next(nowMs);
      if (bytes === undefined) break;
      const taken = this.#device.write(bytes);
      const attachment = this.#ledger.accepted(taken, nowMs);
      if (attachment !== undefined) moved.add(attachment);
      if (taken > 0) this.#retryMs = MIN_RETRY_MS;
      this.#isBlocked = taken === 0;
      if (this.#isBlocked) break;
    }
    for (const attachment of moved) this.#tellApplied(attachment);
    this.#scheduleInput(nowMs);
  }

  #scheduleInput(nowMs: number): void {
    clearTimeout(this.#inputTimer);
    const waitMs = this.#isBlocked ? this.#retryMs : this.#ledger.waitMs(nowMs);
    if (this.#isBlocked) this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
    if (waitMs === 0) return;
    this.#inputTimer = setTimeout(() => {
      this.#isBlocked = false;
      this.#writeInput();
    }, waitMs);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of [this.#overflowTimer, this.#flowTimer, this.#inputTimer]) clearTimeout(timer);
    this.#subscription?.end();
    this.#subscription = undefined;
    this.#device.close();
    this.log.close();
  }
}
