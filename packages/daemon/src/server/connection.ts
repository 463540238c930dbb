import type { Duplex } from 'node:stream';
import type { Principal } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { decodeAck, decodeData, type Frame, FrameKind, type Peer } from '@triterm/core/protocol';
import { CLIENT_NOTIFICATIONS } from '@triterm/core/protocol/messages';
import type { ChannelEnd } from './channel-end.ts';

/** What a connection may leave behind to be cleaned up, beside its attachments. */
const MAX_SUBSCRIPTIONS = 64;
/** What may be attached through a connection at once, here and elsewhere. */
const MAX_CHANNELS = 32;

/** What a connection holds: attachments by channel, subscriptions, requests under way. Ends with its socket. */
export class Connection {
  readonly peer: Peer;
  /** On whose behalf it acts. */
  readonly principal: Principal;
  /** It came over a network. */
  readonly remote: boolean;
  readonly #socket: Duplex;
  readonly #channels = new Map<number, ChannelEnd>();
  /** On which something is being attached; one may be there more than once. */
  readonly #attaching: number[] = [];
  readonly #cleanups: (() => void)[] = [];
  readonly #gone = new AbortController();
  #draining: Promise<void> | undefined;
  #pauses = 0;

  constructor(
    socket: Duplex,
    makePeer: (connection: Connection) => Peer,
    caller: { readonly principal: Principal; readonly remote: boolean },
  ) {
    this.#socket = socket;
    this.principal = caller.principal;
    this.remote = caller.remote;
    this.peer = makePeer(this);
  }

  /** Aborts when the client has gone. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Its client has said something: it is there. */
  heard(): void {
    const nowMs = performance.now();
    for (const end of this.#channels.values()) end.heard(nowMs);
  }

  /** Reads nothing more of what its client sends until what this returns is called, by everybody who holds it. */
  pauseReading(): () => void {
    this.#pauses += 1;
    this.#socket.pause();
    let isPaused = true;
    return () => {
      if (!isPaused) return;
      isPaused = false;
      this.#pauses -= 1;
      if (this.#pauses === 0) this.#socket.resume();
    };
  }

  /** When everything that waits to be sent has been handed to the system, or its client has gone. */
  drained(): Promise<void> {
    const gone = this.#gone.signal;
    if (gone.aborted || !this.#socket.writableNeedDrain) return Promise.resolve();
    this.#draining ??= new Promise(resolve => {
      const done = () => {
        this.#socket.off('drain', done);
        gone.removeEventListener('abort', done);
        this.#draining = undefined;
        resolve();
      };
      this.#socket.on('drain', done);
      gone.addEventListener('abort', done);
    });
    return this.#draining;
  }

  /** Once everything that waits to be sent has been handed to the system; never when its client goes before. */
  onDrained(listener: () => void): void {
    this.#socket.once('drain', listener);
  }

  /** Runs when the connection is over. Throws TOO_MANY_WAITING, and runs at once, when there are too many of them. */
  onClose(cleanup: () => void): void {
    const isFull = this.#cleanups.length >= MAX_SUBSCRIPTIONS;
    if (isFull || this.#gone.signal.aborted) cleanup();
    else this.#cleanups.push(cleanup);
    if (isFull) {
      throw new TermError('TOO_MANY_WAITING', `A connection may subscribe ${MAX_SUBSCRIPTIONS} times.`, {
        hint: 'Subscribe once, to all sessions.',
      });
    }
  }

  /**
   * Does what leads to an `add`. Rejects with TOO_MANY_CLIENTS when as many channels as a connection over the network may have are in
   * use, or about to be.
   */
  async attaching<T>(channel: number, attach: () => Promise<T>): Promise<T> {
    const inUse = new Set([...this.#channels.keys(), ...this.#attaching]);
    if (this.remote && !inUse.has(channel) && inUse.size >= MAX_CHANNELS) {
      throw new TermError('TOO_MANY_CLIENTS', `A connection may have ${MAX_CHANNELS} clients attached.`, {
        hint: 'Open another connection.',
      });
    }
    this.#attaching.push(channel);
    try {
      return await attach();
    } finally {
      this.#attaching.splice(this.#attaching.indexOf(channel), 1);
    }
  }

  /** From now on the channel ends there. */
  add(channel: number, end: ChannelEnd): void {
    this.#channels.get(channel)?.drop();
    this.#channels.delete(channel);
    if (this.#gone.signal.aborted) end.drop();
    else this.#channels.set(channel, end);
  }

  /** What stands behind each channel that is in use. */
  ends(): ReadonlyMap<number, ChannelEnd> {
    return this.#channels;
  }

  /** The client detaches on purpose. Throws CLIENT_NOT_FOUND; returns as `ChannelEnd.detach`. */
  detach(channel: number): Promise<void> | undefined {
    const end = this.#channels.get(channel);
    if (end === undefined) throw new TermError('CLIENT_NOT_FOUND', 'Nothing is attached on this channel.');
    this.#channels.delete(channel);
    return end.detach();
  }

  data(frame: Frame): void {
    const end = this.#channels.get(frame.channel);
    if (end === undefined) return;
    if (frame.kind === FrameKind.input) {
      const { offset, bytes } = decodeData(frame);
      end.input(offset, bytes);
    } else if (frame.kind === FrameKind.ack) {
      const { offset, snapshots } = decodeAck(frame);
      end.acknowledged(offset, snapshots);
    } else {
      throw new TermError('BAD_MESSAGE', 'A client sends input and acks only.');
    }
  }

  notification(method: string, params: unknown, channel: number): void {
    if (method === 'attachment.colours') this.#colours(params, channel);
    if (method !== 'attachment.resize') return;
    const window = CLIENT_NOTIFICATIONS['attachment.resize'].safeParse(params);
    if (!window.success) throw new TermError('BAD_SIZE', 'A window has between 1x1 and 4096x4096 cells.');
    this.#channels.get(channel)?.windowChanged(window.data);
  }

  #colours(params: unknown, channel: number): void {
    const colours = CLIENT_NOTIFICATIONS['attachment.colours'].safeParse(params);
    if (!colours.success) throw new TermError('BAD_MESSAGE', 'Colours are strings of at most 64 characters.');
    this.#channels.get(channel)?.colours(colours.data);
  }

  /** The socket is closed. */
  closed(): void {
    this.#gone.abort();
    for (const end of this.#channels.values()) end.drop();
    this.#channels.clear();
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
  }

  /** Ends the connection after what is queued was sent; resolves when the client has gone too. */
  end(): Promise<void> {
    const gone = new Promise<void>(resolve => {
      if (this.#socket.closed) resolve();
      else this.#socket.once('close', resolve);
    });
    this.peer.close();
    return gone;
  }
}
