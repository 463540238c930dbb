import { setTimeout as pause } from 'node:timers/promises';
import { newToken, type SessionInfo, sameSize, type WindowSize } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { DaemonNotificationParams, PeerHandlers } from '@triterm/core/protocol';
import { FrameKind } from '@triterm/core/protocol';
import type { DaemonClient } from '../client/daemon-client.ts';
import { Heartbeat, ON_MACHINE, OVER_NETWORK, pingDaemon } from '../client/heartbeat.ts';
import { isDaemonGone } from '../commands/with-daemon.ts';
import type { TerminalColours } from './colour-probe.ts';
import { Connector } from './connector.ts';
import { attachOrCreate } from './first-attach.ts';
import type { InputFrame } from './input-buffer.ts';
import type { AttachmentLinkListener, AttachmentLinkOptions, AttachReply } from './link-contract.ts';

/** How the screen is to come: as new, going on from where we were, or drawn again because ours is spoilt. */
type Manner = 'first' | 'resume' | 'repaint';

/** Daemons that may leave one after the other while we attach for the first time. */
const MAX_FIRST_TRIES = 20;
/** A daemon that is about to leave is not asked again at once. */
const RETRY_PAUSE_MS = 20;
/** A detach that the daemon does not confirm in this time is no reason to stay. */
const DETACH_TIMEOUT_MS = 500;
/** A session whose server does not answer is asked for again after this time, and again after twice that; half of it is left to chance. */
const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 5000;

/** One attachment over any number of connections: connects, attaches, and does both again when the daemon was away. */
export class AttachmentLink {
  readonly #options: AttachmentLinkOptions;
  readonly #listener: AttachmentLinkListener;
  readonly #token = newToken();
  readonly #heartbeat: Heartbeat;
  readonly #closed = new AbortController();
  readonly #connector: Connector;
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
  /** What the daemon wanted before we were attached: then there was nothing yet that could go on elsewhere. */
  #drained: DaemonNotificationParams<'daemon.leaving'> | undefined;
  #session: SessionInfo | undefined;

  constructor(options: AttachmentLinkOptions, listener: AttachmentLinkListener) {
    this.#options = options;
    this.#listener = listener;
    const { paths, env, remote } = options;
    this.#connector = new Connector({ paths, env, remote, signal: this.#closed.signal });
    this.#heartbeat = new Heartbeat(remote === undefined ? ON_MACHINE : OVER_NETWORK, {
      ping: () => {
        if (this.#client !== undefined) pingDaemon(this.#client, this.#heard);
      },
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
      const client = await this.#connector.first(this.#handlers());
      this.#client = client;
      try {
        return await this.#attachFirst(client);
      } catch (thrown) {
        this.#connection += 1;
        client.close();
        if (!isDaemonGone(thrown) || this.#connector.isStopped || tries === MAX_FIRST_TRIES) throw thrown;
        await pause(RETRY_PAUSE_MS);
      }
    }
  }

  /** What the reply has promised may come. */
  begin(reply: AttachReply): void {
    this.#session = reply.session;
    if (this.#client !== undefined) this.#connector.settled(this.#client);
    this.#isAttaching = false;
    this.#isOpen = true;
    this.#heartbeat.start();
    this.#listener.opened(reply, !reply.resumed);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const act of early) act();
    const window = this.#options.window();
    if (this.#window !== undefined && !sameSize(window, this.#window)) this.resize(window);
    if (this.#isSpoilt) this.repaint();
    if (this.#client?.peer.closed === true) this.#lost();
    else if (this.#drained !== undefined) this.#toldLeaving(this.#drained);
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
    this.#connector.close();
    this.#closed.abort(new TermError('CONNECTION_LOST', 'The attachment is over.'));
    this.#client?.close();
  }

  readonly #heard = (): void => this.#heartbeat.heard();

  #handlers(): PeerHandlers {
    const own = ++this.#connection;
    this.#drained = undefined;
    return {
      data: frame => {
        if (own === this.#connection) this.#onChannel(frame.channel, () => this.#listener.data(frame));
      },
      notification: (method, params, channel) => {
        if (own !== this.#connection) return;
        if (method === 'daemon.leaving') {
          this.#toldLeaving(params as DaemonNotificationParams<'daemon.leaving'>);
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
      case 'attachment.interrupted':
        this.#interrupted(params as DaemonNotificationParams<'attachment.interrupted'>);
        break;
      case 'attachment.session': {
        const { session, message } = params as DaemonNotificationParams<'attachment.session'>;
        this.#session = session;
        this.#listener.renamed(session, message);
        break;
      }
      case 'attachment.requested':
        this.#listener.requested(params as DaemonNotificationParams<'attachment.requested'>);
        break;
      case 'attachment.answered':
        this.#listener.answered(params as DaemonNotificationParams<'attachment.answered'>);
        break;
    }
  }

  #toldLeaving(params: DaemonNotificationParams<'daemon.leaving'>): void {
    const client = this.#client;
    const isEarly = params.reason === 'drain' && !this.#isOpen;
    this.#drained = isEarly ? params : undefined;
    if (isEarly) return;
    if (!this.#connector.leaving(params) || client === undefined) return;
    this.#connection += 1;
    client.close();
    this.#lost();
  }

  /** The connection stands, the session's own server is lost behind it. */
  #interrupted({ server }: DaemonNotificationParams<'attachment.interrupted'>): void {
    const client = this.#client;
    if (!this.#isOpen || client === undefined) return;
    this.#isOpen = false;
    this.#listener.waiting(`${server} does not answer; waiting`);
    this.#attachAgain(client, this.#manner).catch(thrown => this.#fail(thrown));
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

  get #manner(): 'resume' | 'repaint' {
    return this.#isSpoilt ? 'repaint' : 'resume';
  }

  /** Attaches over a connection that stands, and waits for a session that cannot be served now, however long that takes. */
  async #attachAgain(client: DaemonClient, first: 'resume' | 'repaint'): Promise<void> {
    const { signal } = this.#closed;
    const connection = this.#connection;
    let manner = first;
    for (let backoffMs = FIRST_BACKOFF_MS; ; backoffMs = Math.min(MAX_BACKOFF_MS, 2 * backoffMs)) {
      try {
        const reply = await this.#attach(client, manner);
        if (!signal.aborted) this.begin(reply);
        return;
      } catch (thrown) {
        if (isDaemonGone(thrown) || isSilence(thrown)) {
          this.#connection += 1;
          client.close();
          this.#lost();
          return;
        }
        if (!(thrown instanceof TermError) || !thrown.retryable) throw thrown;
        this.#listener.waiting(thrown.message);
      }
      await pause(backoffMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {});
      // Closed meanwhile, or lost, which somebody else sees to.
      if (signal.aborted || connection !== this.#connection) return;
      manner = this.#manner;
    }
  }

  #lost(): void {
    if (this.#closed.signal.aborted) return;
    this.#isOpen = false;
    this.#connection += 1;
    this.#client = undefined;
    this.#heartbeat.stop();
    this.#listener.lost();
    if (this.#connector.isStopped) {
      this.#fail(new TermError('DAEMON_STOPPED', 'tritermd was stopped.'));
      return;
    }
    this.#comeBack().catch(thrown => this.#fail(thrown));
  }

  async #comeBack(): Promise<void> {
    const client = await this.#connector.again({
      handlers: () => this.#handlers(),
      rivals: this.#session?.clients ?? 1,
      trouble: error => this.#listener.trouble(error),
    });
    this.#client = client;
    await this.#attachAgain(client, this.#manner);
  }

  #fail(thrown: unknown): void {
    if (!this.#closed.signal.aborted) this.#listener.failed(TermError.from(thrown));
  }
}

function isSilence(thrown: unknown): boolean {
  return thrown instanceof TermError && thrown.code === 'DAEMON_NOT_RESPONDING';
}
