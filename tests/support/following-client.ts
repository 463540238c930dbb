import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { ProtocolAttachment, ProtocolClient } from '@triterm/core/sandbox/protocol-client';

const RETRY_MS = 50;

/**
 * An attachment as a person's client keeps it: whenever its connection is over, its server asks it to go or loses the session's
 * server, it attaches again, at the next server that takes it, from where it was.
 */
export class FollowingClient {
  readonly attachment: ProtocolAttachment;
  readonly #connect: (attempt: number) => Promise<ProtocolClient>;
  readonly #target: string;
  readonly #stopped = new AbortController();
  readonly #following: Promise<void>;
  #client: ProtocolClient;
  #attempt = 0;
  /** How often it had to attach again. */
  returns = 0;

  private constructor(
    connect: (attempt: number) => Promise<ProtocolClient>,
    target: string,
    client: ProtocolClient,
    attachment: ProtocolAttachment,
  ) {
    this.#connect = connect;
    this.#target = target;
    this.#client = client;
    this.attachment = attachment;
    this.#following = this.#follow();
  }

  /** `connect`: to another server at each attempt, the first one at attempt 0. */
  static async attach(
    connect: (attempt: number) => Promise<ProtocolClient>,
    target: string,
    onBytes: (bytes: Buffer, kind: 'output' | 'snapshot') => void,
  ): Promise<FollowingClient> {
    const client = await connect(0);
    const attachment = await client.attach(target, { lossless: true, onBytes });
    return new FollowingClient(connect, target, client, attachment);
  }

  /** Ends it; rejects when it did not know how to go on. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#following;
    await this.#client.close();
  }

  async #follow(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      await this.#untilSent();
      while (!this.#stopped.signal.aborted && !(await this.#isBack())) await pause(RETRY_MS);
    }
  }

  /** Until it has to attach again, or is stopped. */
  async #untilSent(): Promise<void> {
    const { parting } = this.#client;
    const reason = AbortSignal.any([parting, this.#stopped.signal]);
    const interrupted = this.attachment
      .until('an interruption', ({ interrupted }) => interrupted !== undefined, 2 ** 31 - 1, reason)
      .catch(() => {});
    await Promise.race([interrupted, ...(reason.aborted ? [] : [once(reason, 'abort')])]);
  }

  async #isBack(): Promise<boolean> {
    const before = this.#client;
    try {
      // On the same connection when only the session's server was lost.
      if (before.parting.aborted) {
        this.#attempt += 1;
        this.#client = await this.#connect(this.#attempt);
        before.cut();
      }
      await this.#client.attach(this.#target, {}, this.attachment);
      this.returns += 1;
      return true;
    } catch {
      return false;
    }
  }
}
