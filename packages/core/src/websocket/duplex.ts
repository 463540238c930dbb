import { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { TermError } from '../errors/index.ts';
import { CloseCode, fittingReason } from './close-codes.ts';
import { Heartbeat, type HeartbeatTimes } from './heartbeat.ts';
import { MAX_SENT_MESSAGE_BYTES, toMessages } from './wire.ts';

export type WebSocketDuplexOptions = Partial<HeartbeatTimes>;

const PING_INTERVAL_MS = 15_000;
const PONG_TIMEOUT_MS = 10_000;
const STALL_TIMEOUT_MS = 60_000;
/** How long the other side may take to answer a close frame. */
const CLOSE_TIMEOUT_MS = 5000;
/** How long bytes that nobody reads are kept after the connection is over. */
const UNREAD_LINGER_MS = 5000;

type Done = (error?: Error | null) => void;

/**
 * A byte stream over a WebSocket's binary messages. Their boundaries mean nothing, but chunks that are written corked go as one. The
 * other side is slowed down by what is not read here, and `write` tells when it is slow. `end` sends what is queued, then closes with
 * a handshake; `destroy` cuts the connection, and so does a peer that shows no sign of life or takes nothing of what waits for
 * it. A text message or one that is too large ends it with the close code for it.
 */
export class WebSocketDuplex extends Duplex {
  readonly #webSocket: WebSocket;
  readonly #heartbeat: Heartbeat;
  #code: number = CloseCode.normal;
  #reason = '';
  /** Destroyed with a close frame, not cut. */
  #isRefused = false;
  #linger: NodeJS.Timeout | undefined;

  constructor(webSocket: WebSocket, options: WebSocketDuplexOptions = {}) {
    super({ allowHalfOpen: false });
    this.#webSocket = webSocket;
    const {
      pingIntervalMs = PING_INTERVAL_MS,
      pongTimeoutMs = PONG_TIMEOUT_MS,
      stallTimeoutMs = STALL_TIMEOUT_MS,
    } = options;
    this.#heartbeat = new Heartbeat(webSocket, { pingIntervalMs, pongTimeoutMs, stallTimeoutMs }, () => {
      this.destroy(new TermError('CONNECTION_LOST', 'The other side does not answer any more.'));
    });
    webSocket.on('message', (data, isBinary) => this.#message(data, isBinary));
    // What comes wrong from the other side; a close frame with the code for it was sent.
    webSocket.on('error', cause => {
      this.#isRefused = true;
      this.destroy(new TermError('CONNECTION_LOST', cause.message, { cause }));
    });
    webSocket.on('close', () => this.#closed());
    // Who does not listen sees it close.
    this.on('error', () => {});
  }

  /** The close code and reason that `end` will send. */
  partWith(code: number, reason = ''): void {
    this.#code = code;
    this.#reason = fittingReason(reason);
  }

  /** Ends it at once with a close frame; what is queued is dropped, and nothing more is read. */
  refuse(code: number, reason: string): void {
    if (this.destroyed) return;
    this.partWith(code, reason);
    this.#isRefused = true;
    this.destroy();
  }

  override _read(): void {
    if (this.#webSocket.isPaused) this.#webSocket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#send([chunk], done);
  }

  override _writev(chunks: { readonly chunk: Buffer }[], done: Done): void {
    this.#send(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  override _final(done: Done): void {
    if (this.#webSocket.readyState === this.#webSocket.CLOSED) {
      done();
      return;
    }
    this.#webSocket.once('close', () => done());
    this.#close();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#heartbeat.stop();
    clearTimeout(this.#linger);
    if (this.#isRefused) this.#close();
    else this.#webSocket.terminate();
    done(error);
  }

  #message(data: RawData, isBinary: boolean): void {
    if (this.destroyed) return;
    this.#heartbeat.heard();
    if (!isBinary || !Buffer.isBuffer(data))
      this.refuse(CloseCode.notBinary, 'Only binary messages are understood.');
    else if (!this.push(data)) this.#webSocket.pause();
  }

  #send(chunks: readonly Buffer[], done: Done): void {
    this.#sendNext(toMessages(chunks, MAX_SENT_MESSAGE_BYTES).values(), done);
  }

  /** One after the other: of several the system tells only when it has taken all, and that may take a slow link minutes. */
  #sendNext(messages: Iterator<Buffer>, done: Done): void {
    const { value: message } = messages.next();
    // What the other side will not read any more is no error here: its `close` is on the way, behind bytes that still have to be read.
    if (message === undefined || this.#webSocket.readyState !== this.#webSocket.OPEN) {
      done();
      return;
    }
    this.#webSocket.send(message, () => {
      this.#heartbeat.taken(message.length);
      this.#sendNext(messages, done);
    });
  }

  /** A close handshake, with a deadline; the other side's part of it has to be read. */
  #close(): void {
    const deadline = setTimeout(() => this.#webSocket.terminate(), CLOSE_TIMEOUT_MS).unref();
    this.#webSocket.once('close', () => clearTimeout(deadline));
    this.#webSocket.resume();
    this.#webSocket.close(this.#code, this.#reason);
  }

  #closed(): void {
    if (this.destroyed) return;
    this.push(null);
    this.#linger = setTimeout(() => this.destroy(), UNREAD_LINGER_MS).unref();
  }
}
