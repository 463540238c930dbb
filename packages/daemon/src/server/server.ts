import type { Duplex } from 'node:stream';
import { type Principal, SOCKET_OWNER } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { Peer, PROTOCOL, VERSION } from '@triterm/core/protocol';
import { Connection } from './connection.ts';
import type { Listener } from './listener.ts';
import type { Router } from './router.ts';

/** A client that does not read its goodbye is cut off after this time. */
const GOODBYE_MS = 500;

/** What a client on this host is told: our pid, and whether somebody starts us again, so that clients need not (systemd.exec(5)). */
const LOCAL_FEATURES = [
  `pid:${process.pid}`,
  ...(process.env.INVOCATION_ID === undefined ? [] : ['supervised']),
];
/** Other servers that a client is told of. */
const MAX_ENDPOINTS = 16;

/** Who is at the other end of a connection. */
export interface Arrival {
  readonly principal: Principal;
  /** Came over the network: what it says of processes, files and sockets of its host is not of ours. */
  readonly remote: boolean;
  /** The connection ends after what was sent; told before it does. */
  parting?(why: TermError | 'leaving'): void;
}

/** Who comes through the unix socket: it admits only the account that the server runs as. */
export const THROUGH_SOCKET: Arrival = { principal: SOCKET_OWNER, remote: false };

/** Accepts connections and serves them. */
export class ProtocolServer {
  readonly #router: Pick<Router, 'request'>;
  readonly #endpoints: () => readonly string[];
  readonly #connections = new Map<Connection, Arrival>();
  readonly #listeners: Listener[] = [];

  /** `endpoints`: URLs of other servers that a client may go to when this one is gone. */
  constructor(router: Pick<Router, 'request'>, endpoints: () => readonly string[] = () => []) {
    this.#router = router;
    this.#endpoints = endpoints;
  }

  get clients(): number {
    return this.#connections.size;
  }

  addListener(listener: Listener): void {
    this.#listeners.push(listener);
  }

  accept(stream: Duplex, arrival: Arrival): void {
    const connection = new Connection(
      stream,
      own =>
        new Peer(stream, {
          request: (method, params, channel) => {
            own.heard();
            return this.#router.request(own, method, params, channel);
          },
          notification: (method, params, channel) => {
            own.heard();
            own.notification(method, params, channel);
          },
          data: frame => {
            own.heard();
            own.data(frame);
          },
          close: () => {
            this.#connections.delete(own);
            own.closed();
          },
        }),
      arrival,
    );
    this.#connections.set(connection, arrival);
    connection.peer
      .accept(PROTOCOL, `tritermd ${VERSION}`, this.#features(arrival))
      .catch((thrown: unknown) => {
        arrival.parting?.(TermError.from(thrown));
      });
  }

  /** Accepts no more, tells everybody, and ends the connections. */
  async close(reason: 'stop' | 'restart'): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    const gone = [...this.#connections].map(([connection, arrival]) => {
      connection.peer.notify('daemon.leaving', { reason });
      arrival.parting?.('leaving');
      return connection.end();
    });
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>(resolve => {
      timer = setTimeout(resolve, GOODBYE_MS);
    });
    await Promise.race([Promise.all(gone), deadline]);
    clearTimeout(timer);
  }

  #features({ remote }: Arrival): string[] {
    if (!remote) return LOCAL_FEATURES;
    return this.#endpoints()
      .slice(0, MAX_ENDPOINTS)
      .map(url => `endpoint:${url}`);
  }
}
