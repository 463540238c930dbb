import type { Duplex } from 'node:stream';
import type { TermError } from '@triterm/core/errors';
import type { Connection } from '../server/connection.ts';
import { RelayedChannel } from './relayed-channel.ts';
import { type Answer, Upstream, type UpstreamRequest } from './upstream.ts';

/** Makes a connection to a server, within a time in milliseconds. */
export type Dial = (timeoutMs: number) => Promise<Duplex>;

/**
 * The other server is not read while more than this waits for the client: who is not read can't show that he lives, and acks bound
 * what comes long before. As much as the largest of what a server sends at once.
 */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024;

/** What one client reaches on other servers: a connection to each, and the channels that lead there. */
export class ClientRelay {
  readonly #connection: Connection;
  readonly #upstreams = new Map<string, Promise<Upstream>>();

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.gone.addEventListener('abort', () => this.#gone(), { once: true });
  }

  /** Whether it is attached to something, and all of that is elsewhere. */
  get isElsewhere(): boolean {
    const ends = [...this.#connection.ends().values()];
    return ends.length > 0 && ends.every(end => end instanceof RelayedChannel);
  }

  /** The connection to a server, which is made when there is none. Rejects as `Upstream.open`. */
  upstream(server: string, dial: Dial): Promise<Upstream> {
    const known = this.#upstreams.get(server);
    if (known !== undefined) return known;
    const opening = this.#open(server, dial);
    this.#upstreams.set(server, opening);
    opening.catch(() => this.#upstreams.delete(server));
    return opening;
  }

  /** `session.attach`: when it succeeds, the request's channel leads to that server. */
  attach(upstream: Upstream, server: string, request: UpstreamRequest): Promise<Answer> {
    const { peer } = this.#connection;
    const { channel } = request;
    return upstream.request({
      ...request,
      // What comes from now on is the new attachment's; what came before was that of an earlier one on this channel.
      onResult: () => {
        const before = this.#connection.ends().get(channel);
        if (before instanceof RelayedChannel && before.upstream === upstream) before.supersede();
        const end = new RelayedChannel(peer, upstream, server, channel);
        this.#connection.add(channel, end);
        // The reply is written before the next turn of the loop.
        setImmediate(() => end.open());
      },
    });
  }

  async #open(server: string, dial: Dial): Promise<Upstream> {
    let isPaused = false;
    const connection = this.#connection;
    const upstream: Upstream = await Upstream.open(dial, {
      frame: frame => {
        this.#endOf(upstream, frame.channel)?.frame(frame);
        if (isPaused || connection.peer.queuedBytes <= MAX_UNSENT_BYTES) return;
        isPaused = true;
        upstream.pause();
        connection.onDrained(() => {
          isPaused = false;
          upstream.resume();
        });
      },
      notification: (method, params, channel) => this.#endOf(upstream, channel)?.notification(method, params),
      holdBack: () => connection.pauseReading(),
      ended: error => {
        this.#upstreams.delete(server);
        if (error !== undefined) this.#lost(upstream, error);
      },
    });
    return upstream;
  }

  /** What comes for a channel that is used for something else by now is nobody's. */
  #endOf(upstream: Upstream, channel: number): RelayedChannel | undefined {
    const end = this.#connection.ends().get(channel);
    return end instanceof RelayedChannel && end.upstream === upstream ? end : undefined;
  }

  #lost(upstream: Upstream, error: TermError): void {
    for (const end of this.#connection.ends().values())
      if (end instanceof RelayedChannel && end.upstream === upstream) end.interrupted(error.message);
  }

  #gone(): void {
    for (const opening of this.#upstreams.values())
      void opening.then(
        upstream => upstream.close(),
        () => {},
      );
  }
}
