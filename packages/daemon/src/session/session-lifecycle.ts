import type { Config } from '@triterm/core/config/load';
import { isSessionName, LOCAL_USER, newSessionId, type SessionInfo } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { ParsedParams } from '@triterm/core/protocol';
import type { SessionRow, SessionStore } from '@triterm/core/store';
import type { Pty } from '../pty/pty.ts';
import type { FreeNames } from './free-names.ts';
import type { ServerDirectory } from './known-servers.ts';
import type { Launch } from './launch/index.ts';
import { type Lease, underLease } from './lease.ts';
import { freeName, retiredName } from './naming.ts';
import type { Session } from './session.ts';
import type { SessionFactory } from './session-factory.ts';
import type { SessionFiles } from './session-files.ts';
import type { SessionRegistry } from './session-registry.ts';
import type { SessionStarter } from './session-starter.ts';
import { storedInfo } from './stored-info.ts';
import { untilKnown } from './until-known.ts';

export interface SessionLifecycleDependencies {
  readonly registry: SessionRegistry;
  readonly factory: SessionFactory;
  readonly names: FreeNames;
  readonly starter: SessionStarter;
  readonly store: SessionStore;
  readonly lease: Lease;
  readonly directory: Pick<ServerDirectory, 'find'>;
  /** Read at use: its members may be replaced. */
  readonly config: Config;
  readonly serverId: string;
  trouble(session: string, what: string, error: unknown): void;
}

const MAX_TIMER_MS = 2 ** 31 - 1;
/** An ended session that could not be put away, or removed, is tried again after this time; its host keeps it meanwhile. */
const AGAIN_MS = 10_000;
const FORGET_TRIES = 30;

/** How sessions begin, end, and are put away. */
export class SessionLifecycle {
  readonly #d: SessionLifecycleDependencies;
  readonly #retention = new Map<Session, NodeJS.Timeout>();
  readonly #unsettled = new Map<Session, NodeJS.Timeout>();

  constructor(dependencies: SessionLifecycleDependencies) {
    this.#d = dependencies;
  }

  /** Makes a user's session and starts its program. A name that an ended session holds is taken over from it, if that can be done. */
  async create(params: ParsedParams<'session.create'>, userId: string): Promise<SessionInfo> {
    if (params.name !== undefined) requireName(params.name);
    const id = newSessionId();
    const named = { id, name: params.name ?? '' };
    const made = await this.#prepared(named, params, async (files, launch) => {
      const row = await this.#createRow(id, params, userId, launch);
      if (row.id === id) return await this.#begin(row, files, launch);
      await files.discard();
      return row;
    });
    if (!('rev' in made)) return made;
    const { registry, serverId } = this.#d;
    if (registry.isTaken(made.id) || made.ownerServer !== serverId || made.state !== 'running')
      return await this.#madeBefore(made);
    // The request that made its row has never learned so.
    return await this.#prepared(made, params, (files, launch) => this.#begin(made, files, launch));
  }

  /** Prepares a session's files and what is to be started in it; while that is used, nobody takes up its row. */
  async #prepared<T>(
    { id, name }: { readonly id: string; readonly name: string },
    params: ParsedParams<'session.create'>,
    use: (files: SessionFiles, launch: Launch) => Promise<T>,
  ): Promise<T> {
    const { factory, registry, starter } = this.#d;
    const files = factory.files(id);
    const release = registry.reserve(id);
    try {
      files.prepare();
      return await use(files, await starter.prepare({ id, name, dir: files.dir }, params));
    } catch (error) {
      await files.discard();
      throw error;
    } finally {
      release();
    }
  }

  /** Removes an ended or lost session with everything that was kept of it. */
  async remove(session: Session): Promise<void> {
    await session.record.delete({ onlyEnded: true });
    const { live } = session;
    this.letGo(session);
    await session.files.discard();
    await this.forget(session.id, live?.pty);
    session.emit('removed');
  }

  /** It is not one of this server's any more; its files, and what its PTY's host has, are left. */
  letGo(session: Session): void {
    for (const timers of [this.#retention, this.#unsettled]) {
      clearTimeout(timers.get(session));
      timers.delete(session);
    }
    this.#d.registry.remove(session);
    session.record.close();
    session.live?.dismissAll();
    session.leave();
  }

  /**
   * Has the host forget an ended program. One that does not answer is asked again for a while: what it keeps would come back as a session
   * of the next daemon. Resolves after the first time, and never rejects.
   */
  async forget(id: string, pty: Pick<Pty, 'forget'> | undefined, tries = FORGET_TRIES): Promise<void> {
    try {
      await pty?.forget();
    } catch (error) {
      this.#d.trouble(id, 'forgetting a PTY', error);
      if (tries > 1) setTimeout(() => void this.forget(id, pty, tries - 1), AGAIN_MS).unref();
    }
  }

  /** Everything that an ended program wrote is known: once screen and status are on disk, the host may forget it. */
  async settle(session: Session): Promise<void> {
    const { live } = session;
    if (live === undefined) return;
    this.retain(session);
    const kept = await live.checkpoint();
    const [onDisk, stored] = await Promise.all([session.files.flush(), session.record.flush()]);
    if (live.attachments.size > 0 || session.live !== live) return;
    if (kept === undefined || !onDisk || !stored || live.awaitsReturn) {
      this.#settleLater(session);
      return;
    }
    session.leave();
    await this.forget(session.id, live.pty);
  }

  /** An ended session stays listed for a while. */
  retain(session: Session): void {
    const endedAt = Date.parse(session.row.doc.endedAt ?? '') || Date.now();
    const restMs = Math.max(0, endedAt + this.#d.config.exitedRetentionMs - Date.now());
    if (restMs <= MAX_TIMER_MS) this.#removeLater(session, restMs);
    else this.#later(session, MAX_TIMER_MS, () => this.retain(session));
  }

  /** Ended sessions stay for as long as it is configured now. */
  retainAnew(): void {
    for (const session of this.#retention.keys()) this.retain(session);
  }

  /** Nothing is removed any more. */
  stop(): void {
    for (const timers of [this.#retention, this.#unsettled]) {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    }
  }

  /** What an earlier request of the same key has made, through this server or through another one. */
  async #madeBefore(row: SessionRow): Promise<SessionInfo> {
    const here = this.#d.registry.get(row.id);
    return here?.info() ?? storedInfo(row, await this.#d.directory.find(row.ownerServer));
  }

  async #begin(row: SessionRow, files: SessionFiles, launch: Launch): Promise<SessionInfo> {
    const session = this.#d.factory.session(row, files, row.createdAt);
    this.#d.registry.add(session);
    try {
      await this.#d.starter.spawn(session, launch, undefined);
    } catch (error) {
      this.#d.registry.remove(session);
      await session.record
        .delete()
        .catch(kept => this.#d.trouble(row.id, 'removing a session that did not start', kept));
      throw error;
    }
    session.emit('created', { command: launch.display });
    return session.info();
  }

  #createRow(
    id: string,
    params: ParsedParams<'session.create'>,
    userId: string,
    launch: Launch,
  ): Promise<SessionRow> {
    const { config, factory, lease, names, serverId, store } = this.#d;
    const create = (name: string) =>
      untilKnown(() =>
        underLease(lease, incarnation =>
          store.create(
            { id, userId, name, ownerServer: serverId, state: 'running', doc: factory.doc(params, launch) },
            {
              limit: config.maxSessions,
              serverLimit: config.maxSessionsPerServer,
              incarnation,
              idempotencyKey: keyOf(userId, params.idempotencyKey),
            },
          ),
        ),
      );
    if (params.name !== undefined) return this.#createNamed(params.name, userId, create);
    return names.use(userId, taken => freeName(launch.display, taken), create);
  }

  #removeLater(session: Session, inMs: number): void {
    this.#later(session, inMs, () => {
      // Somebody still reads what it has written.
      if ((session.live?.attachments.size ?? 0) > 0) return this.#removeLater(session, AGAIN_MS);
      this.remove(session).catch(error => {
        this.#d.trouble(session.id, 'removing an ended session', error);
        if (this.#d.registry.get(session.id) === session) this.#removeLater(session, AGAIN_MS);
      });
    });
  }

  #later(session: Session, inMs: number, work: () => void): void {
    clearTimeout(this.#retention.get(session));
    this.#retention.set(session, setTimeout(work, inMs).unref());
  }

  #settleLater(session: Session): void {
    clearTimeout(this.#unsettled.get(session));
    const timer = setTimeout(() => void this.settle(session), AGAIN_MS).unref();
    this.#unsettled.set(session, timer);
  }

  /** Only where nothing else stands in its way, and it is no repetition of what has made the holder. */
  async #createNamed(
    name: string,
    userId: string,
    create: (name: string) => Promise<SessionRow>,
  ): Promise<SessionRow> {
    try {
      return await create(name);
    } catch (thrown) {
      if (TermError.from(thrown).code !== 'NAME_TAKEN' || !(await this.#freed(userId, name))) throw thrown;
      return create(name);
    }
  }

  /** Whether an ended session of this server had the name, and has another one now. */
  async #freed(userId: string, name: string): Promise<boolean> {
    const holder = this.#d.registry.byName(userId, name);
    if (holder?.row.state !== 'exited') return false;
    await this.#d.names.use(
      userId,
      taken => retiredName(name, taken),
      retired => holder.record.command({ name: retired }),
    );
    return true;
  }
}

/** Users choose their keys: who has another one's gets nothing of his. That of the socket's owner stays as earlier releases know it. */
function keyOf(userId: string, key: string): string {
  return userId === LOCAL_USER ? key : `${userId}:${key}`;
}

/** Throws BAD_NAME. */
export function requireName(name: string): void {
  if (!isSessionName(name)) throw new TermError('BAD_NAME', `${JSON.stringify(name)} is no session name.`);
}
