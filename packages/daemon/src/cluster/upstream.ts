import type { Duplex } from 'node:stream';
import type { WindowSize } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import {
  type ClientNotificationParams,
  type Frame,
  FrameKind,
  Peer,
  PROTOCOL,
  VERSION,
} from '@triterm/core/protocol';

/** Whom it is for. Told of nothing before it is open. */
export interface UpstreamListener {
  /** Of an attachment's channel. The payload is valid during the call only. */
  frame(frame: Frame): void;
  notification(method: string, params: unknown, channel: number): void;
  /** The other server does not keep up: ask for no more until what this returns is called. */
  holdBack(): () => void;
  /** It is over. With an error when it was lost, without when it was not needed any more. */
  ended(error: TermError | undefined): void;
}

/** What became of a request: the other server's result, its error, or no word of it, when it may have been done all the same. */
export type Answer =
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'refusal'; readonly error: TermError }
  | { readonly kind: 'silence'; readonly error: TermError };

export interface UpstreamRequest {
  readonly method: string;
  readonly params: unknown;
  readonly channel: number;
  /** 0: as long as the connection lives. */
  readonly timeoutMs: number;
  /** The result has come, and nothing that follows it was told yet. */
  readonly onResult?: () => void;
}

/** From the first byte to the end of the protocol's handshake. */
const CONNECT_MS = 3000;
/** The client is not read while there is more than this to be sent to the other server. */
const MAX_QUEUED_BYTES = 4 * 1024 * 1024;
/** Kept this long for the next request when nothing uses it. */
const IDLE_MS = 30_000;
/** A client that says something without typing or acknowledging is made known this often. */
const PING_INTERVAL_MS = 10_000;

/** A connection to the server that owns a session, on behalf of one client of ours. */
export class Upstream {
  readonly #stream: Duplex;
  readonly #peer: Peer;
  readonly #listener: UpstreamListener;
  #goOn: (() => void) | undefined;
  #users = 0;
  #idle: NodeJS.Timeout | undefined;
  #isOpen = false;
  #sentAtMs = performance.now();

  private constructor(stream: Duplex, listener: UpstreamListener) {
    this.#stream = stream;
    this.#listener = listener;
    this.#peer = new Peer(stream, {
      data: frame => {
        if (this.#isOpen) listener.frame(frame);
      },
      notification: (method, params, channel) => {
        if (this.#isOpen) listener.notification(method, params, channel);
      },
      drain: () => this.#drained(),
      close: error => {
        clearTimeout(this.#idle);
        this.#drained();
        if (this.#isOpen) listener.ended(error);
      },
    });
  }

  /** Rejects as `dial` and `Peer.open`. */
  static async open(
    dial: (timeoutMs: number) => Promise<Duplex>,
    listener: UpstreamListener,
  ): Promise<Upstream> {
    const startedAtMs = performance.now();
    const stream = await dial(CONNECT_MS);
    const upstream = new Upstream(stream, listener);
    const leftMs = Math.max(1, CONNECT_MS - (performance.now() - startedAtMs));
    await upstream.#peer.open(PROTOCOL, `tritermd ${VERSION}`, [], leftMs);
    upstream.#isOpen = true;
    return upstream;
  }

  get closed(): boolean {
    return this.#peer.closed;
  }

  /** Somebody needs it, until what this returns is called. */
  use(): () => void {
    this.#users += 1;
    clearTimeout(this.#idle);
    let isUsed = true;
    return () => {
      if (!isUsed) return;
      isUsed = false;
      this.#users -= 1;
      if (this.#users === 0 && !this.closed) this.#idle = setTimeout(() => this.close(), IDLE_MS).unref();
    };
  }

  async request({ method, params, channel, timeoutMs, onResult }: UpstreamRequest): Promise<Answer> {
    const release = this.use();
    let hasAnswer = false;
    try {
      const answer = this.#peer.request(method, params, {
        timeoutMs,
        channel,
        replied: isError => {
          hasAnswer = true;
          if (!isError) onResult?.();
        },
      });
      this.#sent();
      return { kind: 'result', result: await answer };
    } catch (thrown) {
      const error = TermError.from(thrown);
      // Too large to be sent: nobody has heard of it.
      return { kind: hasAnswer || error.code === 'TOO_LARGE' ? 'refusal' : 'silence', error };
    } finally {
      release();
    }
  }

  input(channel: number, offset: number, bytes: Uint8Array): void {
    this.#peer.writeData(FrameKind.input, channel, offset, Uint8Array.from(bytes));
    this.#sent();
  }

  acknowledge(channel: number, offset: number, snapshots: number): void {
    this.#peer.writeAck(channel, offset, snapshots);
    this.#sent();
  }

  windowChanged(channel: number, window: WindowSize): void {
    this.#peer.notify('attachment.resize', window, channel);
    this.#sent();
  }

  colours(channel: number, colours: ClientNotificationParams<'attachment.colours'>): void {
    this.#peer.notify('attachment.colours', colours, channel);
    this.#sent();
  }

  /** The client is there: the other server hears of it, at times. */
  heard(nowMs: number): void {
    if (this.closed || nowMs - this.#sentAtMs < PING_INTERVAL_MS) return;
    void this.request({ method: 'ping', params: {}, channel: 0, timeoutMs: PING_INTERVAL_MS });
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  /** Sends what is queued, then ends it. */
  close(): void {
    if (!this.closed) this.#peer.close();
  }

  #sent(): void {
    this.#sentAtMs = performance.now();
    if (this.#goOn === undefined && this.#peer.queuedBytes > MAX_QUEUED_BYTES && !this.closed)
      this.#goOn = this.#listener.holdBack();
  }

  #drained(): void {
    const goOn = this.#goOn;
    this.#goOn = undefined;
    goOn?.();
  }
}
