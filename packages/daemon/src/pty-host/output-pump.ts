import { FrameKind, type Peer } from '@triterm/core/protocol';
import type { HeldCheckpoint, LogCursor, LogItem, SessionLog } from './session-log.ts';

/** Output bytes in one frame at most. */
const FRAME_BYTES = 64 * 1024;
/** What one subscription sends before the next has its turn. */
const TURN_BYTES = 256 * 1024;
/** What is sent before the event loop has its turn, so that control is never starved. */
const RUN_BYTES = 1024 * 1024;

/** What the pump needs of a connection. */
export type OutputSink = Pick<Peer, 'writeData' | 'notify'>;

/** A daemon's stream of one PTY. */
export interface Subscription {
  /** Sends what the log and the credit allow, at once if it is its turn. */
  flush(): void;
  /** Another subscription replaces it, or the PTY is gone. */
  end(): void;
}

interface SubscriptionStart {
  readonly channel: number;
  readonly log: SessionLog;
  readonly cursor: LogCursor;
  /** Sent first. */
  readonly checkpoint: HeldCheckpoint | undefined;
  readonly creditThrough: number;
  /** Bytes were sent: older ones may now be dropped. */
  readonly onProgress: () => void;
  readonly onEnd: () => void;
}

/** Shares an output connection among its subscriptions, one turn each, as fast as the other side reads. */
export class OutputPump {
  readonly #sink: OutputSink;
  readonly #channels = new Map<number, Stream>();
  /** Those that may have something to send, in the order of their turns. */
  readonly #ready = new Set<Stream>();
  /** The other side is slow; `drained` goes on. */
  #blocked = false;
  #running = false;
  #scheduled = false;

  constructor(sink: OutputSink) {
    this.#sink = sink;
  }

  has(channel: number): boolean {
    return this.#channels.has(channel);
  }

  add(start: SubscriptionStart): Subscription {
    const stream = new Stream(this.#sink, start);
    this.#channels.set(start.channel, stream);
    return {
      flush: () => this.#wake(stream),
      end: () => this.#remove(stream),
    };
  }

  credit(channel: number, creditThrough: number): void {
    const stream = this.#channels.get(channel);
    if (stream === undefined) return;
    stream.creditThrough = Math.max(stream.creditThrough, creditThrough);
    this.#wake(stream);
  }

  remove(channel: number): void {
    const stream = this.#channels.get(channel);
    if (stream !== undefined) this.#remove(stream);
  }

  /** The connection's queue ran empty. */
  drained(): void {
    this.#blocked = false;
    this.#run();
  }

  close(): void {
    this.#blocked = true;
    for (const stream of this.#channels.values()) this.#remove(stream);
  }

  #remove(stream: Stream): void {
    if (this.#channels.get(stream.channel) === stream) this.#channels.delete(stream.channel);
    this.#ready.delete(stream);
    stream.finish();
  }

  #wake(stream: Stream): void {
    if (stream.finished) return;
    this.#ready.add(stream);
    this.#run();
  }

  #run(): void {
    if (this.#blocked || this.#running) return;
    this.#running = true;
    let budgetBytes = RUN_BYTES;
    for (const stream of this.#ready) {
      this.#ready.delete(stream);
      const turn = stream.send(TURN_BYTES);
      budgetBytes -= turn.bytes;
      // Deleted and added again while the set is walked, it comes after the others: one turn each.
      if (turn.hasMore) this.#ready.add(stream);
      this.#blocked = turn.isBlocked;
      if (this.#blocked || budgetBytes <= 0) break;
    }
    this.#running = false;
    if (this.#ready.size > 0 && !this.#blocked) this.#runLater();
  }

  #runLater(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#run();
    });
  }
}

class Stream {
  readonly channel: number;
  creditThrough: number;
  finished = false;
  readonly #sink: OutputSink;
  readonly #start: SubscriptionStart;
  #checkpoint: HeldCheckpoint | undefined;

  constructor(sink: OutputSink, start: SubscriptionStart) {
    this.channel = start.channel;
    this.creditThrough = start.creditThrough;
    this.#sink = sink;
    this.#start = start;
    this.#checkpoint = start.checkpoint;
  }

  /** Sends until the turn's bytes are spent, the connection is full or there is no more. */
  send(maxBytes: number): { bytes: number; hasMore: boolean; isBlocked: boolean } {
    let sent = 0;
    while (sent < maxBytes && !this.finished) {
      const item = this.#next(Math.min(FRAME_BYTES, maxBytes - sent));
      if (item === undefined) {
        if (sent > 0) this.#start.onProgress();
        return { bytes: sent, hasMore: false, isBlocked: false };
      }
      if (item.kind === 'bytes') sent += item.bytes.length;
      if (!this.#write(item)) {
        this.#start.onProgress();
        return { bytes: sent, hasMore: true, isBlocked: true };
      }
    }
    this.#start.onProgress();
    return { bytes: sent, hasMore: !this.finished, isBlocked: false };
  }

  #next(maxBytes: number): LogItem | { kind: 'checkpoint'; checkpoint: HeldCheckpoint } | undefined {
    const checkpoint = this.#checkpoint;
    this.#checkpoint = undefined;
    if (checkpoint !== undefined) return { kind: 'checkpoint', checkpoint };
    return this.#start.log.next(this.#start.cursor, this.creditThrough, maxBytes);
  }

  /** False when the connection's queue is full. */
  #write(item: LogItem | { kind: 'checkpoint'; checkpoint: HeldCheckpoint }): boolean {
    switch (item.kind) {
      case 'bytes':
        return this.#sink.writeData(FrameKind.output, this.channel, item.offset, item.bytes);
      case 'checkpoint':
        return this.#sink.writeData(
          FrameKind.snapshot,
          this.channel,
          item.checkpoint.offset,
          item.checkpoint.bytes,
        );
      case 'gap':
        return this.#sink.notify('gap', { from: item.from, to: item.to }, this.channel);
      case 'resize': {
        const { offset, cols, rows, sizeGeneration } = item;
        return this.#sink.notify('resize', { offset, cols, rows, sizeGeneration }, this.channel);
      }
      case 'exit':
        return this.#sink.notify('exit', { offset: item.offset, status: item.status }, this.channel);
      case 'eof':
        return this.#sink.notify('eof', { offset: item.offset }, this.channel);
    }
  }

  finish(): void {
    if (this.finished) return;
    this.finished = true;
    this.#start.onEnd();
  }
}
