import type { Cluster, Redis } from 'ioredis';
import {
  type ChannelListener,
  type ChannelName,
  checkMessage,
  type EventChannel,
  MAX_MESSAGE_BYTES,
} from '../event-channel.ts';
import { EVENT_CHANNEL } from './key-names.ts';
import type { RedisLink } from './redis-link.ts';

const CHANGES: ChannelName = { name: EVENT_CHANNEL, maxBytes: MAX_MESSAGE_BYTES };

/** Pub/Sub on `triterm:events` unless told otherwise; in a cluster every node passes a message on to all others. */
export class RedisEventChannel implements EventChannel {
  readonly #link: RedisLink;
  readonly #channel: string;
  readonly #maxBytes: number;
  #end: (() => Promise<void>) | undefined;
  /** Counts subscriptions: what an earlier one still tells is not passed on. */
  #generation = 0;

  constructor(link: RedisLink, channel: ChannelName = CHANGES) {
    this.#link = link;
    this.#channel = channel.name;
    this.#maxBytes = channel.maxBytes;
  }

  async publish(message: string): Promise<void> {
    checkMessage(message, this.#maxBytes);
    await this.#link.command('publish', client => publisherIn(client).publish(this.#channel, message));
  }

  /** Once more replaces the listener, and resolves when the server has confirmed it anew. */
  async subscribe(listener: ChannelListener): Promise<void> {
    const generation = ++this.#generation;
    await this.#unsubscribe();
    const end = await this.#link.subscribe([this.#channel], {
      message: (_channel, text) => {
        if (generation === this.#generation) listener.message(text);
      },
      gap: () => {
        if (generation === this.#generation) listener.gap();
      },
    });
    if (generation === this.#generation) this.#end = end;
    else await end();
  }

  async close(): Promise<void> {
    this.#generation += 1;
    await this.#unsubscribe();
  }

  async #unsubscribe(): Promise<void> {
    const end = this.#end;
    this.#end = undefined;
    await end?.();
  }
}

const GONE: ReadonlySet<string> = new Set(['close', 'end', 'reconnecting', 'disconnecting']);

/** In a cluster one node while it is there: what goes by different nodes loses its order. */
function publisherIn(client: Redis | Cluster): Redis | Cluster {
  if (!('nodes' in client)) return client;
  return client.nodes('master').find(({ status }) => !GONE.has(status)) ?? client;
}
