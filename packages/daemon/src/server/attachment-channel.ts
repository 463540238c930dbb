import type { DaemonNotification, DaemonNotificationParams } from '@triterm/core/protocol';
import { FrameKind, type Peer } from '@triterm/core/protocol';
import type { AttachmentPort } from '../session/attachment.ts';

/** Writes an attachment's frames to its connection; nothing leaves before the reply that tells the client of it. */
export class AttachmentChannel implements AttachmentPort {
  readonly #peer: Peer;
  readonly #channel: number;
  #held: (() => void)[] | undefined = [];

  constructor(peer: Peer, channel: number) {
    this.#peer = peer;
    this.#channel = channel;
  }

  /** The reply has been written: what was held goes out. */
  open(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const write of held) write();
  }

  output(offset: number, bytes: Uint8Array): void {
    this.#write(() => this.#peer.writeData(FrameKind.output, this.#channel, offset, bytes));
  }

  snapshot(offset: number, bytes: Uint8Array): void {
    this.#write(() => this.#peer.writeData(FrameKind.snapshot, this.#channel, offset, bytes));
  }

  inputApplied(inputOffset: number): void {
    this.#write(() => this.#peer.writeAck(this.#channel, inputOffset, 0));
  }

  notify<N extends DaemonNotification>(method: N, params: DaemonNotificationParams<N>): void {
    this.#write(() => this.#peer.notify(method, params, this.#channel));
  }

  #write(write: () => void): void {
    if (this.#held === undefined) write();
    else this.#held.push(write);
  }
}
