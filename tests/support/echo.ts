import type {
  AttachOptions,
  ProtocolAttachment,
  ProtocolClient,
} from '@triterm/core/sandbox/protocol-client';
import { until } from './triterm.ts';

/** An attachment that keeps what it was shown. */
export class Viewer {
  readonly attachment: ProtocolAttachment;
  readonly #shown: Buffer[];

  private constructor(attachment: ProtocolAttachment, shown: Buffer[]) {
    this.attachment = attachment;
    this.#shown = shown;
  }

  static async attach(client: ProtocolClient, target: string, options: AttachOptions = {}): Promise<Viewer> {
    const shown: Buffer[] = [];
    const attachment = await client.attach(target, {
      ...options,
      onBytes: (bytes, kind) => {
        shown.push(Buffer.from(bytes));
        options.onBytes?.(bytes, kind);
      },
    });
    return new Viewer(attachment, shown);
  }

  get text(): string {
    return Buffer.concat(this.#shown).toString();
  }

  /** Goes on over another connection, or the same one, where this one stopped. */
  async again(client: ProtocolClient, target: string): Promise<void> {
    await client.attach(target, {}, this.attachment);
  }

  /** The same, as soon as it is let. */
  async againWhenPossible(client: ProtocolClient, target: string): Promise<void> {
    const isBack = () =>
      this.again(client, target).then(
        () => true,
        () => false,
      );
    await until(isBack, 'attaching again');
  }

  /** Types a line, and waits until the program, a `cat`, has written it after the terminal's echo. */
  async echoes(line: string, timeoutMs?: number): Promise<void> {
    this.attachment.type(`${line}\n`);
    await this.attachment.until(`${line} twice`, () => count(this.text, line) >= 2, timeoutMs);
  }
}

/** Attaches, types a line and sees it come back. Resolves with the milliseconds from the key to the answer. */
export async function attachAndEcho(client: ProtocolClient, target: string, line: string): Promise<number> {
  const viewer = await Viewer.attach(client, target);
  const typedAtMs = performance.now();
  await viewer.echoes(line, 10_000);
  return performance.now() - typedAtMs;
}

/** How often the part is in the text. */
export function count(text: string, part: string): number {
  return text.split(part).length - 1;
}
