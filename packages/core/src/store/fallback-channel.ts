import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { TermError } from '../errors/index.ts';
import { withDeadline } from './deadline.ts';
import { type ChannelListener, checkMessage, type EventChannel, type WholeChannel } from './event-channel.ts';

/** What the id of a message takes at most, with what ends it. */
export const MESSAGE_ID_BYTES = 40;
/** Messages that are remembered, so that none is told twice. */
const MAX_REMEMBERED = 4096;
/** After it a subscription is taken for made: what is missing by then is tried on. */
const SUBSCRIBE_DEADLINE_MS = 2500;
const RETRY_MS = 1000;

export interface FallbackChannelOptions {
  /** Each takes messages that are `MESSAGE_ID_BYTES` longer. Undefined where there is none. */
  readonly redis: EventChannel | undefined;
  readonly database: EventChannel | undefined;
  /** Whether Redis is fit to be used. */
  readonly isUp: () => boolean;
}

/**
 * One channel over two: what is published goes through Redis while it is up, else through the database, and who listens hears
 * both. A message carries an id before its text, and is told once though it came by both ways. Opens nothing before it is used.
 */
export class FallbackChannel implements WholeChannel {
  readonly #options: FallbackChannelOptions;
  readonly #closed = new AbortController();
  readonly #sender = randomBytes(6).toString('base64url');
  readonly #seen = new Set<string>();
  #number = 0;
  #listener: ChannelListener | undefined;
  #subscribing: Promise<void> | undefined;

  constructor(options: FallbackChannelOptions) {
    this.#options = options;
  }

  /** Others, for whom Redis is up, tell by it alone. */
  get isWhole(): boolean {
    const { redis, isUp } = this.#options;
    return redis === undefined || isUp();
  }

  async publish(message: string): Promise<void> {
    if (this.#closed.signal.aborted) throw closed();
    checkMessage(message);
    this.#number += 1;
    const text = `${this.#sender}${this.#number.toString(36)} ${message}`;
    const { redis, database, isUp } = this.#options;
    if (redis === undefined && database === undefined) throw closed();
    if (redis !== undefined && (database === undefined || isUp())) {
      try {
        await redis.publish(text);
        return;
      } catch (thrown) {
        if (database === undefined) throw thrown;
        // It may have gone out all the same; the id tells who hears it twice.
      }
    }
    await database?.publish(text);
  }

  /** Resolves when both ways are heard, or at a deadline: what comes later is told as a gap. Rejects only when it is closed. */
  async subscribe(listener: ChannelListener): Promise<void> {
    if (this.#closed.signal.aborted) throw closed();
    this.#listener = listener;
    this.#subscribing ??= this.#subscribe();
    await this.#subscribing;
    if (this.#closed.signal.aborted) throw closed();
  }

  async close(): Promise<void> {
    this.#listener = undefined;
    this.#closed.abort();
    const { redis, database } = this.#options;
    await Promise.allSettled([redis?.close(), database?.close()]);
  }

  async #subscribe(): Promise<void> {
    const { redis, database } = this.#options;
    let late = false;
    const legs = [redis, database].map(async channel => {
      if (channel !== undefined && (await this.#join(channel)) && late) this.#listener?.gap();
    });
    await withDeadline(Promise.all(legs), SUBSCRIBE_DEADLINE_MS, closed).catch(() => {});
    late = true;
  }

  /** Until it listens, or this is closed. Whether it listens. */
  async #join(channel: EventChannel): Promise<boolean> {
    const { signal } = this.#closed;
    const heard = {
      message: (text: string) => this.#hear(text),
      gap: () => this.#listener?.gap(),
    };
    while (!signal.aborted) {
      try {
        await channel.subscribe(heard);
        return true;
      } catch {
        // It is not there, or gives no leave: perhaps later.
        await pause(RETRY_MS, undefined, { signal, ref: false }).catch(() => {});
      }
    }
    return false;
  }

  #hear(text: string): void {
    const end = text.indexOf(' ');
    // Nothing of ours.
    if (end <= 0 || end >= MESSAGE_ID_BYTES) return;
    const id = text.slice(0, end);
    if (this.#seen.has(id)) return;
    this.#seen.add(id);
    if (this.#seen.size > MAX_REMEMBERED) {
      const [oldest] = this.#seen;
      if (oldest !== undefined) this.#seen.delete(oldest);
    }
    this.#listener?.message(text.slice(end + 1));
  }
}

function closed(): TermError {
  return new TermError('STORE_UNAVAILABLE', 'The channel is closed.');
}
