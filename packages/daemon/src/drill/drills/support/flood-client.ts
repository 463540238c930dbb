import type {
  AttachOptions,
  ProtocolAttachment,
  ProtocolClient,
} from '@triterm/core/sandbox/protocol-client';
import type { Place } from '../../place.ts';

/** A client of a session that floods. */
export class FloodClient {
  readonly client: ProtocolClient;
  readonly attachment: ProtocolAttachment;
  readonly #painted: { snapshot: Buffer; outputBytes: number };

  private constructor(
    client: ProtocolClient,
    attachment: ProtocolAttachment,
    painted: { snapshot: Buffer; outputBytes: number },
  ) {
    this.client = client;
    this.attachment = attachment;
    this.#painted = painted;
  }

  static async attach(place: Place, session: string, options: AttachOptions): Promise<FloodClient> {
    const client = await place.client();
    const painted = { snapshot: Buffer.alloc(0), outputBytes: 0 };
    const attachment = await client.attach(session, {
      ...options,
      onBytes: (bytes, kind) => {
        if (kind === 'snapshot') {
          painted.snapshot = Buffer.from(bytes);
          painted.outputBytes = 0;
        } else painted.outputBytes += bytes.length;
        options.onBytes?.(bytes, kind);
      },
    });
    await attachment.until('it is painted', ({ snapshots }) => snapshots > 0);
    return new FloodClient(client, attachment, painted);
  }

  /** How often it was painted anew. */
  get repaints(): number {
    return this.attachment.snapshots - 1;
  }

  /** It was painted last with these bytes, and has got nothing since. */
  shows(snapshot: Buffer): boolean {
    return this.#painted.outputBytes === 0 && this.#painted.snapshot.equals(snapshot);
  }

  /** What it was painted with last. */
  get snapshot(): Buffer {
    return this.#painted.snapshot;
  }
}
