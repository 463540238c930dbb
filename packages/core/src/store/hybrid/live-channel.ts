import type { EventChannel } from '../event-channel.ts';
import { heartbeatMessage, type Invalidation, parseInvalidation } from './invalidation.ts';

/** How often a heartbeat is sent round. */
const HEARTBEAT_MS = 200;
/** A channel is live while a heartbeat that was sent within this time has come back. */
export const LIVE_MS = 1000;

export interface LiveChannelListener {
  heard(message: Invalidation): void;
  /** Messages may have been lost: the connection was, or no heartbeat came back for too long. */
  gap(): void;
}

/**
 * A channel that proves that it works: heartbeats go round through the server and back. A connection that is half open, or a
 * process that was stopped, reports no error; it is seen by its heartbeats, at the time when somebody asks.
 */
export class LiveChannel {
  readonly #channel: EventChannel;
  readonly #sender: string;
  readonly #nowMs: () => number;
  readonly #listener: LiveChannelListener;
  #timer: NodeJS.Timeout | undefined;
  #number = 0;
  /** When each heartbeat that is under way was sent. */
  readonly #sent = new Map<number, number>();
  #confirmedAtMs = Number.NEGATIVE_INFINITY;
  #starting: Promise<void> | undefined;
  #lapsed = true;
  #waiting: { readonly sinceMs: number; readonly resolve: () => void }[] = [];

  constructor(channel: EventChannel, sender: string, listener: LiveChannelListener, nowMs: () => number) {
    this.#channel = channel;
    this.#sender = sender;
    this.#listener = listener;
    this.#nowMs = nowMs;
  }

  /** Subscribes, and goes on over reconnections, until `close`. Rejects as the channel does; then it may be tried again. */
  start(): Promise<void> {
    this.#timer ??= setInterval(() => this.#beat(), HEARTBEAT_MS).unref();
    this.#starting ??= this.#subscribe().catch(thrown => {
      this.#starting = undefined;
      throw thrown;
    });
    return this.#starting;
  }

  /** Until when it may be relied on: monotonic milliseconds. */
  get liveUntilMs(): number {
    return this.#confirmedAtMs + LIVE_MS;
  }

  /** Resolves when a heartbeat that is sent from now on has come back. Rejects when `signal` aborts. */
  confirmed(signal: AbortSignal): Promise<void> {
    const sinceMs = this.#nowMs();
    return new Promise((resolve, reject) => {
      const waiting = {
        sinceMs,
        resolve: () => {
          signal.removeEventListener('abort', abort);
          resolve();
        },
      };
      const abort = () => {
        this.#waiting = this.#waiting.filter(other => other !== waiting);
        reject(signal.reason);
      };
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.push(waiting);
      this.#beat();
    });
  }

  publish(message: string): Promise<void> {
    return this.#channel.publish(message);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#channel.close();
  }

  async #subscribe(): Promise<void> {
    await this.#channel.subscribe({
      message: text => this.#message(text),
      gap: () => this.#gap(),
    });
    this.#beat();
  }

  #beat(): void {
    const nowMs = this.#nowMs();
    for (const [number, sentAtMs] of this.#sent) if (nowMs - sentAtMs > LIVE_MS) this.#sent.delete(number);
    if (!this.#lapsed && nowMs > this.liveUntilMs) this.#lapse();
    const number = ++this.#number;
    this.#sent.set(number, nowMs);
    this.#channel.publish(heartbeatMessage(this.#sender, number)).catch(() => this.#sent.delete(number));
  }

  #message(text: string): void {
    const message = parseInvalidation(text);
    if (message === undefined) return;
    const { heartbeat } = message;
    if (heartbeat !== undefined && heartbeat.sender === this.#sender) this.#cameRound(heartbeat.number);
    const { changes, drops, epochs } = message;
    if (changes.length + drops.length > 0 || epochs !== undefined) this.#listener.heard(message);
  }

  #cameRound(number: number): void {
    const sentAtMs = this.#sent.get(number);
    if (sentAtMs === undefined) return;
    this.#sent.delete(number);
    const nowMs = this.#nowMs();
    // This process slept, or the connection did: what came meanwhile may be incomplete.
    if (!this.#lapsed && nowMs > this.liveUntilMs) this.#lapse();
    this.#confirmedAtMs = Math.max(this.#confirmedAtMs, sentAtMs);
    if (nowMs <= this.liveUntilMs) this.#lapsed = false;
    const done = this.#waiting.filter(({ sinceMs }) => sinceMs <= sentAtMs);
    this.#waiting = this.#waiting.filter(({ sinceMs }) => sinceMs > sentAtMs);
    for (const { resolve } of done) resolve();
  }

  #gap(): void {
    this.#confirmedAtMs = Number.NEGATIVE_INFINITY;
    this.#sent.clear();
    this.#lapse();
  }

  #lapse(): void {
    this.#lapsed = true;
    this.#listener.gap();
  }
}
