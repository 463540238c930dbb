import { createServer, type Server } from 'node:net';
import { basename } from 'node:path';
import { HOST_PROTOCOL, Peer } from '@triterm/core/protocol';

/** What the contract says of a PTY, as any release of it tells. */
const PTY = {
  handle: 1,
  session: 'old',
  pid: process.pid,
  cols: 80,
  rows: 24,
  sizeGeneration: 0,
  spawnSize: { cols: 80, rows: 24 },
  logStart: 0,
  logEnd: 0,
  floor: null,
  checkpointOffset: null,
  exit: null,
  eof: false,
  idleMs: 0,
};

/** Answers as a pty-host of an earlier release that holds one PTY. */
export class OldHost {
  readonly methods: string[] = [];
  readonly #server: Server;
  readonly #peers: Peer[] = [];

  private constructor(socketPath: string) {
    const features = [`id:${basename(socketPath, '.sock')}`, `pid:${process.pid}`];
    this.#server = createServer(socket => {
      const peer = new Peer(socket, {
        request: method => {
          this.methods.push(method);
          if (method === 'retire') setImmediate(() => this.close());
          return method === 'list' ? { ptys: [PTY] } : {};
        },
      });
      this.#peers.push(peer);
      peer.accept(HOST_PROTOCOL, 'triterm-pty-host 0.0.1', features).catch(() => {});
    });
  }

  static async listen(socketPath: string): Promise<OldHost> {
    const host = new OldHost(socketPath);
    await new Promise<void>(resolve => host.#server.listen(socketPath, resolve));
    return host;
  }

  close(): void {
    this.#server.close();
    for (const peer of this.#peers) peer.close();
  }
}
