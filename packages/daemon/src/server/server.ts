import type { Socket } from 'node:net';
import { Peer, PROTOCOL, VERSION } from '@triterm/core/protocol';
import { Connection } from './connection.ts';
import type { Listener } from './listener.ts';
import type { Router } from './router.ts';

/** A client that does not read its goodbye is cut off after this time. */
const GOODBYE_MS = 500;

/** What a client is told: our pid, and whether somebody starts us again, so that clients need not (systemd.exec(5)). */
const FEATURES = [`pid:${process.pid}`, ...(process.env.INVOCATION_ID === undefined ? [] : ['supervised'])];

/** Accepts connections and serves them. */
export class ProtocolServer {
  readonly #router: Router;
  readonly #connections = new Set<Connection>();
  readonly #listeners: Listener[] = [];

  constructor(router: Router) {
    this.#router = router;
  }

  get clients(): number {
    return this.#connections.size;
  }

  addListener(listener: Listener): void {
    this.#listeners.push(listener);
  }

  accept(socket: Socket): void {
    const connection = new Connection(
      socket,
      own =>
        new Peer(socket, {
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
    );
    this.#connections.add(connection);
    connection.peer.accept(PROTOCOL, `tritermd ${VERSION}`, FEATURES).catch(() => {});
  }

  /** Accepts no more, tells everybody, and ends the connections. */
  async close(reason: 'stop' | 'restart'): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    const gone = [...this.#connections].map(connection => {
      connection.peer.notify('daemon.leaving', { reason });
      return connection.end();
    });
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>(resolve => {
      timer = setTimeout(resolve, GOODBYE_MS);
    });
    await Promise.race([Promise.all(gone), deadline]);
    clearTimeout(timer);
  }
}
