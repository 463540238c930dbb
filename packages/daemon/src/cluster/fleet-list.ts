import { maySee, type Principal, type SessionInfo } from '@triterm/core/domain';
import type { SessionStore, SocketTable } from '@triterm/core/store';
import type { Session } from '../session/session.ts';
import type { SessionRegistry } from '../session/session-registry.ts';
import { storedInfo } from '../session/stored-info.ts';
import type { KnownServer, ServerDirectory } from './cluster.ts';

export interface FleetListDependencies {
  readonly registry: Pick<SessionRegistry, 'all' | 'get'>;
  readonly store: Pick<SessionStore, 'list'>;
  readonly sockets: Pick<SocketTable, 'listSockets'>;
  readonly directory: Pick<ServerDirectory, 'find' | 'hasOthers'>;
}

/** Attachments that are counted; with more of them, some sessions show too few clients. */
const MAX_SOCKETS = 50_000;

/** Lists of sessions, as far as the caller may see them, oldest first. */
export class FleetList {
  readonly #d: FleetListDependencies;

  constructor(dependencies: FleetListDependencies) {
    this.#d = dependencies;
  }

  /** Those of this server, as they are now. */
  here(principal: Principal): SessionInfo[] {
    return this.#visible(principal).map(session => session.info());
  }

  /**
   * Those of all servers: of this one as they are now, of others as the database has them. Rejects as the database does: a list that
   * left some out would pass for the whole.
   */
  async everywhere(principal: Principal): Promise<SessionInfo[]> {
    const { registry, store, directory, sockets } = this.#d;
    const [rows, attached] = await Promise.all([
      principal.scope === 'admin' ? store.list() : store.list(principal.userId),
      directory.hasOthers ? sockets.listSockets({}, MAX_SOCKETS) : [],
    ]);
    const stored = rows.filter(({ id, userId }) => maySee(principal, { id, userId }));
    const servers = await this.#serversOf(new Set(stored.map(({ ownerServer }) => ownerServer)));
    const clients = new Map<string, number>();
    for (const { terminalId } of attached) clients.set(terminalId, (clients.get(terminalId) ?? 0) + 1);
    const infos = stored.map(
      row =>
        registry.get(row.id)?.info() ?? {
          ...storedInfo(row, servers.get(row.ownerServer), row.lastActivityAt),
          clients: clients.get(row.id) ?? 0,
        },
    );
    // What the database does not have yet, or not any more.
    const listed = new Set(stored.map(({ id }) => id));
    const unlisted = this.#visible(principal).filter(({ id }) => !listed.has(id));
    if (unlisted.length === 0) return infos;
    return [...infos, ...unlisted.map(session => session.info())].sort(byAge);
  }

  #visible(principal: Principal): Session[] {
    return this.#d.registry.all().filter(session => maySee(principal, session));
  }

  async #serversOf(ids: ReadonlySet<string>): Promise<ReadonlyMap<string, KnownServer>> {
    const found = await Promise.all([...ids].map(id => this.#d.directory.find(id)));
    return new Map(found.flatMap(server => (server === undefined ? [] : [[server.id, server]])));
  }
}

function byAge(a: SessionInfo, b: SessionInfo): number {
  return a.createdAt < b.createdAt ? -1 : Number(a.createdAt > b.createdAt);
}
