import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { newToken, type Role, type WindowSize } from '../domain/index.ts';
import { TermError } from '../errors/index.ts';
import {
  type DaemonNotification,
  type DaemonNotificationParams,
  decodeAck,
  decodeData,
  type Frame,
  FrameKind,
  type Method,
  type Params,
  Peer,
  PROTOCOL,
  type Result,
  type SessionEvent,
} from '../protocol/index.ts';
import { connectWebSocket } from '../websocket/index.ts';

const CONNECT_TIMEOUT_MS = 10_000;

/** A connection to a daemon, as any program could make one: requests, and attachments on channels. */
export class ProtocolClient {
  readonly peer: Peer;
  readonly #socket: Duplex;
  readonly #attachments = new Map<number, ProtocolAttachment>();
  #channel = 0;
  readonly #underWay = new Set<Promise<unknown>>();
  #isFinishing = false;
  /** What happened, as this connection was told: `events.subscribe` asks for it. */
  readonly events: SessionEvent[] = [];
  /** The daemon wants to be rid of this connection: aborts with what it said, and when the connection is over. */
  readonly parting: AbortSignal;
  readonly closed: Promise<void>;

  private constructor(socket: Duplex) {
    this.#socket = socket;
    let over: () => void = () => {};
    this.closed = new Promise(resolve => {
      over = resolve;
    });
    const parting = new AbortController();
    this.parting = parting.signal;
    this.peer = new Peer(socket, {
      data: frame => this.#attachments.get(frame.channel)?.frame(frame),
      notification: (method, params, channel) => {
        if (method === 'event') this.events.push(params as SessionEvent);
        if (method === 'daemon.leaving') parting.abort(params);
        this.#attachments.get(channel)?.notification(method as DaemonNotification, params);
      },
      close: () => {
        for (const attachment of this.#attachments.values()) attachment.disconnected();
        parting.abort();
        over();
      },
    });
  }

  static async connect(path: string): Promise<ProtocolClient> {
    const socket = connect(path);
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return await ProtocolClient.#over(socket);
  }

  /** Over a WebSocket, as from another host. Rejects as `connectWebSocket`, and with what the daemon refuses it with. */
  static async connectTo(
    url: string,
    options: { readonly token?: string; readonly ca?: string } = {},
  ): Promise<ProtocolClient> {
    const { token: bearer, ...rest } = options;
    const stream = await connectWebSocket({
      url,
      bearer,
      timeoutMs: CONNECT_TIMEOUT_MS,
      unreachable: 'DAEMON_UNREACHABLE',
      hint: '',
      ...rest,
    });
    return await ProtocolClient.#over(stream);
  }

  static async #over(stream: Duplex): Promise<ProtocolClient> {
    const client = new ProtocolClient(stream);
    try {
      await client.peer.open(PROTOCOL, 'sandbox 0');
      return client;
    } catch (error) {
      stream.destroy();
      throw error;
    }
  }

  async request<M extends Method>(
    method: M,
    params: Params<M>,
    timeoutMs = 20_000,
    channel = 0,
  ): Promise<Result<M>> {
    if (this.#isFinishing) throw new TermError('CONNECTION_LOST', 'The client takes no more requests.');
    const request = this.peer.request(method, params, { timeoutMs, channel });
    this.#underWay.add(request);
    try {
      return (await request) as Result<M>;
    } finally {
      this.#underWay.delete(request);
    }
  }

  /** Takes no more requests, and resolves when those under way are answered: what they do is done by then. */
  async finish(): Promise<void> {
    this.#isFinishing = true;
    await Promise.allSettled(this.#underWay);
  }

  /** Attaches, or, given an attachment that lost its connection, goes on where that stopped. */
  async attach(
    target: string,
    options: AttachOptions,
    before?: ProtocolAttachment,
  ): Promise<ProtocolAttachment> {
    this.#channel += 1;
    const channel = this.#channel;
    const attachment = before ?? new ProtocolAttachment(options);
    attachment.connected(this.peer, channel);
    this.#attachments.set(channel, attachment);
    const { window, role, lossless, historyLines, deviceId, deviceName, take } = attachment.options;
    const reply = await this.request(
      'session.attach',
      {
        target,
        attachment: attachment.token,
        role: role ?? 'controller',
        window: window ?? { cols: 80, rows: 24 },
        lossless: lossless ?? false,
        historyLines: historyLines ?? 0,
        ...(deviceId === undefined ? {} : { deviceId }),
        deviceName: deviceName ?? '',
        take: take ?? false,
        ...(before === undefined
          ? {}
          : {
              resume: {
                offset: before.offset,
                sizeGeneration: before.sizeGeneration,
                ...(before.pty === '' ? {} : { pty: before.pty }),
              },
            }),
      },
      20_000,
      channel,
    );
    attachment.attached(reply);
    return attachment;
  }

  /** Stops reading from the socket, as a stopped process does. */
  freeze(): void {
    this.#socket.pause();
  }

  thaw(): void {
    this.#socket.resume();
  }

  /** Ends the connection at once, without a word. */
  cut(): void {
    this.#socket.destroy();
  }

  async close(): Promise<void> {
    this.peer.close();
    this.#socket.destroy();
  }
}

export interface AttachOptions {
  readonly window?: WindowSize;
  readonly role?: Role;
  readonly lossless?: boolean;
  readonly historyLines?: number;
  readonly deviceId?: string;
  readonly deviceName?: string;
  /** Become the primary client. */
  readonly take?: boolean;
  /** Called with everything that the terminal of this client would be given. */
  readonly onBytes?: (bytes: Buffer, kind: 'output' | 'snapshot') => void;
  /** Acknowledges by itself, as a terminal that takes everything at once; true unless said. */
  readonly acknowledges?: boolean;
}

/** A client's view of a session: follows offsets and types, as the protocol asks of every client. */
export class ProtocolAttachment {
  readonly options: AttachOptions;
  readonly token = newToken();
  /** Where the next output byte stands. */
  offset = 0;
  sizeGeneration = 0;
  /** What is attached; empty while that was not told. */
  pty = '';
  snapshots = 0;
  /** Snapshots of this connection. */
  #connectionSnapshots = 0;
  resumed = false;
  received = 0;
  exit: DaemonNotificationParams<'session.exited'> | undefined;
  detached: DaemonNotificationParams<'attachment.detached'> | undefined;
  /** Why it has to be attached again on the same connection, until that is done. */
  interrupted: DaemonNotificationParams<'attachment.interrupted'> | undefined;
  /** The session that the PTY belongs to now, when it is another one than was attached. */
  moved: DaemonNotificationParams<'attachment.session'> | undefined;
  readonly sizes: DaemonNotificationParams<'session.resized'>[] = [];
  /** Who has asked to be the primary client. */
  readonly requested: DaemonNotificationParams<'attachment.requested'>[] = [];
  /** What became of its own requests. */
  readonly answered: DaemonNotificationParams<'attachment.answered'>[] = [];
  #peer: Peer | undefined;
  #channel = 0;
  #typed = Buffer.alloc(0);
  #typedFrom = 0;
  #wake = new Set<() => void>();

  constructor(options: AttachOptions) {
    this.options = options;
  }

  get isConnected(): boolean {
    return this.#peer !== undefined && !this.#peer.closed;
  }

  /** Bytes that were typed and that the program has not got yet. */
  get unappliedBytes(): number {
    return this.#typed.length;
  }

  connected(peer: Peer, channel: number): void {
    this.#peer = peer;
    this.#channel = channel;
    this.#connectionSnapshots = 0;
    this.interrupted = undefined;
  }

  disconnected(): void {
    this.#notify();
  }

  attached(reply: Result<'session.attach'>): void {
    this.resumed = reply.resumed;
    if (this.#isOther(reply.pty)) {
      this.sizeGeneration = reply.sizeGeneration;
      this.#typed = Buffer.alloc(0);
      this.#typedFrom = reply.inputOffset;
    }
    if (reply.pty !== undefined && reply.pty !== '') this.pty = reply.pty;
    this.sizeGeneration = Math.max(this.sizeGeneration, reply.sizeGeneration);
    this.#applied(reply.inputOffset);
    if (this.#typed.length > 0)
      this.#peer?.writeData(FrameKind.input, this.#channel, this.#typedFrom, this.#typed);
    this.#notify();
  }

  frame(frame: Frame): void {
    if (frame.kind === FrameKind.ack) {
      this.#applied(decodeAck(frame).offset);
    } else {
      const { offset, bytes } = decodeData(frame);
      if (frame.kind === FrameKind.snapshot) {
        this.snapshots += 1;
        this.#connectionSnapshots += 1;
        this.offset = offset;
        this.options.onBytes?.(bytes, 'snapshot');
      } else {
        if (offset !== this.offset) throw new Error(`output at ${offset}, expected ${this.offset}`);
        this.offset = offset + bytes.length;
        this.received += bytes.length;
        this.options.onBytes?.(bytes, 'output');
      }
      if (this.options.acknowledges ?? true) this.acknowledge();
    }
    this.#notify();
  }

  acknowledge(): void {
    this.#peer?.writeAck(this.#channel, this.offset, this.#connectionSnapshots);
  }

  notification(method: DaemonNotification, params: unknown): void {
    if (method === 'session.exited') this.exit = params as DaemonNotificationParams<'session.exited'>;
    if (method === 'attachment.detached')
      this.detached = params as DaemonNotificationParams<'attachment.detached'>;
    if (method === 'attachment.interrupted')
      this.interrupted = params as DaemonNotificationParams<'attachment.interrupted'>;
    if (method === 'attachment.session')
      this.moved = params as DaemonNotificationParams<'attachment.session'>;
    if (method === 'attachment.requested')
      this.requested.push(params as DaemonNotificationParams<'attachment.requested'>);
    if (method === 'attachment.answered')
      this.answered.push(params as DaemonNotificationParams<'attachment.answered'>);
    if (method === 'session.resized') {
      const size = params as DaemonNotificationParams<'session.resized'>;
      this.sizes.push(size);
      this.sizeGeneration = size.sizeGeneration;
    }
    this.#notify();
  }

  type(text: string): void {
    const bytes = Buffer.from(text);
    const end = this.#typedFrom + this.#typed.length;
    this.#typed = Buffer.concat([this.#typed, bytes]);
    if (this.isConnected) this.#peer?.writeData(FrameKind.input, this.#channel, end, bytes);
  }

  resize(window: WindowSize): void {
    this.#peer?.notify('attachment.resize', window, this.#channel);
  }

  /** Waits until it holds; looked at whenever something comes. */
  async until(
    what: string,
    holds: (self: this) => boolean,
    timeoutMs = 30_000,
    signal?: AbortSignal,
  ): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!holds(this)) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) throw new Error(`not in time: ${what}`);
      signal?.throwIfAborted();
      await new Promise<void>(resolve => {
        const woken = () => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', woken);
          this.#wake.delete(woken);
          resolve();
        };
        const timer = setTimeout(woken, leftMs);
        signal?.addEventListener('abort', woken);
        this.#wake.add(woken);
      });
    }
  }

  /** Daemons of earlier releases don't tell. */
  #isOther(pty: string | undefined): boolean {
    return pty !== undefined && pty !== '' && this.pty !== '' && pty !== this.pty;
  }

  #applied(inputOffset: number): void {
    const applied = inputOffset - this.#typedFrom;
    if (applied <= 0) return;
    this.#typed = this.#typed.subarray(applied);
    this.#typedFrom = inputOffset;
  }

  #notify(): void {
    const waiting = this.#wake;
    this.#wake = new Set();
    for (const wake of waiting) wake();
  }
}
