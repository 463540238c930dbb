import { Redis } from 'ioredis';
import { withDeadline } from '../deadline.ts';
import { connectTimeoutMs, nodeOptions, redisOptions, retryDelayMs } from './client-options.ts';
import type { Connection } from './connection.ts';
import { linkError, linkFailure } from './failure.ts';

/** A subscriber owes no answers: it is asked, so that a half-open connection is noticed. */
const PING_INTERVAL_MS = 1000;

export interface SubscriptionListener {
  message(channel: string, text: string): void;
  gap(): void;
}

/** Channels of one listener on a connection of their own, subscribed again whenever it was lost. */
export class Subscription {
  readonly #connection: Connection;
  readonly #channels: readonly string[];
  readonly #listener: SubscriptionListener;
  readonly #first = Promise.withResolvers<void>();
  #client: Redis | undefined;
  #retry: NodeJS.Timeout | undefined;
  #attempt = 0;
  #wasConfirmed = false;
  #closed = false;

  constructor(connection: Connection, channels: readonly string[], listener: SubscriptionListener) {
    this.#connection = connection;
    this.#channels = channels;
    this.#listener = listener;
    this.#first.promise.catch(() => {});
    this.#connect();
  }

  /** Resolves when the server has confirmed it the first time; rejects at the deadline of one attempt. */
  confirmed(): Promise<void> {
    const timeoutMs = connectTimeoutMs(this.#connection.settings);
    return withDeadline(this.#first.promise, timeoutMs, () =>
      linkFailure('subscribe', this.#connection.endpoint, 'timeout', `${timeoutMs} ms`),
    );
  }

  /** As if the network had cut it; it is made anew. */
  sever(): void {
    this.#client?.disconnect();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#client?.disconnect();
    this.#first.reject(linkFailure('subscribe', this.#connection.endpoint, 'disconnected', 'closed'));
  }

  #connect(): void {
    const client = this.#connection.faults.isDown ? undefined : this.#makeClient();
    if (client === undefined) {
      this.#connectLater();
      return;
    }
    this.#client = client;
    let isConfirmed = false;
    let ping: NodeJS.Timeout | undefined;
    client.on('error', () => {});
    client.on('message', (channel: string, text: string) => {
      if (!this.#connection.faults.isSilent) this.#listener.message(channel, text);
    });
    client.on('ready', () => {
      client.subscribe(...this.#channels).then(
        () => {
          if (this.#closed) return;
          isConfirmed = true;
          this.#attempt = 0;
          ping = setInterval(() => this.#check(client), PING_INTERVAL_MS);
          if (this.#wasConfirmed) this.#listener.gap();
          this.#wasConfirmed = true;
          this.#first.resolve();
        },
        (thrown: unknown) => {
          // Without leave for the channel no later attempt fares better soon; with a broken connection `end` follows.
          this.#first.reject(linkError('subscribe', this.#connection.endpoint, thrown));
          client.disconnect();
        },
      );
    });
    client.on('end', () => {
      clearInterval(ping);
      if (this.#closed || this.#client !== client) return;
      if (isConfirmed) this.#listener.gap();
      this.#connectLater();
    });
    client.connect().catch(() => {});
  }

  #connectLater(): void {
    this.#attempt += 1;
    this.#retry = setTimeout(() => this.#connect(), retryDelayMs(this.#attempt));
  }

  /** In a cluster, any node that is known. */
  #makeClient(): Redis | undefined {
    const { settings, client } = this.#connection;
    if (settings.topology !== 'cluster') return new Redis(redisOptions(settings, null));
    const known = 'nodes' in client ? client.nodes('master').map(({ options }) => options) : [];
    const nodes = known.length > 0 ? known : settings.nodes;
    const { host, port } = nodes[this.#attempt % nodes.length] ?? {};
    return host === undefined || port === undefined
      ? undefined
      : new Redis(nodeOptions(settings, host, port));
  }

  #check(client: Redis): void {
    if (this.#belongs(client)) client.ping().catch(() => {});
    else client.disconnect();
  }

  /** Whether it is still connected to where messages are: to the master, or to a node of the cluster. */
  #belongs(subscriber: Redis): boolean {
    const { client } = this.#connection;
    if ('nodes' in client) {
      const nodes = client.nodes();
      const { host, port } = subscriber.options;
      return (
        nodes.length === 0 || nodes.some(node => node.options.host === host && node.options.port === port)
      );
    }
    if (client.status !== 'ready' || this.#connection.settings.topology !== 'sentinel') return true;
    const [mine, theirs] = [subscriber.stream, client.stream];
    return mine.remotePort === theirs.remotePort && mine.remoteAddress === theirs.remoteAddress;
  }
}
