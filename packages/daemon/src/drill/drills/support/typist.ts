import type { ProtocolAttachment, ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import { ClaimBroken, type Stage } from '../../stage.ts';

const ANSWER_MS = 5000;

/** Somebody who is attached to a `cat` and types line after line: each comes back twice, by the terminal's echo and from the program. */
export class Typist {
  readonly #stage: Stage;
  readonly #attachment: ProtocolAttachment;
  readonly #shown: Buffer[];
  #lines = 0;
  #expected = '';
  #slowestMs = 0;

  private constructor(stage: Stage, attachment: ProtocolAttachment, shown: Buffer[]) {
    this.#stage = stage;
    this.#attachment = attachment;
    this.#shown = shown;
  }

  static async attach(stage: Stage, client: ProtocolClient, target: string): Promise<Typist> {
    const shown: Buffer[] = [];
    const attachment = await client.attach(target, {
      deviceName: 'drill',
      onBytes: (bytes, kind) => {
        if (kind === 'output') shown.push(bytes);
      },
    });
    await attachment.until('it is painted', ({ snapshots }) => snapshots > 0, ANSWER_MS, stage.signal);
    return new Typist(stage, attachment, shown);
  }

  /** Rejects with ClaimBroken when it does not come back. */
  async type(line: string): Promise<void> {
    this.#lines += 1;
    this.#expected += `${line}\r\n${line}\r\n`;
    const startedMs = performance.now();
    this.#attachment.type(`${line}\n`);
    const all = this.#expected.length;
    try {
      await this.#attachment.until(line, () => this.#text.length >= all, ANSWER_MS, this.#stage.signal);
    } catch {
      this.#stage.signal.throwIfAborted();
      const claim = 'what is typed comes back';
      this.#stage.claim(claim, false, `“${line}” not within ${ANSWER_MS} ms`);
      throw new ClaimBroken(claim);
    }
    this.#slowestMs = Math.max(this.#slowestMs, performance.now() - startedMs);
  }

  /** Claims that every byte came, once and in order, over the whole time. */
  tell(): void {
    this.#stage.claim(
      `all ${this.#lines} typed lines have come back, byte for byte, over one connection`,
      this.#text === this.#expected && this.#attachment.snapshots === 1 && this.#attachment.isConnected,
      `${this.#text.length} of ${this.#expected.length} bytes`,
    );
    this.#stage.measure('slowest line from key to answer', this.#slowestMs, 'ms');
  }

  get #text(): string {
    return Buffer.concat(this.#shown).toString();
  }
}
