import type { WindowSize } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { HostRecord, HostRecordParams, PtyInfo } from '@triterm/core/protocol';
import { HostInput } from './host-input.ts';
import type { HostLink } from './host-link.ts';
import type { Pty, PtyInput, PtySink, StreamStart } from './pty.ts';

/** What a PTY needs of the connection to its host. */
export type PtyLink = Pick<HostLink, 'request' | 'command' | 'input' | 'checkpoint'>;

/** What a PTY needs of the client of its host. */
export interface HostAccess {
  readonly hostId: string;
  /** The connection; throws PTY_HOST_UNAVAILABLE while there is none. */
  link(): PtyLink;
  linkIfOpen(): PtyLink | undefined;
  /** A channel that no other stream or input of this host has. */
  nextChannel(): number;
  route(channel: number, pty: HostPty): void;
  unroute(channel: number): void;
  forgotten(pty: HostPty): void;
}

/** The one stream of a PTY, as it must be asked for again over a new connection. */
interface Stream {
  channel: number;
  /** The connection over which it was asked for last. */
  link: PtyLink;
  readonly sink: PtySink;
  /** Nothing has come yet; the host's checkpoint, when it has one, comes first. */
  awaitsCheckpoint: boolean;
  /** What comes next. */
  offset: number;
  sizeGeneration: number;
  creditThrough: number;
  exitTold: boolean;
  eofTold: boolean;
}

/** A PTY on a host; survives the loss of the connection as long as the host lives. */
export class HostPty implements Pty {
  readonly session: string;
  readonly info: PtyInfo;
  readonly #host: HostAccess;
  /** By channel, with the connection over which each was opened last. */
  readonly #inputs = new Map<number, { readonly input: HostInput; link: PtyLink }>();
  #stream: Stream | undefined;
  #flow: { floor: number | null; paceThrough: number | null } | undefined;
  #lost = false;

  constructor(host: HostAccess, info: PtyInfo) {
    this.#host = host;
    this.session = info.session;
    this.info = info;
  }

  get hostId(): string {
    return this.#host.hostId;
  }

  get pid(): number {
    return this.info.pid;
  }

  get handle(): number {
    return this.info.handle;
  }

  async subscribe(from: StreamStart, sink: PtySink): Promise<{ offset: number; logEnd: number }> {
    const link = this.#host.link();
    const before = this.#stream;
    const stream: Stream = {
      channel: this.#host.nextChannel(),
      link,
      sink,
      awaitsCheckpoint: from.fromCheckpoint ?? false,
      offset: from.offset,
      sizeGeneration: from.sizeGeneration,
      creditThrough: from.creditThrough,
      exitTold: false,
      eofTold: false,
    };
    this.#begin(stream);
    try {
      return await link.request('subscribe', {
        handle: this.handle,
        channel: stream.channel,
        offset: from.offset,
        fromCheckpoint: stream.awaitsCheckpoint,
        sizeGeneration: from.sizeGeneration,
        creditThrough: stream.creditThrough,
      });
    } catch (thrown) {
      // The host goes on with the stream that there was; what it sent meanwhile was not taken, so that is asked for again.
      if (this.#stream === stream) {
        this.#host.unroute(stream.channel);
        this.#stream = undefined;
        if (before !== undefined) await this.#resubscribe(before, link);
      }
      throw thrown;
    }
  }

  #begin(stream: Stream): void {
    if (this.#stream !== undefined) this.#host.unroute(this.#stream.channel);
    this.#stream = stream;
    this.#host.route(stream.channel, this);
  }

  credit(creditThrough: number): void {
    const stream = this.#stream;
    if (stream === undefined || creditThrough <= stream.creditThrough) return;
    stream.creditThrough = creditThrough;
    this.#host.linkIfOpen()?.command('credit', { channel: stream.channel, creditThrough });
  }

  flow(floor: number | null, paceThrough: number | null): void {
    this.#flow = { floor, paceThrough };
    this.#host.linkIfOpen()?.command('flow', { handle: this.handle, floor, paceThrough });
  }

  resize(size: WindowSize, sizeGeneration: number): Promise<{ offset: number; applied: boolean }> {
    const { cols, rows } = size;
    return this.#request(link => link.request('resize', { handle: this.handle, cols, rows, sizeGeneration }));
  }

  async signal(signal: string): Promise<void> {
    await this.#request(link => link.request('signal', { handle: this.handle, signal }));
  }

  async forget(): Promise<void> {
    await this.#request(link => link.request('forget', { handle: this.handle }));
    this.#end();
    this.#host.forgotten(this);
  }

  async #request<T>(ask: (link: PtyLink) => Promise<T>): Promise<T> {
    return ask(this.#host.link());
  }

  answer(queryEnd: number, data: Uint8Array): void {
    const text = Buffer.from(data.buffer, data.byteOffset, data.length).toString('base64');
    this.#host.linkIfOpen()?.command('answer', { handle: this.handle, queryEnd, data: text });
  }

  checkpoint(offset: number, sizeGeneration: number, bytes: Uint8Array): void {
    this.#host.linkIfOpen()?.checkpoint(this.handle, sizeGeneration, offset, bytes);
  }

  async openInput(attachment: string, onApplied: (inputOffset: number) => void): Promise<PtyInput> {
    const link = this.#host.link();
    const input = new HostInput(attachment, this.#host.nextChannel(), this.#inputRoute(), onApplied);
    const { channel } = input;
    this.#inputs.set(channel, { input, link });
    this.#host.route(channel, this);
    try {
      const { inputOffset } = await link.request('input.open', { handle: this.handle, channel, attachment });
      input.opened(inputOffset);
      return input;
    } catch (thrown) {
      this.#dropInput(channel);
      throw thrown;
    }
  }

  #inputRoute() {
    return {
      send: (channel: number, offset: number, bytes: Uint8Array) =>
        this.#host.linkIfOpen()?.input(channel, offset, bytes),
      close: (channel: number, forget: boolean) => {
        this.#dropInput(channel);
        // Without a connection the host has closed it already; its memory of a forgotten one ends by itself.
        this.#host
          .linkIfOpen()
          ?.request('input.close', { channel, forget })
          .catch(() => {});
      },
    };
  }

  #dropInput(channel: number): void {
    this.#inputs.delete(channel);
    this.#host.unroute(channel);
  }

  // What the host sends, on this PTY's channels.

  inputApplied(channel: number, inputOffset: number): void {
    this.#inputs.get(channel)?.input.applied(inputOffset);
  }

  output(channel: number, offset: number, bytes: Buffer): void {
    const stream = this.#current(channel);
    if (stream === undefined) return;
    stream.offset = offset + bytes.length;
    stream.sink.output(offset, bytes);
  }

  checkpointArrived(channel: number, offset: number, bytes: Buffer): void {
    const stream = this.#current(channel);
    if (stream === undefined) return;
    stream.offset = offset;
    stream.sink.checkpoint(offset, bytes);
  }

  record<N extends HostRecord>(channel: number, name: N, params: HostRecordParams<N>): void {
    const stream = this.#current(channel);
    if (stream === undefined) return;
    const tell: { [K in HostRecord]: (record: HostRecordParams<K>) => void } = {
      resize: ({ offset, cols, rows, sizeGeneration }) => {
        stream.sizeGeneration = sizeGeneration;
        stream.sink.resized(offset, { cols, rows }, sizeGeneration);
      },
      gap: ({ from, to }) => {
        stream.offset = to;
        stream.sink.gap(from, to);
      },
      exit: ({ offset, status }) => {
        if (!stream.exitTold) stream.sink.exited(offset, status);
        stream.exitTold = true;
      },
      eof: ({ offset }) => {
        if (!stream.eofTold) stream.sink.eof(offset);
        stream.eofTold = true;
      },
    };
    tell[name](params);
  }

  /** The stream, when something of it has come on this channel. */
  #current(channel: number): Stream | undefined {
    if (this.#stream?.channel !== channel) return undefined;
    this.#stream.awaitsCheckpoint = false;
    return this.#stream;
  }

  /**
   * The connection was made again: everything that the host knew of the old one is told anew. What was asked for over the
   * new one meanwhile is not asked for twice.
   */
  async resume(link: PtyLink): Promise<void> {
    if (this.#flow !== undefined) link.command('flow', { handle: this.handle, ...this.#flow });
    if (this.#stream !== undefined && this.#stream.link !== link) await this.#resubscribe(this.#stream, link);
    for (const opened of this.#inputs.values()) {
      if (opened.link === link) continue;
      opened.link = link;
      const { channel, attachment } = opened.input;
      const { inputOffset } = await link.request('input.open', { handle: this.handle, channel, attachment });
      opened.input.opened(inputOffset);
    }
  }

  async #resubscribe(stream: Stream, link: PtyLink): Promise<void> {
    stream.channel = this.#host.nextChannel();
    stream.link = link;
    this.#begin(stream);
    const ask = (offset: number) =>
      link.request('subscribe', {
        handle: this.handle,
        channel: stream.channel,
        offset,
        fromCheckpoint: stream.awaitsCheckpoint,
        sizeGeneration: stream.sizeGeneration,
        creditThrough: stream.creditThrough,
      });
    try {
      await ask(stream.offset);
    } catch (thrown) {
      if (!(thrown instanceof TermError) || thrown.code !== 'TOO_LARGE') throw thrown;
      const start = await this.#logStart(link);
      stream.sink.gap(stream.offset, start);
      stream.offset = start;
      await ask(start);
    }
  }

  async #logStart(link: PtyLink): Promise<number> {
    const { ptys } = await link.request('list', {});
    const info = ptys.find(pty => pty.handle === this.handle);
    if (info === undefined) throw new TermError('SESSION_NOT_FOUND', 'The pty-host has forgotten this PTY.');
    return info.logStart;
  }

  /** The host is gone for good. */
  lose(error: TermError): void {
    if (this.#lost) return;
    this.#lost = true;
    const stream = this.#stream;
    this.#end();
    stream?.sink.lost(error);
  }

  #end(): void {
    if (this.#stream !== undefined) this.#host.unroute(this.#stream.channel);
    this.#stream = undefined;
    for (const channel of this.#inputs.keys()) this.#host.unroute(channel);
    this.#inputs.clear();
  }
}
