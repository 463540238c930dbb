import { setTimeout as pause } from 'node:timers/promises';
import type { EventChannel } from '@triterm/core/store';
import type { Told } from '../session/event-bus.ts';
import { encodeMessage } from './fleet-events-message.ts';
import { FleetEventsOutbox } from './fleet-events-outbox.ts';

/** What happens within this time goes out together. */
const GATHER_MS = 20;
/** A message that could not be sent is sent again after these times: meanwhile another way may be found. Then it is lost. */
const RETRY_MS = [50, 200, 500, 1000];
/** While nothing can be sent it is tried this often. */
const TROUBLE_MS = 1000;

export interface FleetEventsPublisherOptions {
  /** Names this process among all that send. */
  readonly from: string;
  readonly channel: Pick<EventChannel, 'publish'>;
  /** Nothing can be sent; it is tried on. Called once until something could be. */
  trouble(thrown: unknown): void;
}

/** Tells other servers what happens here: gathered, in order, within bounds. What can't be told is made good by the database. */
export class FleetEventsPublisher {
  readonly #options: FleetEventsPublisherOptions;
  readonly #outbox = new FleetEventsOutbox();
  readonly #closed = new AbortController();
  #seq = 0;
  #hasFailed = false;
  #sending: Promise<void> | undefined;

  constructor(options: FleetEventsPublisherOptions) {
    this.#options = options;
  }

  add(told: Told): void {
    if (this.#closed.signal.aborted) return;
    this.#outbox.add(told);
    this.#begin();
  }

  /** Nobody is there to be told. */
  forget(): void {
    this.#outbox.clear();
  }

  /** Comes back to the sender if it hears what is sent. Rejects as the channel does. */
  beat(): Promise<void> {
    return this.#options.channel.publish(encodeMessage(this.#options.from, undefined, []));
  }

  /** Resolves when what waited was sent, or could not be. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#sending;
  }

  #begin(): void {
    this.#sending ??= this.#sendAll().then(() => {
      this.#sending = undefined;
      if (this.#outbox.isDue && !this.#closed.signal.aborted) this.#begin();
    });
  }

  /** Never rejects. */
  async #sendAll(): Promise<void> {
    await this.#pause(GATHER_MS);
    while (this.#outbox.isDue) {
      const { events, lost } = this.#outbox.take();
      // A number that nobody gets says that something is missing.
      this.#seq += lost ? 2 : 1;
      const isSent = await this.#send(encodeMessage(this.#options.from, this.#seq, events));
      if (!isSent) this.#outbox.lose();
      if (this.#closed.signal.aborted && !isSent) return;
      await this.#pause(isSent ? GATHER_MS : TROUBLE_MS);
    }
  }

  /** Whether it was sent. Listeners drop what comes to them twice. */
  async #send(message: string): Promise<boolean> {
    for (const retryMs of [...RETRY_MS, undefined]) {
      try {
        await this.#options.channel.publish(message);
        this.#hasFailed = false;
        return true;
      } catch (thrown) {
        if (retryMs === undefined || this.#closed.signal.aborted) {
          if (!this.#hasFailed) this.#options.trouble(thrown);
          this.#hasFailed = true;
          return false;
        }
        await this.#pause(retryMs);
      }
    }
    return false;
  }

  /** Ends at once when this one is closed. */
  async #pause(ms: number): Promise<void> {
    const { signal } = this.#closed;
    await pause(ms, undefined, { signal, ref: false }).catch(() => {});
  }
}
