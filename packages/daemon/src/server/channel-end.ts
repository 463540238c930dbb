import type { WindowSize } from '@triterm/core/domain';
import type { ClientNotificationParams } from '@triterm/core/protocol';

/** What stands behind a channel of a connection: a session here, or the way to one elsewhere. Whatever is said to it was validated. */
export interface ChannelEnd {
  /** What the client typed. */
  input(offset: number, bytes: Uint8Array): void;
  /** What the client took. */
  acknowledged(offset: number, snapshots: number): void;
  windowChanged(window: WindowSize): void;
  /** Of the client's terminal. */
  colours(colours: ClientNotificationParams<'attachment.colours'>): void;
  /** The client has said something, on whichever channel, at this monotonic time. */
  heard(nowMs: number): void;
  /** The client detaches on purpose: nothing is kept for its return. Where another server has to let it go, resolves when that is over. */
  detach(): Promise<void> | undefined;
  /** The client has gone without a word, or uses the channel for something else. */
  drop(): void;
}
