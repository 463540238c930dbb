import { chmodSync, lstatSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import { TermError } from '@triterm/core/errors';
import { HOST_PROTOCOL, Peer, VERSION } from '@triterm/core/protocol';
import { ControlConnection } from './control-connection.ts';
import { OutputPump } from './output-pump.ts';
import type { PtyTable } from './pty-table.ts';

/** Two for the daemon that commands, two for its successor, and some for those that only look. */
const MAX_CONNECTIONS = 16;

/** The connections of one daemon: they find each other by the pair token. */
interface Pair {
  readonly token: string;
  control: Peer | undefined;
  output: { readonly peer: Peer; readonly pump: OutputPump } | undefined;
}

/** Serves a host's socket; only the daemon with the highest generation commands. */
export class HostServer {
  readonly #socketPath: string;
  readonly #table: PtyTable;
  readonly #server: Server;
  readonly #pairs = new Map<string, Pair>();
  #generation = 0;
  #commander: Pair | undefined;
  /** Whether a daemon commands this host has changed. */
  onCommanded: (isCommanded: boolean) => void = () => {};

  constructor(socketPath: string, table: PtyTable) {
    this.#socketPath = socketPath;
    this.#table = table;
    this.#server = createServer(socket => void this.#accept(socket));
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** Binds the socket, 0600 in a directory that is ours alone. Rejects with UNSAFE_PATH, PTY_HOST_UNAVAILABLE. */
  async listen(): Promise<void> {
    assertPrivateDirectory(dirname(this.#socketPath));
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', cause =>
        reject(
          new TermError('PTY_HOST_UNAVAILABLE', `Cannot listen on ${this.#socketPath}.`, {
            cause,
            hint: 'A shorter TRITERM_RUNTIME_DIR may help: a socket path has 107 bytes at most.',
          }),
        ),
      );
      // The socket is made within listen(), so the mask holds for nothing else; sessions keep the user's.
      const mask = process.umask(0o177);
      this.#server.listen(this.#socketPath, () => {
        chmodSync(this.#socketPath, 0o600);
        resolve();
      });
      process.umask(mask);
    });
  }

  close(): void {
    this.#server.close();
    for (const pair of this.#pairs.values()) this.#disconnect(pair);
  }

  async #accept(socket: Socket): Promise<void> {
    let pair: Pair | undefined;
    let control: ControlConnection | undefined;
    let pump: OutputPump | undefined;
    const peer: Peer = new Peer(socket, {
      request: (method, params) => {
        if (control === undefined)
          throw new TermError('BAD_MESSAGE', 'Requests go to the control connection.');
        return control.request(method, params);
      },
      notification: (method, params) => control?.notification(method, params),
      data: frame => control?.data(frame),
      drain: () => pump?.drained(),
      close: () => {
        control?.close();
        pump?.close();
        if (pair !== undefined) this.#left(pair, peer);
      },
    });
    try {
      await peer.accept(HOST_PROTOCOL, `triterm-pty-host ${VERSION}`, this.#features(), hello => {
        pair = this.#pairFor(hello.features);
        if (hello.features.includes('control')) {
          if (pair.control !== undefined)
            throw new TermError('BAD_MESSAGE', 'The pair has a control connection.');
          pair.control = peer;
          control = this.#control(peer, pair);
        } else if (hello.features.includes('output')) {
          if (pair.output !== undefined)
            throw new TermError('BAD_MESSAGE', 'The pair has an output connection.');
          pump = new OutputPump(peer);
          pair.output = { peer, pump };
        } else {
          throw new TermError('BAD_MESSAGE', 'The connection says neither `control` nor `output`.');
        }
      });
    } catch {
      // The peer was told why and dropped.
    }
  }

  #features(): string[] {
    return [`id:${basename(this.#socketPath, '.sock')}`, `pid:${process.pid}`];
  }

  #pairFor(features: readonly string[]): Pair {
    const token = features.find(feature => feature.startsWith('pair:')) ?? '';
    if (token.length < 13) throw new TermError('BAD_MESSAGE', 'The connection names no pair.');
    const known = this.#pairs.get(token);
    if (known !== undefined) return known;
    const pair: Pair = { token, control: undefined, output: undefined };
    this.#pairs.set(token, pair);
    return pair;
  }

  #control(peer: Peer, pair: Pair): ControlConnection {
    return new ControlConnection(peer, {
      table: this.#table,
      claim: generation => this.#claim(pair, generation),
      output: () => pair.output?.pump,
    });
  }

  #claim(pair: Pair, generation: number): void {
    if (generation < this.#generation) {
      throw new TermError(
        'STALE_REVISION',
        `A daemon of generation ${this.#generation} commands this pty-host.`,
      );
    }
    this.#generation = generation;
    const before = this.#commander;
    if (before === pair) return;
    this.#commander = pair;
    if (before !== undefined) {
      this.#disconnect(before);
      this.#expireFlows();
    }
    this.onCommanded(true);
  }

  #disconnect(pair: Pair): void {
    const superseded = new TermError('CONNECTION_LOST', 'A later daemon has claimed this pty-host.');
    pair.control?.destroy(superseded);
    pair.output?.peer.destroy(superseded);
  }

  /** A pair lives and dies as one: half of it is of no use. */
  #left(pair: Pair, peer: Peer): void {
    const isControl = pair.control === peer;
    const isOutput = pair.output?.peer === peer;
    const other = isControl ? pair.output?.peer : pair.control;
    if (isControl) pair.control = undefined;
    if (isOutput) pair.output = undefined;
    if (pair.control === undefined && pair.output === undefined) this.#pairs.delete(pair.token);
    if (!isControl && !isOutput) return;
    other?.destroy(new TermError('CONNECTION_LOST', 'The connection that belongs to it was closed.'));
    if (this.#commander !== pair) return;
    this.#commander = undefined;
    this.#expireFlows();
    this.onCommanded(false);
  }

  /** Nobody answers for what the daemon before wanted; the next one may want the same. */
  #expireFlows(): void {
    for (const pty of this.#table.all()) pty.expireFlow();
  }
}

/** Others could put a socket of theirs in the place of ours. Throws UNSAFE_PATH. */
function assertPrivateDirectory(path: string): void {
  const stat = lstatSync(path);
  const isOurs = stat.uid === process.getuid?.();
  if (!stat.isDirectory() || !isOurs || (stat.mode & 0o077) !== 0)
    throw new TermError('UNSAFE_PATH', `${path} must be a directory of yours with mode 0700.`);
}
