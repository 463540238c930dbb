import type { WindowSize } from '@triterm/core/domain';
import type { ClientNotificationParams, Frame, Peer } from '@triterm/core/protocol';
import type { ChannelEnd } from '../server/channel-end.ts';
import type { Upstream } from './upstream.ts';

/** The deadline of the owner's answer to a detach. */
const DETACH_MS = 10_000;

/**
 * A channel whose session another server has: what comes on it is passed on, both ways, under the same number. Offsets, acks and
 * resuming are between the client and that server. Nothing leaves for the client before the reply that tells it of the attachment.
 */
export class RelayedChannel implements ChannelEnd {
  readonly upstream: Upstream;
  readonly server: string;
  readonly #client: Peer;
  readonly #channel: number;
  readonly #release: () => void;
  #held: (() => void)[] | undefined = [];
  #over = false;

  constructor(client: Peer, upstream: Upstream, server: string, channel: number) {
    this.#client = client;
    this.upstream = upstream;
    this.server = server;
    this.#channel = channel;
    this.#release = upstream.use();
  }

  /** The reply has been written: what was held goes out. */
  open(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const write of held) write();
  }

  /** From the owner. */
  frame(frame: Frame): void {
    if (this.#held === undefined) {
      this.#client.forward(frame);
      return;
    }
    const kept = { ...frame, payload: Buffer.from(frame.payload) };
    this.#held.push(() => this.#client.forward(kept));
  }

  /** From the owner. */
  notification(method: string, params: unknown): void {
    const write = (): void => {
      this.#client.notify(method, params, this.#channel);
    };
    if (this.#held === undefined) write();
    else this.#held.push(write);
  }

  /** The owner is lost. The client has to attach again, on this connection. */
  interrupted(message: string): void {
    if (this.#over) return;
    this.supersede();
    this.notification('attachment.interrupted', { server: this.server, message });
  }

  /** The channel belongs to something else at the owner, or the owner is lost: there is nothing more to tell it. */
  supersede(): void {
    this.#over = true;
    this.#release();
  }

  input(offset: number, bytes: Uint8Array): void {
    if (!this.#over) this.upstream.input(this.#channel, offset, bytes);
  }

  acknowledged(offset: number, snapshots: number): void {
    if (!this.#over) this.upstream.acknowledge(this.#channel, offset, snapshots);
  }

  windowChanged(window: WindowSize): void {
    if (!this.#over) this.upstream.windowChanged(this.#channel, window);
  }

  colours(colours: ClientNotificationParams<'attachment.colours'>): void {
    if (!this.#over) this.upstream.colours(this.#channel, colours);
  }

  heard(nowMs: number): void {
    if (!this.#over) this.upstream.heard(nowMs);
  }

  /** Resolves when the owner has let it go, or can't tell. */
  async detach(): Promise<void> {
    if (this.#over) return;
    this.supersede();
    if (this.upstream.closed) return;
    await this.upstream.request({
      method: 'attachment.detach',
      params: {},
      channel: this.#channel,
      timeoutMs: DETACH_MS,
    });
  }

  /**
   * A client that has gone takes its upstreams along, and the owner sees that by itself: told to detach, it would forget what was
   * typed, which the client sends again when it is back.
   */
  drop(): void {
    if (this.#client.closed) this.supersede();
    else void this.detach();
  }
}
