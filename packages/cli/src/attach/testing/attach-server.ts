import { once } from 'node:events';
import { chmodSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Paths } from '@triterm/core/config/paths';
import type { Params, Result } from '@triterm/core/protocol';
import { decodeAck, decodeData, FrameKind, Peer, PROTOCOL } from '@triterm/core/protocol';
import type { Certificates } from '@triterm/core/sandbox/certificates';
import { serveWebSockets } from '@triterm/core/testing/websocket-server';
import { sessionInfo } from '../../testing/session-info.ts';

/** A request to attach, as it came. */
export interface Attached {
  readonly peer: Peer;
  readonly stream: Duplex;
  readonly channel: number;
  readonly params: Params<'session.attach'>;
}

type AttachReply = Result<'session.attach'>;

/** The daemon's side of attachments on a real unix socket, or over a network: keeps what comes, answers as the test says. */
export class AttachServer implements AsyncDisposable {
  readonly attached: Attached[] = [];
  readonly requests: { method: string; params: unknown }[] = [];
  /** Input of all connections by offset, as the host applies it: each byte once, none left out. */
  input = Buffer.alloc(0);
  readonly acks: { channel: number; offset: number; snapshots: number }[] = [];
  readonly notifications: { method: string; params: unknown; channel: number }[] = [];
  /** Answers to methods, over the ordinary ones; may throw. */
  answers: Record<string, (params: unknown, attached: Attached) => unknown> = {};
  /** Called after the reply to an attach is on its way, in the same turn. */
  afterReply: (attached: Attached) => void = () => {};
  /** Which PTY its session has. */
  pty = 'first';
  /** What its welcome says. */
  features: string[] = [];
  /** Throws at who is not to be let in over the network. */
  admit: () => void = () => {};
  /** Of one that is reached over a network. */
  url = '';
  readonly #streams = new Set<Duplex>();
  readonly #waiting = new Set<() => void>();
  #stop: () => Promise<unknown> = async () => {};

  private constructor() {}

  static async start(paths: Paths): Promise<AttachServer> {
    mkdirSync(paths.runDir, { recursive: true, mode: 0o700 });
    const server = new AttachServer();
    const listener = createServer(socket => server.#accept(socket));
    listener.listen(paths.socket);
    await once(listener, 'listening');
    chmodSync(paths.socket, 0o600);
    server.#stop = () => {
      listener.close();
      server.hangUp();
      return once(listener, 'close');
    };
    return server;
  }

  static async startOverNetwork(certificates?: Certificates): Promise<AttachServer> {
    const server = new AttachServer();
    const listener = await serveWebSockets(stream => server.#accept(stream), {
      admit: () => server.admit(),
      ...(certificates === undefined ? {} : { certificates }),
    });
    server.url = listener.url;
    server.#stop = async () => listener[Symbol.asyncDispose]();
    return server;
  }

  #accept(stream: Duplex): void {
    this.#streams.add(stream);
    stream.on('error', () => {}).once('close', () => this.#streams.delete(stream));
    const peer: Peer = new Peer(stream, {
      request: (method, params, channel) => this.#request(method, params, { peer, stream, channel }),
      notification: (method, params, channel) => {
        this.notifications.push({ method, params, channel });
        this.#changed();
      },
      data: frame => {
        if (frame.kind === FrameKind.ack) {
          this.acks.push({ channel: frame.channel, ...decodeAck(frame) });
        } else {
          const { offset, bytes } = decodeData(frame);
          const known = this.input.length - offset;
          if (known < 0) throw new Error(`input is missing before ${offset}`);
          this.input = Buffer.concat([this.input, bytes.subarray(known)]);
        }
        this.#changed();
      },
    });
    peer.accept(PROTOCOL, 'tritermd test', this.features).catch(() => {});
  }

  /** Resolves when the condition holds; looks when something has come. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>(resolve => this.#waiting.add(resolve));
  }

  hangUp(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  #request(method: string, params: unknown, from: Pick<Attached, 'peer' | 'stream' | 'channel'>): unknown {
    this.requests.push({ method, params });
    const attached = { ...from, params: params as Params<'session.attach'> };
    const answer = this.answers[method];
    if (method === 'session.attach') this.attached.push(attached);
    this.#changed();
    if (answer !== undefined) return answer(params, attached);
    if (method !== 'session.attach') return {};
    // Two microtasks after this the reply is written.
    setImmediate(() => this.afterReply(attached));
    return this.reply(attached.params);
  }

  reply({ resume }: Params<'session.attach'>): AttachReply {
    const resumed =
      resume !== undefined &&
      resume.repaint !== true &&
      (resume.pty === undefined || resume.pty === this.pty);
    return {
      session: sessionInfo(),
      inputOffset: this.input.length,
      offset: resumed ? resume.offset : 0,
      resumed,
      sizeGeneration: 0,
      pty: this.pty,
    };
  }

  #changed(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
