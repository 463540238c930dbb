import type { Paths } from '@triterm/core/config/paths';
import type { SessionInfo, WindowSize } from '@triterm/core/domain';
import type { TermError } from '@triterm/core/errors';
import type { DaemonNotificationParams, Frame, Params, Result } from '@triterm/core/protocol';
import type { RemoteHost } from '../client/remote-host.ts';
import type { TerminalColours } from './colour-probe.ts';
import type { NewSession } from './first-attach.ts';
import type { ResumePoint } from './output-position.ts';

export interface AttachmentLinkOptions {
  readonly paths: Paths;
  readonly env: NodeJS.ProcessEnv;
  /** Undefined for the daemon of this machine. */
  readonly remote: RemoteHost | undefined;
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
  /** Another client asks to be the primary one in our place. */
  requested(params: DaemonNotificationParams<'attachment.requested'>): void;
  /** What has become of our own asking. */
  answered(params: DaemonNotificationParams<'attachment.answered'>): void;
  /** What we are attached to is this session from now on. */
  renamed(session: SessionInfo, message: string): void;
  /** The connection is lost; it is being made again. */
  lost(): void;
  /** An attempt to connect again failed; others follow. */
  trouble(error: TermError): void;
  /** The connection stands, but what serves the session does not answer it; it is asked again and again. */
  waiting(message: string): void;
  /** The daemon is connected and does not answer. */
  silent(): void;
  /** It answers again. */
  back(): void;
  /** It is over, and not by our wish. */
  failed(error: TermError): void;
}
