import { closest, isSessionId, maySee, type Principal } from '@triterm/core/domain';
import { ERROR_CATALOG, TermError } from '@triterm/core/errors';
import type { SessionRow, SessionStore } from '@triterm/core/store';
import type { Session } from '../session/session.ts';
import { MIN_ID_PREFIX, noSession, only, type SessionRegistry } from '../session/session-registry.ts';
import type { Located, ServerDirectory, SessionLocator } from './cluster.ts';

export interface FleetLocatorDependencies {
  readonly registry: Pick<SessionRegistry, 'all' | 'byName' | 'get' | 'holding' | 'named' | 'startingWith'>;
  readonly store: Pick<SessionStore, 'get' | 'getByName' | 'list'>;
  /** Past every cache. */
  readonly database: Pick<SessionStore, 'get'>;
  readonly directory: Pick<ServerDirectory, 'find' | 'hasOthers' | 'isOwn' | 'mayHaveOthers' | 'refresh'>;
  readonly lease: {
    readonly held: boolean;
    /** Whether it is held, for which it may wait that long. */
    ensure(timeoutMs: number): Promise<boolean>;
  };
}

/** How long a lost lease may take to come back before a session by name is refused; or, where there are no others, believed in. */
const ENSURE_MS = 1000;
const ALONE_ENSURE_MS = 250;

/** Finds sessions of all servers that share the database. */
export class FleetLocator implements SessionLocator {
  readonly #d: FleetLocatorDependencies;

  constructor(dependencies: FleetLocatorDependencies) {
    this.#d = dependencies;
  }

  async locate(principal: Principal, target: string, pty?: string): Promise<Located> {
    const { registry, directory } = this.#d;
    const holder = pty === undefined ? undefined : registry.holding(pty);
    if (holder !== undefined && maySee(principal, holder)) {
      const isMeant = holder.name === target || holder.id.startsWith(target);
      return { where: 'here', session: holder, isInstead: !isMeant };
    }
    const named = registry.byName(principal.userId, target);
    if (named !== undefined && maySee(principal, named)) return this.#verified(named);
    const exact = registry.get(target);
    if (exact !== undefined && maySee(principal, exact)) return { where: 'here', session: exact };
    if (!directory.hasOthers) {
      const found = await this.#hereOnly(principal, target);
      if (found !== undefined) return found;
    }
    try {
      return await this.#stored(principal, target);
    } catch (thrown) {
      if (!isStoreTrouble(thrown)) throw thrown;
      const found = await this.#hereOnly(principal, target);
      if (found !== undefined) return found;
      if (directory.hasOthers) throw thrown;
      throw notFound(target, this.#namesHere(principal));
    }
  }

  /** A session that was somewhere else than it was thought to be, by id. Rejects as `locate`. */
  async locateAgain(id: string): Promise<Located> {
    const row = await this.#d.database.get(id);
    if (row === undefined) throw notFound(id, []);
    return this.#ownerOf(row);
  }

  /** By what is known here, which is all there is where there are no others. */
  async #hereOnly(principal: Principal, target: string): Promise<Located | undefined> {
    const { registry } = this.#d;
    const one = (found: readonly Session[]) =>
      only(
        found.filter(each => maySee(principal, each)),
        target,
      );
    const named = one(registry.named(target));
    if (named !== undefined) return await this.#verified(named);
    const meant = one(registry.startingWith(target));
    return meant === undefined ? undefined : { where: 'here', session: meant };
  }

  async #stored(principal: Principal, target: string): Promise<Located> {
    const { store } = this.#d;
    // First what caches may know while the database is away.
    const exact = isSessionId(target) ? await store.get(target) : undefined;
    if (exact !== undefined && maySee(principal, exact)) return this.#ownerOf(exact);
    const named = await store.getByName(principal.userId, target);
    if (named !== undefined && maySee(principal, named)) return this.#ownerOf(named);
    const all = principal.scope === 'admin' ? await store.list() : await store.list(principal.userId);
    const rows = all.filter(row => maySee(principal, { id: row.id, userId: row.userId }));
    const found =
      only(
        rows.filter(({ name }) => name === target),
        target,
      ) ??
      only(
        rows.filter(({ id }) => target.length >= MIN_ID_PREFIX && id.startsWith(target)),
        target,
      );
    if (found !== undefined) return this.#ownerOf(found);
    throw notFound(
      target,
      rows.map(({ name }) => name),
    );
  }

  async #ownerOf(row: SessionRow): Promise<Located> {
    const { registry, directory, database } = this.#d;
    if (!directory.isOwn(row.ownerServer))
      return { where: 'there', row, server: await directory.find(row.ownerServer) };
    const session = registry.get(row.id);
    if (session !== undefined) return { where: 'here', session };
    // A cache may still name us as the owner.
    const stored = await database.get(row.id);
    if (stored === undefined) throw notFound(row.name, []);
    // An id that was ours may just have become another host's.
    await directory.refresh();
    if (!directory.isOwn(stored.ownerServer))
      return { where: 'there', row: stored, server: await directory.find(stored.ownerServer) };
    throw new TermError(
      'PTY_HOST_UNAVAILABLE',
      `Session ${row.name} is being made or taken up by its server.`,
      { hint: 'Try again in a moment.' },
    );
  }

  /** A session of ours by name, which others may have made anew while our lease was lost. */
  async #verified(session: Session): Promise<Located> {
    const { lease, directory, database } = this.#d;
    if (lease.held) return { where: 'here', session };
    let row: SessionRow | undefined;
    try {
      if (!(await lease.ensure(directory.mayHaveOthers ? ENSURE_MS : ALONE_ENSURE_MS)))
        throw new TermError('LEASE_LOST', 'The lease could not be taken anew in time.');
      row = await database.get(session.id);
    } catch (cause) {
      if (!directory.mayHaveOthers) return { where: 'here', session };
      throw new TermError(
        'OWNERSHIP_UNVERIFIED',
        `This server has lost its lease, and can't make sure that session ${session.name} is still its own.`,
        { cause, details: { id: session.id } },
      );
    }
    if (row === undefined) throw notFound(session.name, []);
    return this.#ownerOf(row);
  }

  #namesHere(principal: Principal): string[] {
    return this.#d.registry
      .all()
      .filter(session => maySee(principal, session))
      .map(({ name }) => name);
  }
}

function notFound(target: string, names: readonly string[]): TermError {
  const suggestion = closest(target, names);
  if (suggestion === undefined) return noSession(target);
  return new TermError('SESSION_NOT_FOUND', `There is no session ${target}. Did you mean ${suggestion}?`, {
    details: { suggestion },
  });
}

/** It could not be asked. */
function isStoreTrouble(thrown: unknown): boolean {
  return ERROR_CATALOG[TermError.from(thrown).code].category === 'storage';
}
