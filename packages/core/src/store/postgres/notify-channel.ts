import { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { TermError } from '../../errors/index.ts';
import {
  type ChannelListener,
  type ChannelName,
  checkMessage,
  type EventChannel,
  MAX_MESSAGE_BYTES,
} from '../event-channel.ts';
import { backoffMs } from '../locks/backoff.ts';
import { before } from './deadline.ts';
import { NotifyPublisher } from './notify-publisher.ts';
import { connectError } from './postgres-error.ts';
import { CONNECT_TIMEOUT_MS, clientConfig, endpointOf, type PostgresTarget } from './settings.ts';
import type { Queries } from './statement.ts';

const CHANGES: ChannelName = { name: 'triterm_events', maxBytes: MAX_MESSAGE_BYTES };
/** How often the server is asked whether it still is there. */
const PROBE_INTERVAL_MS = 1000;
const PROBE_DEADLINE_MS = 1000;
const RECONNECT = { firstMs: 50, maxMs: 2000 };

/**
 * LISTEN/NOTIFY. Messages are published over the pool, and come in over a connection of their own, which must lead to the
 * server itself: a pooler that shares connections between transactions forgets LISTEN. That connection is made anew for ever.
 */
export class NotifyChannel implements EventChannel {
  readonly #target: PostgresTarget;
  readonly #channel: ChannelName;
  readonly #publisher: NotifyPublisher;
  readonly #failed: (error: TermError) => void;
  readonly #closed = new AbortController();
  #listener: ChannelListener | undefined;
  #confirmed: Promise<void> | undefined;
  #loop: Promise<void> | undefined;

  /** `target` is where to listen. `failed` is told why it can't, each time that it was tried. The channel's name is a word of SQL. */
  constructor(
    target: PostgresTarget,
    pool: Queries,
    failed: (error: TermError) => void = () => {},
    channel: ChannelName = CHANGES,
  ) {
    this.#target = target;
    this.#channel = channel;
    this.#publisher = new NotifyPublisher(channel.name, pool);
    this.#failed = failed;
  }

  async publish(message: string): Promise<void> {
    checkMessage(message, this.#channel.maxBytes);
    if (this.#closed.signal.aborted) throw channelClosed();
    await this.#publisher.publish(message);
  }

  /** Waits until the server can be reached; rejects with STORE_UNAVAILABLE when the channel is closed before. */
  async subscribe(listener: ChannelListener): Promise<void> {
    if (this.#closed.signal.aborted) throw channelClosed();
    this.#listener = listener;
    this.#confirmed ??= this.#start();
    await this.#confirmed;
  }

  async close(): Promise<void> {
    this.#listener = undefined;
    this.#closed.abort();
    await this.#loop;
  }

  #start(): Promise<void> {
    const confirmed = Promise.withResolvers<void>();
    this.#loop = this.#listen(confirmed.resolve).finally(() => confirmed.reject(channelClosed()));
    return confirmed.promise;
  }

  async #listen(confirmed: () => void): Promise<void> {
    let connections = 0;
    let failures = 0;
    while (!this.#closed.signal.aborted) {
      const earlier = connections;
      await this.#connection(() => {
        connections += 1;
        if (connections > 1) this.#listener?.gap();
        confirmed();
      });
      if (this.#closed.signal.aborted) return;
      failures = connections > earlier ? 0 : failures + 1;
      if (failures === 0) this.#listener?.gap();
      const waitMs = backoffMs(RECONNECT, failures, Math.random());
      await pause(waitMs, undefined, { signal: this.#closed.signal }).catch(() => {});
    }
  }

  /** One connection from its making to its end. Does not reject. */
  async #connection(connected: () => void): Promise<void> {
    const socket = new Socket();
    const client = new pg.Client({ ...clientConfig(this.#target), stream: () => socket });
    const ended = Promise.withResolvers<void>();
    const end = () => ended.resolve();
    client.on('error', end);
    client.once('end', end);
    client.on('notification', ({ payload }) => this.#listener?.message(payload ?? ''));
    this.#closed.signal.addEventListener('abort', end);
    try {
      await before(performance.now() + CONNECT_TIMEOUT_MS, client.connect());
      await before(performance.now() + PROBE_DEADLINE_MS, client.query(`LISTEN ${this.#channel.name}`));
      connected();
      await Promise.race([ended.promise, this.#probe(client)]);
    } catch (thrown) {
      if (!this.#closed.signal.aborted) this.#failed(connectError(thrown, endpointOf(this.#target)));
    } finally {
      this.#closed.signal.removeEventListener('abort', end);
      client.removeAllListeners('notification');
      void client.end().catch(() => {});
      socket.destroy();
    }
  }

  /** Returns when the server does not answer any more: it may be gone without a word. */
  async #probe(client: pg.Client): Promise<void> {
    for (;;) {
      await pause(PROBE_INTERVAL_MS, undefined, { signal: this.#closed.signal });
      await before(performance.now() + PROBE_DEADLINE_MS, client.query('SELECT 1'));
    }
  }
}

function channelClosed(): TermError {
  return new TermError('STORE_UNAVAILABLE', 'The channel is closed.');
}
