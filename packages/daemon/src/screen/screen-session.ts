import { TermError, type WireError } from '@triterm/core/errors';
import { decodeCheckpoint } from './checkpoint-envelope.ts';
import { EventCollector } from './event-collector.ts';
import { EventScanner } from './event-scanner.ts';
import { History } from './history/history.ts';
import { LineIndex } from './line-index.ts';
import type { TerminalModel } from './model/terminal-model.ts';
import { lineCounts, linesAboveScreen } from './model-lines.ts';
import { ModelSlot } from './model-slot.ts';
import { RequestServer } from './request-server.ts';
import type { ScreenOptions, ShellMark } from './screen.ts';
import { type OutputWork, type Work, WorkQueue } from './work-queue.ts';
import type { ScreenEvent, ScreenRequest, ScreenResult, ToWorker } from './worker-messages.ts';

/** What a screen needs of the thread around it. */
export interface SessionPort {
  /** There is something to do that must not wait. */
  due(session: ScreenSession): void;
  /** Somebody waits for something of a screen that was due already. */
  asked(session: ScreenSession): void;
  /** A slice was done; there may be something to tell. */
  stepped(session: ScreenSession): void;
  reply(id: number, result: ScreenResult): void;
  refuse(id: number, error: WireError): void;
  trouble(session: ScreenSession, message: string): void;
}

/** Output that is parsed in one go: so long another screen's request waits at most. */
export const SLICE_BYTES = 256 * 1024;
/** Output rests for this long: it is parsed. */
const REST_MS = 50;
/** Output is parsed after this long even when it never rests. */
const LATEST_MS = 1000;
/** Unparsed output of one screen from which on it is parsed without a reason. */
const BACKLOG_BYTES = 24 * 1024 * 1024;
/** Things to tell after which a slice ends. */
const MAX_EVENTS = 1000;
/** Rows that stay in the model when older ones are packed: what a larger window may pull back. */
const MIN_LIVE_ROWS = 200;
/** Rows beyond those that are worth packing. */
const PACK_ROWS = 256;
/** Rows that are packed in one go. */
const PACK_SLICE_ROWS = 1024;
/** A rest after which older rows are packed, and one after which the model makes room. */
const PACK_AFTER_MS = 500;
const HIBERNATE_AFTER_MS = 10_000;

/** One session's screen in the worker: the queue of what has to be done, the model, its history. */
export class ScreenSession {
  readonly key: number;
  readonly #port: SessionPort;
  readonly #queue = new WorkQueue();
  readonly #scanner = new EventScanner();
  readonly #events: EventCollector;
  readonly #server: RequestServer;
  readonly #index = new LineIndex();
  readonly history: History;
  readonly slot: ModelSlot;
  readonly scrollbackLines: number;
  /** The last mark of each kind. */
  readonly #marks = new Map<ShellMark['kind'], ShellMark>();
  #offset: number;
  #sizeGeneration: number;
  #parsedBytes = 0;
  /** Rows above the screen before what is parsed at the moment. */
  #rowsBefore = 0;
  #isDue = false;
  #restTimer: NodeJS.Timeout | undefined;
  #waitingSinceMs = 0;
  #usedAtMs = performance.now();
  #closed = false;

  constructor(key: number, options: ScreenOptions, port: SessionPort) {
    this.key = key;
    this.#port = port;
    this.scrollbackLines = options.scrollbackLines;
    this.#events = new EventCollector(
      () => this.#historyCleared(),
      () => this.#relieve(),
      ({ mark }) => {
        this.#marks.delete(mark.kind);
        this.#marks.set(mark.kind, mark);
      },
    );
    const start = this.#decode(options);
    this.#offset = start?.offset ?? options.offset;
    this.#sizeGeneration = start?.sizeGeneration ?? options.sizeGeneration;
    this.slot = new ModelSlot(start ?? options, start?.model, this.#events);
    this.history = new History({
      dir: options.historyDir,
      keepLines: options.scrollbackLines,
      ...(options.scrollbackBytes === undefined ? {} : { keepBytes: options.scrollbackBytes }),
      packedBelow: start?.packedBelow ?? 0,
      floor: start?.historyFloor ?? 0,
      trouble: message => port.trouble(this, message),
    });
    this.#server = new RequestServer(this);
    for (const mark of start?.marks ?? []) this.#events.retell(mark);
  }

  get offset(): number {
    return this.#offset;
  }

  get sizeGeneration(): number {
    return this.#sizeGeneration;
  }

  get marks(): readonly ShellMark[] {
    return [...this.#marks.values()];
  }

  get backlogBytes(): number {
    return this.#queue.bytes;
  }

  /** Somebody waits for an answer. */
  get isAsked(): boolean {
    return this.#queue.requests > 0 || this.#server.isBusy;
  }

  get topLine(): number {
    return this.slot.isNew ? this.history.end : this.history.end + linesAboveScreen(this.slot.look());
  }

  topLineAt(offset: number): number | undefined {
    this.#settleIndex();
    return this.#index.topAt(offset);
  }

  /** Rows that stay in the model. */
  get liveRows(): number {
    return Math.max(2 * this.slot.size.rows, MIN_LIVE_ROWS);
  }

  receive(message: Exclude<ToWorker, { kind: 'open' | 'close' }>): void {
    switch (message.kind) {
      case 'write':
        this.#receiveOutput(message.offset, message.bytes);
        break;
      case 'request':
        this.#queue.push({ kind: 'request', id: message.id, request: message.request });
        if (this.#isDue) this.#port.asked(this);
        this.makeDue();
        break;
      default:
        this.#queue.push(message);
        this.#parseSoon();
    }
  }

  /** What waits is to be done without further delay. */
  makeDue(): void {
    if (this.#isDue || this.#closed) return;
    this.#isDue = true;
    clearTimeout(this.#restTimer);
    this.#restTimer = undefined;
    this.#port.due(this);
  }

  /** Does a slice of what waits. True while there is more to do at once. */
  step(): boolean {
    if (this.#closed) return false;
    this.#usedAtMs = performance.now();
    if (!this.#server.blocks) this.#work();
    this.#server.step();
    this.#isDue = !this.#queue.isEmpty || this.#server.isBusy;
    this.#port.stepped(this);
    return this.#isDue;
  }

  /** What there is to tell since the last call. */
  report(): { events: ScreenEvent[]; parsedBytes: number } {
    const report = { events: this.#events.drain(), parsedBytes: this.#parsedBytes };
    this.#parsedBytes = 0;
    return report;
  }

  /** Makes use of a rest: packs, later makes room. */
  rest(nowMs: number): void {
    const idleMs = nowMs - this.#usedAtMs;
    if (!this.slot.isLive || !this.#queue.isEmpty || this.isAsked || idleMs < PACK_AFTER_MS) return;
    if (this.packSlice()) return;
    if (idleMs >= HIBERNATE_AFTER_MS) this.#guarded('resting', () => this.slot.hibernate());
  }

  /** Packs rows beyond the live window, up to a slice of them. True while there are more. */
  packSlice(): boolean {
    const more = this.#guarded('packing', () => {
      const model = this.slot.look();
      if (model.scrollbackRows <= this.liveRows + PACK_ROWS) return false;
      const keepRows = Math.max(this.liveRows, model.scrollbackRows - PACK_SLICE_ROWS);
      const rowsBefore = model.scrollbackRows;
      this.#settleIndex();
      this.history.append(this.slot.change().takeLines(keepRows));
      return model.scrollbackRows < rowsBefore && model.scrollbackRows > this.liveRows + PACK_ROWS;
    });
    return more ?? false;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#restTimer);
    this.history.close();
  }

  /** Erases everything. */
  discard(): void {
    this.slot.renew();
    this.history.discard();
  }

  #work(): void {
    let roomBytes = SLICE_BYTES;
    while (roomBytes > 0 && this.#events.size < MAX_EVENTS) {
      const work = this.#queue.shift();
      if (work === undefined) return;
      if (work.kind === 'request') {
        this.#serve(work.id, work.request);
        return;
      }
      roomBytes -= this.#do(work, roomBytes);
    }
  }

  #receiveOutput(offset: number, bytes: Uint8Array): void {
    const cuts = this.#scanner.push(offset, bytes);
    this.#queue.push({ kind: 'output', offset, bytes, cuts, missingBytes: this.#scanner.missingBytes });
    if (cuts.length > 0 || this.#queue.bytes > BACKLOG_BYTES) this.makeDue();
    else this.#parseSoon();
  }

  #parseSoon(): void {
    if (this.#isDue) return;
    const nowMs = performance.now();
    if (this.#restTimer === undefined) this.#waitingSinceMs = nowMs;
    else if (nowMs - this.#waitingSinceMs > LATEST_MS - REST_MS) return;
    if (this.#restTimer !== undefined) this.#restTimer.refresh();
    else this.#restTimer = setTimeout(() => this.makeDue(), REST_MS);
  }

  /** Bytes that were parsed. */
  #do(work: Exclude<Work, { kind: 'request' }>, roomBytes: number): number {
    switch (work.kind) {
      case 'output':
        return this.#parse(work, roomBytes);
      case 'resize':
        this.#guarded('resizing', () => {
          this.#settleIndex();
          this.slot.resize(work.size);
        });
        this.#sizeGeneration = work.sizeGeneration;
        return 0;
      case 'gap':
        this.#offset = work.to;
        this.#restart(`${(work.to - work.from).toLocaleString('en')} bytes of output were not kept`);
        return 0;
      case 'colours':
        this.slot.setColours(work.colours);
        return 0;
      case 'dropView':
        this.#server.dropView(work.view);
        return 0;
    }
  }

  #parse(work: OutputWork, roomBytes: number): number {
    const { offset, bytes, cuts } = work;
    const part = Math.min(bytes.length, roomBytes);
    const whole = part === bytes.length;
    this.#guarded('parsing', () => {
      const model = this.slot.change();
      let from = 0;
      for (const cut of cuts) {
        if (cut.end > part) break;
        this.#feed(model, bytes.subarray(from, cut.end), cut.start ?? offset + from, offset + cut.nominalEnd);
        from = cut.end;
      }
      const end = offset + part + (whole ? work.missingBytes : 0);
      if (from < part) this.#feed(model, bytes.subarray(from, part), offset + from, end);
    });
    this.#offset = offset + part;
    this.#parsedBytes += part;
    if (whole) this.#index.record(this.#offset, this.slot.look().scrollbackRows);
    else this.#queue.unshift(restOf(work, part));
    return part;
  }

  #feed(model: TerminalModel, bytes: Uint8Array, start: number, end: number): void {
    this.#events.at(start, end);
    this.#rowsBefore = model.scrollbackRows;
    model.write(bytes);
  }

  #serve(id: number, request: ScreenRequest): void {
    this.#server.serve(request).then(
      result => this.#port.reply(id, result),
      error => this.#port.refuse(id, TermError.from(error).toWire()),
    );
  }

  #decode(options: ScreenOptions) {
    if (options.checkpoint === null) return undefined;
    try {
      return decodeCheckpoint(options.checkpoint);
    } catch (error) {
      this.#port.trouble(this, `${TermError.from(error).message} The screen begins empty.`);
      return undefined;
    }
  }

  /** What the model can't do must not end the thread: the screen begins anew, what was on it stays in history as far as known. */
  #guarded<T>(what: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.#port.trouble(this, `The terminal model failed while ${what}: ${TermError.from(error).message}`);
      this.#restart('a part of the output could not be shown');
      return undefined;
    }
  }

  /** To be called before the model's rows get other numbers. */
  #settleIndex(): void {
    if (this.#index.isSettled) return;
    const { end } = this.history;
    const linesBefore = lineCounts(this.slot.look());
    this.#index.settle(row => end + (linesBefore[row] ?? 0));
  }

  /** In the middle of a write: how many unpacked lines went is not known exactly, but never more than there were rows. */
  #historyCleared(): void {
    this.history.erase(this.#rowsBefore);
    const { floor } = this.history;
    this.#index.settle(() => floor);
  }

  /** In the middle of a flood: lines that nobody will ask for go at once, and when that is not enough, others are packed. */
  #relieve(): void {
    const model = this.slot.look();
    this.#settleIndex();
    this.history.skip(model.dropLines(this.scrollbackLines));
    while (model.arePiledUp && model.scrollbackRows > this.liveRows) {
      const lines = model.takeLines(Math.max(this.liveRows, model.scrollbackRows - PACK_SLICE_ROWS));
      if (lines.length === 0) return;
      this.history.append(lines);
    }
  }

  /** Everything so far becomes history, with a marker below; the terminal begins anew. */
  #restart(marker: string): void {
    try {
      const model = this.slot.look();
      this.#settleIndex();
      this.history.append([...model.scrollback(), ...withoutBlankEnd(model.screenRows(true))]);
    } catch {
      // A model that can't be read has nothing to hand over.
    }
    this.history.append([`\x1b[2m── ${marker} ──\x1b[0m`]);
    this.slot.renew();
  }
}

function restOf(work: OutputWork, part: number): OutputWork {
  return {
    ...work,
    offset: work.offset + part,
    bytes: work.bytes.subarray(part),
    cuts: work.cuts
      .filter(cut => cut.end > part)
      .map(cut => ({ ...cut, end: cut.end - part, nominalEnd: cut.nominalEnd - part })),
  };
}

function withoutBlankEnd(lines: readonly string[]): string[] {
  const last = lines.findLastIndex(line => line !== '');
  return lines.slice(0, last + 1);
}
