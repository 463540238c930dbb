import { TermError } from '@triterm/core/errors';
import type { ServerTable } from '@triterm/core/store';
import type { ServerDirectory } from './known-servers.ts';
import type { Lease } from './lease.ts';

export interface DrainDependencies {
  readonly servers: Pick<ServerTable, 'setDraining'>;
  readonly lease: Lease;
  readonly serverId: string;
  readonly directory: Pick<ServerDirectory, 'list'>;
}

/** Whether this server wants to be left alone: it makes no sessions, and its clients of other servers' sessions go elsewhere. */
export class Drain {
  readonly #d: DrainDependencies;
  #draining = false;

  constructor(dependencies: DrainDependencies) {
    this.#d = dependencies;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Here at once; then told to all servers. Rejects as `ServerTable.setDraining`, and holds here all the same. */
  async set(draining: boolean): Promise<void> {
    this.#draining = draining;
    await this.#tell();
  }

  /** A new incarnation drains as the one before did. */
  async reincarnated(): Promise<void> {
    if (this.#draining) await this.#tell();
  }

  /** Throws SERVER_DRAINING. */
  admit(): void {
    if (!this.#draining) return;
    const { directory, serverId } = this.#d;
    const others = directory
      .list()
      .filter(({ id, alive, draining }) => id !== serverId && alive && !draining)
      .map(({ id }) => id);
    const message = `Server ${serverId} is draining and makes no sessions.`;
    if (others.length === 0) throw new TermError('SERVER_DRAINING', message);
    throw new TermError('SERVER_DRAINING', message, {
      details: { servers: others },
      hint: `Make the session on ${others.join(' or ')}; \`triterm daemon drain --undo\` ends it.`,
    });
  }

  async #tell(): Promise<void> {
    const { servers, serverId, lease } = this.#d;
    await servers.setDraining(serverId, lease.incarnation, this.#draining);
  }
}
