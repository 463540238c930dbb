import { connect, type Socket } from 'node:net';
import { newToken } from '@triterm/core/domain';
import { errnoName, TermError } from '@triterm/core/errors';
import {
  decodeAck,
  decodeData,
  type Frame,
  FrameKind,
  HOST_PROTOCOL,
  type HostCommand,
  type HostCommandParams,
  type HostMethod,
  type HostParams,
  type HostRecord,
  type HostRecordParams,
  type HostResult,
  Peer,
  VERSION,
} from '@triterm/core/protocol';

/** What comes from the host unasked, by the channel that it belongs to. */
export interface LinkListener {
  output(channel: number, offset: number, bytes: Buffer): void;
  checkpoint(channel: number, offset: number, bytes: Buffer): void;
  record<N extends HostRecord>(channel: number, name: N, params: HostRecordParams<N>): void;
  inputApplied(channel: number, inputOffset: number): void;
  /** Once: both connections are over. */
  closed(error: TermError | undefined): void;
}

/** The two connections to one host, open and claimed. */
export class HostLink {
  readonly hostId: string;
  readonly pid: number;
  /** The host's release. */
  readonly version: string;
  readonly #control: Peer;
  readonly #output: Peer;

  private constructor(control: Peer, output: Peer, welcome: { software: string; features: string[] }) {
    this.#control = control;
    this.#output = output;
    this.hostId = feature(welcome.features, 'id:');
    this.pid = Number(feature(welcome.features, 'pid:'));
    this.version = welcome.software.split(' ').at(-1) ?? '';
  }

  /**
   * Connects and claims the host. Rejects with CONNECTION_LOST (nobody listens; the cause has the system's code),
   * PROTOCOL_MISMATCH, TIMEOUT, or STALE_REVISION when a later daemon commands it.
   */
  static async open(socketPath: string, generation: number, listener: LinkListener): Promise<HostLink> {
    let isOpen = false;
    const peers: Peer[] = [];
    const over = (error: TermError | undefined): void => {
      for (const peer of peers)
        peer.destroy(new TermError('CONNECTION_LOST', 'The other connection was lost.'));
      if (!isOpen) return;
      isOpen = false;
      listener.closed(error);
    };
    const pair = `pair:${newToken()}`;
    try {
      const control = new Peer(await dial(socketPath), controlHandlers(listener, over));
      peers.push(control);
      const output = new Peer(await dial(socketPath), outputHandlers(listener, over));
      peers.push(output);
      const software = `tritermd ${VERSION}`;
      const [welcome] = await Promise.all([
        control.open(HOST_PROTOCOL, software, ['control', pair]),
        output.open(HOST_PROTOCOL, software, ['output', pair]),
      ]);
      await control.request('claim', { generation });
      isOpen = true;
      return new HostLink(control, output, welcome);
    } catch (thrown) {
      for (const peer of peers) peer.destroy();
      throw TermError.from(thrown, 'CONNECTION_LOST');
    }
  }

  async request<M extends HostMethod>(method: M, params: HostParams<M>): Promise<HostResult<M>> {
    return (await this.#control.request(method, params)) as HostResult<M>;
  }

  command<N extends HostCommand>(name: N, params: HostCommandParams<N>): void {
    this.#control.notify(name, params);
  }

  input(channel: number, offset: number, bytes: Uint8Array): void {
    this.#control.writeData(FrameKind.input, channel, offset, bytes);
  }

  checkpoint(handle: number, sizeGeneration: number, offset: number, bytes: Uint8Array): void {
    this.command('checkpoint', { handle, sizeGeneration });
    this.#control.writeData(FrameKind.snapshot, handle, offset, bytes);
  }

  /** Sends what is queued and leaves the host to itself. */
  close(): void {
    this.#control.close();
    this.#output.close();
  }

  /** Breaks both connections; `closed` is told. */
  destroy(error: TermError): void {
    this.#control.destroy(error);
    this.#output.destroy(error);
  }
}

type Over = (error: TermError | undefined) => void;

function controlHandlers(listener: LinkListener, close: Over) {
  return {
    data(frame: Frame): void {
      if (frame.kind === FrameKind.ack) listener.inputApplied(frame.channel, decodeAck(frame).offset);
    },
    close,
  };
}

function outputHandlers(listener: LinkListener, close: Over) {
  return {
    data(frame: Frame): void {
      const { offset, bytes } = decodeData(frame);
      if (frame.kind === FrameKind.output) listener.output(frame.channel, offset, bytes);
      else if (frame.kind === FrameKind.snapshot) listener.checkpoint(frame.channel, offset, bytes);
    },
    notification(name: string, params: unknown, channel: number): void {
      // The host is ours and its records have had one shape since protocol 1; a record of a later one is none of ours.
      if (isRecord(name)) listener.record(channel, name, params as HostRecordParams<typeof name>);
    },
    close,
  };
}

const RECORDS: ReadonlySet<string> = new Set<HostRecord>(['resize', 'gap', 'exit', 'eof']);

function isRecord(name: string): name is HostRecord {
  return RECORDS.has(name);
}

function dial(socketPath: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    socket.once('error', cause =>
      reject(
        new TermError('CONNECTION_LOST', `Cannot connect to ${socketPath}: ${cause.message}`, { cause }),
      ),
    );
    socket.once('connect', () => resolve(socket));
  });
}

/** Whether an error of `HostLink.open` says that nobody listens on the socket, or that there is none. */
export function isNobodyThere(error: TermError): boolean {
  const code = errnoName(error.cause);
  return code === 'ECONNREFUSED' || code === 'ENOENT';
}

function feature(features: readonly string[], prefix: string): string {
  return features.find(text => text.startsWith(prefix))?.slice(prefix.length) ?? '';
}
