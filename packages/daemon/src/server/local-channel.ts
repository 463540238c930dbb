import type { WindowSize } from '@triterm/core/domain';
import type { ClientNotificationParams } from '@triterm/core/protocol';
import type { PtyInput } from '../pty/pty.ts';
import type { Attachment } from '../session/attachment.ts';
import type { LiveSession } from '../session/live-session.ts';
import type { Session } from '../session/session.ts';
import type { ChannelEnd } from './channel-end.ts';

/** A client's attachment to a session of this server. */
export interface LocalAttachment {
  readonly session: Session;
  readonly live: LiveSession;
  readonly attachment: Attachment;
  /** None for viewers. */
  readonly input: PtyInput | undefined;
}

/** A channel that ends here, at a session. */
export class LocalChannel implements ChannelEnd {
  readonly #attached: LocalAttachment;

  constructor(attached: LocalAttachment) {
    this.#attached = attached;
  }

  input(offset: number, bytes: Uint8Array): void {
    const { session, live, attachment, input } = this.#attached;
    if (input === undefined || attachment.state === 'closed') return;
    live.typed(attachment, performance.now());
    session.active();
    input.write(offset, bytes);
  }

  acknowledged(offset: number, snapshots: number): void {
    this.#attached.attachment.acknowledged(offset, snapshots, performance.now());
  }

  windowChanged(window: WindowSize): void {
    const { live, attachment } = this.#attached;
    live.windowChanged(attachment, window);
  }

  /** The primary client's count. */
  colours(colours: ClientNotificationParams<'attachment.colours'>): void {
    const { live, attachment } = this.#attached;
    if (attachment.primary) live.setColours(colours);
  }

  heard(nowMs: number): void {
    this.#attached.attachment.heardAtMs = nowMs;
  }

  detach(): undefined {
    this.#end(true);
  }

  drop(): void {
    this.#end(false);
  }

  #end(onPurpose: boolean): void {
    const { live, attachment, input } = this.#attached;
    input?.close(onPurpose);
    live.detach(attachment);
  }
}
