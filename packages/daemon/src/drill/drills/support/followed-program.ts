import type { DaemonProcess } from '@triterm/core/sandbox/daemon-process';
import type { ProtocolAttachment, ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import { shows, startProgram } from './programs.ts';

/** A session that says READY when it begins, and a client that is attached to it, over any number of connections. */
export class FollowedProgram {
  readonly name: string;
  readonly attachment: ProtocolAttachment;
  readonly #daemon: DaemonProcess;
  #client: ProtocolClient;

  private constructor(
    daemon: DaemonProcess,
    name: string,
    connected: { readonly client: ProtocolClient; readonly attachment: ProtocolAttachment },
  ) {
    this.#daemon = daemon;
    this.name = name;
    this.#client = connected.client;
    this.attachment = connected.attachment;
  }

  /** `output`: called with what the program writes after READY. */
  static async start(
    daemon: DaemonProcess,
    name: string,
    script: string,
    output: (bytes: Buffer) => void,
  ): Promise<FollowedProgram> {
    const client = await daemon.client();
    await startProgram(client, name, script);
    await shows(client, name, 'READY');
    const attachment = await client.attach(name, {
      onBytes: (bytes, kind) => {
        if (kind === 'output') output(bytes);
      },
    });
    await attachment.until('it is painted', ({ snapshots }) => snapshots === 1);
    return new FollowedProgram(daemon, name, { client, attachment });
  }

  /** The connection that it has now. */
  get client(): ProtocolClient {
    return this.#client;
  }

  /** It went on where it was each time, and was painted only once. */
  get isUnbroken(): boolean {
    return this.attachment.resumed && this.attachment.snapshots === 1;
  }

  /** Attaches again over a new connection, from where it was. */
  async comeBack(): Promise<void> {
    this.#client = await this.#daemon.client();
    await this.#client.attach(this.name, {}, this.attachment);
  }
}
