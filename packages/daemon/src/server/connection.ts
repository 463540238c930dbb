import type { Socket } from 'node:net';
import { TermError } from '@triterm/core/errors';
import { decodeAck, decodeData, type Frame, FrameKind, type Peer } from '@triterm/core/protocol';
import { CLIENT_NOTIFICATIONS } from '@triterm/core/protocol/messages';
import type { PtyInput } from '../pty/pty.ts';
import type { Attachment } from '../session/attachment.ts';
import type { LiveSession } from '../session/live-session.ts';
import type { Session } from '../session/session.ts';

/** A client's attachment on one channel of its connection. */
export interface AttachedChannel {
  readonly session: Session;
  readonly live: LiveSession;
  readonly attachment: Attachment;
  /** None for viewers. */
  readonly input: PtyInput | undefined;
}

/** What a connection may leave behind to be cleaned up, beside its attachments. */
const MAX_SUBSCRIPTIONS = 64;

/** What a connection holds: attachments by channel, subscriptions, requests under way. Ends with its socket. */
export class Connection {
  readonly peer: Peer;
  readonly #socket: Socket;
  readonly #channels = new Map<number, AttachedChannel>();
  readonly #cleanups: (() => void)[] = [];
  readonly #gone = new AbortController();

  constructor(socket: Socket, makePeer: (connection: Connection) => Peer) {
    this.#socket = socket;
    this.peer = makePeer(this);
  }

  /** Aborts when the client has gone. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Its client has said something: it is there. */
  heard(): void {
    const nowMs = performance.now();
    for (const { attachment } of this.#channels.values()) attachment.heardAtMs = nowMs;
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

  add(channel: number, attached: AttachedChannel): void {
    this.#drop(channel, false);
    if (this.#gone.signal.aborted) {
      attached.input?.close(false);
      attached.live.detach(attached.attachment);
      return;
    }
    this.#channels.set(channel, attached);
  }

  /** The client detached on purpose. */
  detach(channel: number): void {
    if (!this.#channels.has(channel))
      throw new TermError('CLIENT_NOT_FOUND', 'Nothing is attached on this channel.');
    this.#drop(channel, true);
  }

  data(frame: Frame): void {
    const attached = this.#channels.get(frame.channel);
    if (attached === undefined) return;
    if (frame.kind === FrameKind.input) {
      const { offset, bytes } = decodeData(frame);
      if (attached.input === undefined || attached.attachment.state === 'closed') return;
      attached.live.typed(attached.attachment, performance.now());
      attached.session.active();
      attached.input.write(offset, bytes);
    } else if (frame.kind === FrameKind.ack) {
      const { offset, snapshots } = decodeAck(frame);
      attached.attachment.acknowledged(offset, snapshots, performance.now());
    } else {
      throw new TermError('BAD_MESSAGE', 'A client sends input and acks only.');
    }
  }

  notification(method: string, params: unknown, channel: number): void {
    if (method === 'attachment.colours') this.#colours(params, channel);
    if (method !== 'attachment.resize') return;
    const window = CLIENT_NOTIFICATIONS['attachment.resize'].safeParse(params);
    if (!window.success) throw new TermError('BAD_SIZE', 'A window has between 1x1 and 4096x4096 cells.');
    const attached = this.#channels.get(channel);
    attached?.live.windowChanged(attached.attachment, window.data);
  }

  /** The primary client's count. */
  #colours(params: unknown, channel: number): void {
    const colours = CLIENT_NOTIFICATIONS['attachment.colours'].safeParse(params);
    if (!colours.success) throw new TermError('BAD_MESSAGE', 'Colours are strings of at most 64 characters.');
    const attached = this.#channels.get(channel);
    if (attached?.attachment.primary) attached.live.setColours(colours.data);
  }

  /** The socket is closed. */
  closed(): void {
    this.#gone.abort();
    for (const channel of [...this.#channels.keys()]) this.#drop(channel, false);
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

  #drop(channel: number, onPurpose: boolean): void {
    const attached = this.#channels.get(channel);
    if (attached === undefined) return;
    this.#channels.delete(channel);
    attached.input?.close(onPurpose);
    if (!attached.live.attachments.has(attached.attachment)) return;
    attached.live.detach(attached.attachment);
    attached.session.emit('detached', { client: attached.attachment.id });
  }
}
