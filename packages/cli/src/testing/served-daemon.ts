import { once } from 'node:events';
import { chmodSync, mkdirSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { Paths } from '@triterm/core/config/paths';
import { TermError } from '@triterm/core/errors';
import { Peer, PROTOCOL, VERSION } from '@triterm/core/protocol';

export interface ServedDaemonOptions {
  /** Answers by method; one that is not there is UNKNOWN_METHOD. */
  readonly answers?: Readonly<Record<string, (params: unknown) => unknown>>;
  /** `silent` accepts connections and says nothing; `closing` hangs up on them. */
  readonly manner?: 'polite' | 'silent' | 'closing';
  readonly protocol?: { readonly min: number; readonly max: number };
}

/** The daemon's side of the protocol on its real socket, with a test's answers. */
export class ServedDaemon implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  connections = 0;

  private constructor({ answers = {}, manner = 'polite', protocol = PROTOCOL }: ServedDaemonOptions) {
    this.#server = createServer(socket => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket));
      if (manner === 'closing') socket.destroy();
      if (manner !== 'polite') return;
      const peer = new Peer(socket, {
        request: (method, params) => {
          const answer = answers[method];
          if (answer === undefined) throw new TermError('UNKNOWN_METHOD', `No answer to ${method}.`);
          return answer(params);
        },
      });
      peer.accept(protocol, `tritermd/${VERSION}`).catch(() => {});
    });
  }

  static async start(paths: Paths, options: ServedDaemonOptions = {}): Promise<ServedDaemon> {
    mkdirSync(paths.runDir, { recursive: true, mode: 0o700 });
    const daemon = new ServedDaemon(options);
    daemon.#server.listen(paths.socket);
    await once(daemon.#server, 'listening');
    chmodSync(paths.socket, 0o600);
    return daemon;
  }

  /** Hangs up on everybody; new clients may come. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.hangUp();
    await once(this.#server, 'close');
  }
}
