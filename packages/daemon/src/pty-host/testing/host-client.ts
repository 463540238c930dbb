import { connect, type Socket } from 'node:net';
import { newToken } from '@triterm/core/domain';
import type { TermError } from '@triterm/core/errors';
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
  type HostResult,
  Peer,
  type PtyInfo,
} from '@triterm/core/protocol';
import { StreamRecorder } from './stream-recorder.ts';
import { until } from './until.ts';

export interface ClientOptions {
  readonly generation?: number;
  /** False leaves the host unclaimed. */
  readonly claim?: boolean;
}

export interface SubscribeOptions {
  readonly offset?: number;
  readonly fromCheckpoint?: boolean;
  readonly sizeGeneration?: number;
  /** Bytes beyond what came that the host may send. */
  readonly creditBytes?: number;
  /** Keeps the bytes; otherwise they are only hashed. */
  readonly keep?: boolean;
  readonly onBytes?: (offset: number, bytes: Buffer, channel: number) => void;
}

/** Speaks to a pty-host as a daemon does, frame by frame, and remembers what came. */
export class HostClient {
  readonly control: Peer;
  readonly output: Peer;
  readonly sockets: readonly [Socket, Socket];
  readonly software: string;
  readonly features: readonly string[];
  /** How far each input channel was acknowledged. */
  readonly acks = new Map<number, number[]>();
  lost: TermError | undefined;
  isLost = false;
  readonly #streams: Map<number, StreamRecorder>;
  #lastChannel = 0;

  private constructor(parts: {
    control: Peer;
    output: Peer;
    sockets: readonly [Socket, Socket];
    welcome: { software: string; features: string[] };
    streams: Map<number, StreamRecorder>;
  }) {
    this.control = parts.control;
    this.output = parts.output;
    this.sockets = parts.sockets;
    this.software = parts.welcome.software;
    this.features = parts.welcome.features;
    this.#streams = parts.streams;
  }

  static async connect(socketPath: string, options: ClientOptions = {}): Promise<HostClient> {
    const streams = new Map<number, StreamRecorder>();
    let client: HostClient | undefined;
    const close = (error: TermError | undefined): void => {
      if (client === undefined) return;
      client.isLost = true;
      client.lost ??= error;
    };
    const sockets = [await dial(socketPath), await dial(socketPath)] as const;
    const control = new Peer(sockets[0], { data: frame => client?.acknowledged(frame), close });
    const output = new Peer(sockets[1], {
      data: frame => take(streams, frame),
      notification: (name, params, channel) => streams.get(channel)?.record(name, params),
      close,
    });
    const pair = `pair:${newToken()}`;
    const [welcome] = await Promise.all([
      control.open(HOST_PROTOCOL, 'test 1', ['control', pair]),
      output.open(HOST_PROTOCOL, 'test 1', ['output', pair]),
    ]);
    client = new HostClient({ control, output, sockets, welcome, streams });
    if (options.claim === false) return client;
    try {
      await client.request('claim', { generation: options.generation ?? 1 });
      return client;
    } catch (error) {
      client.drop();
      throw error;
    }
  }

  async request<M extends HostMethod>(method: M, params: HostParams<M>): Promise<HostResult<M>> {
    return (await this.control.request(method, params)) as HostResult<M>;
  }

  command<N extends HostCommand>(name: N, params: HostCommandParams<N>): void {
    this.control.notify(name, params);
  }

  nextChannel(): number {
    this.#lastChannel += 1;
    return this.#lastChannel;
  }

  /** Runs a script with sh on a PTY of its own. */
  sh(script: string, extra: Partial<HostParams<'spawn'>> = {}): Promise<{ handle: number; pid: number }> {
    return this.request('spawn', {
      session: 'test',
      file: '/bin/sh',
      argv: ['sh', '-c', script],
      cwd: '/tmp',
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C.UTF-8' },
      cols: 80,
      rows: 24,
      ...extra,
    });
  }

  async subscribe(handle: number, options: SubscribeOptions = {}): Promise<StreamRecorder> {
    const channel = this.nextChannel();
    const creditBytes = options.creditBytes ?? 2 ** 52;
    const offset = options.offset ?? 0;
    const stream = new StreamRecorder({ channel, handle, offset, ...options });
    this.#streams.set(channel, stream);
    const result = await this.request('subscribe', {
      handle,
      channel,
      offset,
      fromCheckpoint: options.fromCheckpoint ?? false,
      sizeGeneration: options.sizeGeneration ?? 0,
      creditThrough: offset + creditBytes,
    });
    stream.subscribed = result;
    return stream;
  }

  async openInput(handle: number, attachment: string): Promise<{ channel: number; inputOffset: number }> {
    const channel = this.nextChannel();
    this.acks.set(channel, []);
    const { inputOffset } = await this.request('input.open', { handle, channel, attachment });
    return { channel, inputOffset };
  }

  type(channel: number, offset: number, bytes: string | Uint8Array): void {
    const data = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    this.control.writeData(FrameKind.input, channel, offset, data);
  }

  checkpoint(handle: number, offset: number, bytes: Uint8Array, sizeGeneration = 0): void {
    this.command('checkpoint', { handle, sizeGeneration });
    this.control.writeData(FrameKind.snapshot, handle, offset, bytes);
  }

  acknowledged(frame: Frame): void {
    if (frame.kind === FrameKind.ack) this.acks.get(frame.channel)?.push(decodeAck(frame).offset);
  }

  /** Resolves once input was applied up to the offset. */
  async applied(channel: number, offset: number): Promise<void> {
    await until(() => (this.acks.get(channel)?.at(-1) ?? 0) >= offset, `input applied to ${offset}`);
  }

  async info(handle: number): Promise<PtyInfo> {
    const { ptys } = await this.request('list', {});
    const info = ptys.find(pty => pty.handle === handle);
    if (info === undefined) throw new Error(`no PTY ${handle}`);
    return info;
  }

  /** Waits until the host has handled everything that was sent before. */
  async settled(): Promise<void> {
    await this.request('list', {});
  }

  /** Breaks both connections without a word, as a process that is killed does. */
  drop(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

function take(streams: Map<number, StreamRecorder>, frame: Frame): void {
  const { offset, bytes } = decodeData(frame);
  const stream = streams.get(frame.channel);
  if (frame.kind === FrameKind.output) stream?.bytes(offset, bytes);
  else if (frame.kind === FrameKind.snapshot) stream?.snapshot(offset, bytes);
}

export function dial(socketPath: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    socket.once('error', reject);
    socket.once('connect', () => resolve(socket));
  });
}
