import { setTimeout as pause } from 'node:timers/promises';
import type { Paths } from '@triterm/core/config/paths';
import { newToken, type SessionInfo, sameSize, type WindowSize } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { DaemonNotificationParams, Frame, Params, PeerHandlers, Result } from '@triterm/core/protocol';
import { FrameKind } from '@triterm/core/protocol';
import { connectDaemon, type DaemonClient } from '../client/daemon-client.ts';
import { isDaemonGone } from '../commands/with-daemon.ts';
import type { TerminalColours } from './colour-probe.ts';
import { attachOrCreate, type NewSession } from './first-attach.ts';
import { Heartbeat } from './heartbeat.ts';
import type { InputFrame } from './input-buffer.ts';
import type { ResumePoint } from './output-position.ts';
import { reconnect } from './reconnect.ts';

export interface AttachmentLinkOptions {
  readonly paths: Paths;
  readonly env: NodeJS.ProcessEnv;
  /** A session's name, id, or the beginning of its id. */
  readonly target: string;
  /** What stays the same over all connections. */
  readonly attach: Pick<
    Params<'session.attach'>,
    'role' | 'lossless' | 'historyLines' | 'deviceId' | 'deviceName' | 'pid' | 'environment'
  >;
  /** What is asked once. */
  readonly once: Pick<Params<'session.attach'>, 'take' | 'detachOthers'>;
  /** Makes the session when there is none, or it has ended; undefined leaves that an error. */
  readonly create: NewSession | undefined;
  window(): WindowSize;
  colours(): TerminalColours;
  resume(): ResumePoint | undefined;
}

export type AttachReply = Result<'session.attach'>;

export interface AttachmentLinkListener {
  /**
   * Attached, for the first time or again: everything that follows belongs to this attachment. `isDrawn`: the whole
   * screen comes first.
   */
  opened(reply: AttachReply, isDrawn: boolean): void;
  /** An output, snapshot or ack frame. */
  data(frame: Frame): void;
  resized(params: DaemonNotificationParams<'session.resized'>): void;
  role(params: DaemonNotificationParams<'attachment.role'>): void;
  exited(params: DaemonNotificationParams<'session.exited'>): void;
  detached(params: DaemonNotificationParams<'attachment.detached'>): void;
  /** The connection is lost; it is being made again. */
  lost(): void;
  /** An attempt to connect again failed; others follow. */
  trouble(error: TermError): void;
  /** The daemon is connected and does not answer. */
  silent(): void;
  /** It answers again. */
  back(): void;
  /** It is over, and not by our wish. */
  failed(error: TermError): void;
}

/** How the screen is to come: as new, going on from where we were, or drawn again because ours is spoilt. */
type Manner = 'first' | 'resume' | 'repaint';

/** What starting a daemon takes is loaded at leisure: an upgrade may have removed it by the time that it is needed. */
const PRELOAD_MS = 1000;
/** Daemons that may leave one after the other while we attach for the first time. */
const MAX_FIRST_TRIES = 20;
/** A daemon that is about to leave is not asked again at once. */
const RETRY_PAUSE_MS = 20;
/** A detach that the daemon does not confirm in this time is no reason to stay. */
const DETACH_TIMEOUT_MS = 500;

/** One attachment over any number of connections: connects, attaches, and does both again when the daemon was away. */
export class AttachmentLink {
  readonly #options: AttachmentLinkOptions;
  readonly #listener: AttachmentLinkListener;
  readonly #token = newToken();
  readonly #heartbeat: Heartbeat;
  readonly #closed = new AbortController();
  #client: DaemonClient | undefined;
  /** Counts connections: what an earlier one still tells is not listened to. */
  #connection = 0;
  /** Attachments of one connection take turns on two channels, so that frames of the one before can be told apart. */
  #channel = 2;
  #window: WindowSize | undefined;
  /** What came on the channel before the reply that opens it was acted on. */
  #early: (() => void)[] | undefined;
  #isOpen = false;
  /** From the request to attach until `begin`: whoever is about it learns of a lost connection there. */
  #isAttaching = false;
  #isSpoilt = false;
  #session: SessionInfo | undefined;
  #leaving: 'stop' | 'restart' | undefined;
  /** Somebody starts the daemon again when it has ended. */
  #isSupervised = false;
  #preload: NodeJS.Timeout | undefined;

  constructor(options: AttachmentLinkOptions, listener: AttachmentLinkListener) {
    this.#options = options;
    this.#listener = listener;
    this.#heartbeat = new Heartbeat({
      ping: () =>
        void this.#client?.request('daemon.status', {}, { timeoutMs: 0 }).then(this.#heard, () => {}),
      silent: () => listener.silent(),
      back: () => listener.back(),
    });
  }

  /** The session as it was told last. */
  get session(): SessionInfo | undefined {
    return this.#session;
  }

  /** Input and the like reach the daemon. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Attaches for the first time. Nothing is told before `begin` is called with the reply. Throws what connecting and
   * attaching throw.
   */
  async open(): Promise<AttachReply> {
    for (let tries = 1; ; tries += 1) {
      const { paths, env } = this.#options;
      const { signal } = this.#closed;
      const client = await connectDaemon({ paths, env, autostart: true, handlers: this.#handlers(), signal });
      this.#client = client;
      try {
        return await this.#attachFirst(client);
      } catch (thrown) {
        this.#connection += 1;
        client.close();
        if (!isDaemonGone(thrown) || this.#leaving === 'stop' || tries === MAX_FIRST_TRIES) throw thrown;
        await pause(RETRY_PAUSE_MS);
      }
    }
  }

  /** What the reply has promised may come. */
  begin(reply: AttachReply): void {
    this.#session = reply.session;
    this.#leaving = undefined;
    this.#isSupervised = this.#client?.features.includes('supervised') ?? false;
    this.#isAttaching = false;
    this.#isOpen = true;
    this.#preload ??= setTimeout(() => void import('../client/autostart.ts'), PRELOAD_MS).unref();
    this.#heartbeat.start();
    this.#listener.opened(reply, !reply.resumed);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const act of early) act();
    const window = this.#options.window();
    if (this.#window !== undefined && !sameSize(window, this.#window)) this.resize(window);
    if (this.#isSpoilt) this.repaint();
    if (this.#client?.peer.closed === true) this.#lost();
  }

  /** The terminal does not show the screen any more: it is drawn again, as soon as that is possible. */
  repaint(): void {
    this.#isSpoilt = true;
    this.repair();
  }

  /** Has the screen drawn again, if there is a connection; after a lost one the output goes on where it was. */
  repair(): void {
    const client = this.#client;
    if (!this.#isOpen || client === undefined) return;
    this.#isOpen = false;
    this.#attachAgain(client, 'repaint').catch(thrown => this.#fail(thrown));
  }

  /** The screen will have to be drawn again. */
  spoil(): void {
    this.#isSpoilt = true;
  }

  send({ offset, bytes }: InputFrame): void {
    this.#client?.peer.writeData(FrameKind.input, this.#channel, offset, bytes);
  }

  acknowledge(offset: number, snapshots: number): void {
    if (this.#isOpen) this.#client?.peer.writeAck(this.#channel, offset, snapshots);
  }

  resize(window: WindowSize): void {
    if (!this.#isOpen) return;
    this.#window = window;
    this.#client?.peer.notify('attachment.resize', window, this.#channel);
  }

  tellColours(colours: TerminalColours): void {
    if (this.#isOpen) this.#client?.peer.notify('attachment.colours', colours, this.#channel);
  }

  /** Detaches on purpose: the daemon forgets us. */
  async detach(): Promise<void> {
    const channel = this.#channel;
    const isOpen = this.#isOpen;
    this.#isOpen = false;
    if (!isOpen) return;
    await this.#client
      ?.request('attachment.detach', {}, { channel, timeoutMs: DETACH_TIMEOUT_MS })
      .catch(() => {});
  }

  close(): void {
    this.#isOpen = false;
    this.#connection += 1;
    this.#heartbeat.stop();
    clearTimeout(this.#preload);
    this.#closed.abort(new TermError('CONNECTION_LOST', 'The attachment is over.'));
    this.#client?.close();
  }

  readonly #heard = (): void => this.#heartbeat.heard();

  #handlers(): PeerHandlers {
    const own = ++this.#connection;
    return {
      data: frame => {
        if (own === this.#connection) this.#onChannel(frame.channel, () => this.#listener.data(frame));
      },
      notification: (method, params, channel) => {
        if (own !== this.#connection) return;
        if (method === 'daemon.leaving') {
          this.#leaving = (params as DaemonNotificationParams<'daemon.leaving'>).reason;
        } else {
          this.#onChannel(channel, () => this.#told(method, params));
        }
      },
      close: () => {
        if (own === this.#connection && !this.#isAttaching) this.#lost();
      },
    };
  }

  /** Frames of an attachment that was given up are dropped; those of one whose reply is still to be acted on wait. */
  #onChannel(channel: number, act: () => void): void {
    this.#heartbeat.heard();
    if (channel !== this.#channel) return;
    if (this.#early === undefined) act();
    else this.#early.push(act);
  }

  /** The daemon validates what clients send; what it sends itself is of our release or an agreed one. */
  #told(method: string, params: unknown): void {
    switch (method) {
      case 'session.resized':
        this.#listener.resized(params as DaemonNotificationParams<'session.resized'>);
        break;
      case 'session.exited':
        this.#isOpen = false;
        this.#listener.exited(params as DaemonNotificationParams<'session.exited'>);
        break;
      case 'attachment.role':
        this.#listener.role(params as DaemonNotificationParams<'attachment.role'>);
        break;
      case 'attachment.detached':
        this.#isOpen = false;
        this.#listener.detached(params as DaemonNotificationParams<'attachment.detached'>);
        break;
    }
  }

  #attachFirst(client: DaemonClient): Promise<AttachReply> {
    const { create, target, window } = this.#options;
    const attach = (wanted: string) => this.#attach(client, 'first', wanted);
    return create === undefined ? attach(target) : attachOrCreate(client, target, create, window(), attach);
  }

  async #attach(client: DaemonClient, manner: Manner, target = this.#options.target): Promise<AttachReply> {
    const { attach, once } = this.#options;
    const resume = manner === 'first' ? undefined : this.#options.resume();
    this.#channel = this.#channel === 1 ? 2 : 1;
    this.#early = [];
    this.#isAttaching = true;
    this.#window = this.#options.window();
    const wasSpoilt = this.#isSpoilt;
    this.#isSpoilt = false;
    try {
      return await client.request(
        'session.attach',
        {
          ...attach,
          ...(manner === 'first' ? once : {}),
          target: this.#session?.id ?? target,
          attachment: this.#token,
          window: this.#window,
          colours: this.#options.colours(),
          ...(resume === undefined ? {} : { resume: { ...resume, repaint: manner === 'repaint' } }),
        },
        { channel: this.#channel },
      );
    } catch (thrown) {
      this.#isAttaching = false;
      this.#isSpoilt ||= wasSpoilt;
      throw thrown;
    }
  }

  async #attachAgain(client: DaemonClient, manner: 'resume' | 'repaint'): Promise<void> {
    try {
      const reply = await this.#attach(client, manner);
      if (!this.#closed.signal.aborted) this.begin(reply);
    } catch (thrown) {
      if (!isDaemonGone(thrown) && !isSilence(thrown)) throw thrown;
      this.#connection += 1;
      client.close();
      this.#lost();
    }
  }

  #lost(): void {
    if (this.#closed.signal.aborted) return;
    this.#isOpen = false;
    this.#connection += 1;
    this.#client = undefined;
    this.#heartbeat.stop();
    this.#listener.lost();
    if (this.#leaving === 'stop') {
      this.#fail(new TermError('DAEMON_STOPPED', 'tritermd was stopped.'));
      return;
    }
    this.#comeBack().catch(thrown => this.#fail(thrown));
  }

  async #comeBack(): Promise<void> {
    const { paths, env } = this.#options;
    const client = await reconnect({
      paths,
      env,
      handlers: this.#handlers(),
      rivals: this.#session?.clients ?? 1,
      othersStart: this.#leaving === 'restart' || this.#isSupervised,
      signal: this.#closed.signal,
      trouble: error => this.#listener.trouble(error),
    });
    this.#client = client;
    await this.#attachAgain(client, this.#isSpoilt ? 'repaint' : 'resume');
  }

  #fail(thrown: unknown): void {
    if (!this.#closed.signal.aborted) this.#listener.failed(TermError.from(thrown));
  }
}

function isSilence(thrown: unknown): boolean {
  return thrown instanceof TermError && thrown.code === 'DAEMON_NOT_RESPONDING';
}
