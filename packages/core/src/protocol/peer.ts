import type { Duplex } from 'node:stream';
import { TermError } from '../errors/index.ts';
import {
  decodeControl,
  encodeAck,
  encodeControl,
  encodeDataHeader,
  encodeFrame,
  type Frame,
  FrameDecoder,
  FrameKind,
  MAX_SERVED_PAYLOAD_BYTES,
} from './frame-codec.ts';
import {
  type Hello,
  negotiate,
  parseHello,
  parseWelcome,
  type Reject,
  type VersionRange,
  type Welcome,
} from './handshake.ts';

/** What a side does with what the other one sends. Handlers may throw; a request's error becomes its reply. */
export interface PeerHandlers {
  request?(method: string, params: unknown, channel: number): unknown;
  notification?(method: string, params: unknown, channel: number): void;
  /** Output, input, snapshot and ack frames. Payloads are views, valid during the call only. */
  data?(frame: Frame): void;
  /** Once, when the connection is over; the error says why when it was not asked for. */
  close?(error: TermError | undefined): void;
  /** The write queue ran empty after `write…` returned false. */
  drain?(): void;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: TermError): void;
  timer: NodeJS.Timeout | undefined;
  replied?: ((isError: boolean) => void) | undefined;
}

/** Requests of the other side that may be under way at once; more are answered with TOO_MANY_WAITING. */
const MAX_INBOUND_REQUESTS = 256;
/** Frames that a peer may send on top of its handshake before that is answered. */
const MAX_EARLY_FRAMES = 64;
/**
 * Bytes that an accepting side may owe; beyond it reads no more of what the other one sends until that has read them all.
 * More than what attachments have in flight, so that only who asks and never reads comes there.
 */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024;
/** Who does not read is told no more beyond this, but dropped. */
const MAX_UNTOLD_BYTES = 64 * 1024 * 1024;
/** How long a rejected peer may take to read why. */
const REJECT_LINGER_MS = 1000;
/** How long the other side may take to read what was sent before a close. */
const CLOSE_LINGER_MS = 5000;
/** A peer that does not finish its handshake in this time is dropped. */
export const HANDSHAKE_TIMEOUT_MS = 5000;
/** Default deadline of a request. */
export const REQUEST_TIMEOUT_MS = 10_000;

/** Request/response, notifications and data frames over any duplex byte stream. */
export class Peer {
  readonly #stream: Duplex;
  readonly #handlers: PeerHandlers;
  readonly #decoder = new FrameDecoder();
  readonly #waiting = new Map<number, Waiting>();
  #inboundRequests = 0;
  #nextId = 1;
  #closed = false;
  /** This side accepted the connection; only such a one stops reading, so that never both sides wait. */
  #accepting = false;
  /** The other side does not read, so neither do we. */
  #holdsBack = false;
  #handshake: ((message: unknown) => void) | undefined;
  /** Frames that came before the handshake was judged; undefined once the connection is open. */
  #early: Frame[] | undefined = [];

  constructor(stream: Duplex, handlers: PeerHandlers) {
    this.#stream = stream;
    this.#handlers = handlers;
    stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    stream.on('drain', () => {
      if (this.#holdsBack) stream.resume();
      this.#holdsBack = false;
      handlers.drain?.();
    });
    stream.on('error', cause =>
      this.#end(new TermError('CONNECTION_LOST', `The connection failed: ${cause.message}`, { cause })),
    );
    stream.on('close', () =>
      this.#end(new TermError('CONNECTION_LOST', 'The other side closed the connection.')),
    );
    stream.on('end', () =>
      this.#end(new TermError('CONNECTION_LOST', 'The other side closed the connection.')),
    );
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Bytes that wait to be sent. */
  get queuedBytes(): number {
    return this.#stream.writableLength;
  }

  /** The opening side's handshake. Throws PROTOCOL_MISMATCH, CONNECTION_LOST, TIMEOUT or BAD_MESSAGE. */
  async open(
    protocol: VersionRange,
    software: string,
    features: string[] = [],
    timeoutMs = HANDSHAKE_TIMEOUT_MS,
  ): Promise<Welcome['welcome']> {
    this.#decoder.maxPayloadBytes = MAX_SERVED_PAYLOAD_BYTES;
    const answer = this.#firstMessage(timeoutMs);
    const hello: Hello = { hello: { protocol: { ...protocol }, software, features } };
    this.#stream.write(encodeControl(0, hello));
    try {
      const welcome = parseWelcome(await answer);
      if (welcome.protocol < protocol.min || welcome.protocol > protocol.max) {
        throw new TermError(
          'PROTOCOL_MISMATCH',
          `${welcome.software} chose protocol ${welcome.protocol}, which this side does not speak.`,
        );
      }
      this.#admitEarly();
      return welcome;
    } catch (thrown) {
      const error = TermError.from(thrown);
      this.#end(error);
      throw error;
    }
  }

  /**
   * The accepting side's handshake. A peer of no common version, or one that `admit` throws at, is told so and
   * dropped; then this throws the same error.
   */
  async accept(
    protocol: VersionRange,
    software: string,
    features: string[] = [],
    admit: (hello: Hello['hello']) => void = () => {},
    timeoutMs = HANDSHAKE_TIMEOUT_MS,
  ): Promise<Hello['hello'] & { version: number }> {
    this.#accepting = true;
    try {
      const hello = parseHello(await this.#firstMessage(timeoutMs));
      const version = negotiate(protocol, hello.protocol, hello.software);
      admit(hello);
      const welcome: Welcome = { welcome: { protocol: version, software, features } };
      this.#stream.write(encodeControl(0, welcome));
      this.#admitEarly();
      return { ...hello, version };
    } catch (thrown) {
      const error = TermError.from(thrown);
      this.#reject(error);
      throw error;
    }
  }

  /** Tells the peer why, and closes when it has read that or its time is over. */
  #reject(error: TermError): void {
    if (this.#closed) return;
    const reject: Reject = { reject: error.toWire() };
    this.#stream.write(encodeControl(0, reject));
    this.#settleAll(error);
    this.#finish(REJECT_LINGER_MS);
  }

  /**
   * Ends our direction and waits for the other side to end its own: closing at once, with bytes of it unread, could make
   * the system drop what was sent.
   */
  #finish(lingerMs: number): void {
    if (this.#stream.destroyed) return;
    const linger = setTimeout(() => this.#stream.destroy(), lingerMs).unref();
    this.#stream.once('close', () => clearTimeout(linger));
    this.#stream.resume();
    this.#stream.end();
  }

  /**
   * Sends a request and waits for its reply. `timeoutMs` 0: as long as the connection lives. `replied` is called when the reply has
   * come, before anything that follows it is dispatched. Rejects with the other side's error, TIMEOUT, CONNECTION_LOST or TOO_LARGE.
   */
  async request(
    method: string,
    params: unknown,
    options: { timeoutMs?: number; channel?: number; replied?: (isError: boolean) => void } = {},
  ): Promise<unknown> {
    if (this.#closed) throw new TermError('CONNECTION_LOST', 'The connection is closed.');
    const { timeoutMs = REQUEST_TIMEOUT_MS, channel = 0, replied } = options;
    const id = this.#nextId++;
    const request = encodeControl(channel, { id, method, params });
    return new Promise((resolve, reject) => {
      const timer =
        timeoutMs === 0
          ? undefined
          : setTimeout(() => {
              this.#waiting.delete(id);
              reject(new TermError('TIMEOUT', `No answer to ${method} within ${timeoutMs} ms.`));
            }, timeoutMs);
      this.#waiting.set(id, { resolve, reject, timer, replied });
      this.#stream.write(request);
    });
  }

  /** False when the other side is slow and the caller should wait for `drain`. */
  notify(method: string, params: unknown, channel = 0): boolean {
    if (this.#closed) return false;
    if (this.queuedBytes > MAX_UNTOLD_BYTES) {
      this.#end(new TermError('CONNECTION_LOST', 'The other side does not read.'));
      return false;
    }
    return this.#stream.write(encodeControl(channel, { method, params }));
  }

  /** Sends an output, input or snapshot frame. The bytes are not copied: the caller must not change them. */
  writeData(
    kind: typeof FrameKind.output | typeof FrameKind.input | typeof FrameKind.snapshot,
    channel: number,
    offset: number,
    bytes: Uint8Array,
  ): boolean {
    if (this.#closed) return false;
    this.#stream.cork();
    this.#stream.write(encodeDataHeader(kind, channel, offset, bytes.length));
    const more = this.#stream.write(bytes);
    this.#stream.uncork();
    return more;
  }

  /** Sends a frame as it came. Its payload is copied. */
  forward({ kind, channel, payload, flags }: Frame): boolean {
    return !this.#closed && this.#stream.write(encodeFrame(kind, channel, payload, flags));
  }

  writeAck(channel: number, offset: number, snapshots: number): boolean {
    return !this.#closed && this.#stream.write(encodeAck(channel, offset, snapshots));
  }

  /** Sends what is queued, then closes; after some time at once. Requests under way fail with CONNECTION_LOST. */
  close(): void {
    this.#end(undefined);
    this.#finish(CLOSE_LINGER_MS);
  }

  /** Closes at once and drops what is queued. */
  destroy(error?: TermError): void {
    this.#end(error);
    this.#stream.destroy();
  }

  #firstMessage(timeoutMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new TermError('TIMEOUT', `No handshake within ${timeoutMs} ms.`)),
        timeoutMs,
      );
      this.#waiting.set(0, { resolve, reject, timer });
      this.#handshake = message => {
        clearTimeout(timer);
        this.#waiting.delete(0);
        resolve(message);
      };
    });
  }

  #receive(chunk: Buffer): void {
    if (this.#closed) return;
    this.#guard(() => {
      for (const frame of this.#decoder.push(chunk)) {
        if (this.#closed) return;
        this.#admit(frame);
      }
    });
    if (!this.#accepting || this.#closed || this.queuedBytes <= MAX_UNREAD_BYTES) return;
    this.#holdsBack = true;
    this.#stream.pause();
  }

  /** A frame that makes no sense ends the connection, never the process. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (thrown) {
      this.#end(TermError.from(thrown, 'BAD_FRAME'));
    }
  }

  /** Before the handshake is judged nothing else is acted on. */
  #admit(frame: Frame): void {
    const handshake = this.#handshake;
    if (handshake !== undefined) {
      if (frame.kind !== FrameKind.control)
        throw new TermError('BAD_MESSAGE', 'The peer did not begin with a handshake.');
      this.#handshake = undefined;
      handshake(decodeControl(frame));
    } else if (this.#early === undefined) {
      this.#dispatch(frame);
    } else if (this.#early.length < MAX_EARLY_FRAMES) {
      this.#early.push({ ...frame, payload: Buffer.from(frame.payload) });
    } else {
      throw new TermError('BAD_MESSAGE', 'The peer did not wait for the handshake.');
    }
  }

  #admitEarly(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    this.#guard(() => {
      for (const frame of early) this.#dispatch(frame);
    });
  }

  #dispatch(frame: Frame): void {
    if (frame.kind !== FrameKind.control) {
      this.#handlers.data?.(frame);
      return;
    }
    const message = decodeControl(frame);
    if (typeof message !== 'object' || message === null)
      throw new TermError('BAD_MESSAGE', 'A control message is not an object.');
    const { id, method, params, result, error } = message as Record<string, unknown>;
    if (typeof method === 'string') {
      if (typeof id === 'number') void this.#answer(id, method, params, frame.channel);
      else this.#handlers.notification?.(method, params, frame.channel);
    } else if (typeof id === 'number') {
      this.#settle(id, result, error);
    } else {
      throw new TermError('BAD_MESSAGE', 'A control message has neither method nor id.');
    }
  }

  async #answer(id: number, method: string, params: unknown, channel: number): Promise<void> {
    let reply: Buffer;
    this.#inboundRequests += 1;
    try {
      if (this.#inboundRequests > MAX_INBOUND_REQUESTS)
        throw new TermError('TOO_MANY_WAITING', 'Too many requests are under way.');
      if (this.#handlers.request === undefined)
        throw new TermError('UNKNOWN_METHOD', `Unknown method ${method}.`);
      reply = encodeResult(channel, id, (await this.#handlers.request(method, params, channel)) ?? {});
    } catch (thrown) {
      reply = encodeError(channel, id, TermError.from(thrown));
    } finally {
      this.#inboundRequests -= 1;
    }
    if (!this.#closed) this.#stream.write(reply);
  }

  #settle(id: number, result: unknown, error: unknown): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    waiting.replied?.(error !== undefined);
    if (error === undefined) waiting.resolve(result);
    else waiting.reject(TermError.fromWire(error));
  }

  #end(error: TermError | undefined): void {
    if (this.#closed) return;
    if (error !== undefined) this.#stream.destroy();
    this.#settleAll(error);
  }

  #settleAll(error: TermError | undefined): void {
    this.#closed = true;
    for (const waiting of this.#waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(error ?? new TermError('CONNECTION_LOST', 'The connection was closed.'));
    }
    this.#waiting.clear();
    this.#handlers.close?.(error);
  }
}

/** Throws TOO_LARGE. */
function encodeResult(channel: number, id: number, result: unknown): Buffer {
  try {
    return encodeControl(channel, { id, result });
  } catch (thrown) {
    const error = TermError.from(thrown);
    if (error.code !== 'TOO_LARGE') throw error;
    throw new TermError('TOO_LARGE', error.message, { hint: 'Ask for less at once.' });
  }
}

/** What cannot be sent of an error is left out. */
function encodeError(channel: number, id: number, error: TermError): Buffer {
  try {
    return encodeControl(channel, { id, error: error.toWire() });
  } catch {
    const { code, message, hint } = error;
    return encodeControl(channel, {
      id,
      error: { code, message: message.slice(0, 1024), hint: hint.slice(0, 1024) },
    });
  }
}
