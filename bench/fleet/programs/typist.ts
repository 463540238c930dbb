import type { ProtocolAttachment, ProtocolClient } from '@triterm/core/sandbox/protocol-client';

/** Types a key in a session that runs `cat`, and takes the time until the terminal's echo. */
export class Typist {
  readonly #attachment: ProtocolAttachment;

  private constructor(attachment: ProtocolAttachment) {
    this.#attachment = attachment;
  }

  /** Resolves when the screen is there. */
  static async attach(client: ProtocolClient, target: string): Promise<Typist> {
    const attachment = await client.attach(target, {});
    await attachment.until('the screen', ({ snapshots }) => snapshots > 0);
    return new Typist(attachment);
  }

  /** Milliseconds from the key to its echo. */
  async echoMs(): Promise<number> {
    const before = this.#attachment.received;
    const beganMs = performance.now();
    this.#attachment.type('x');
    await this.#attachment.until('the echo', ({ received }) => received > before);
    return performance.now() - beganMs;
  }
}
