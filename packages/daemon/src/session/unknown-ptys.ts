import { LOCAL_USER } from '@triterm/core/domain';
import { presentRow, type SessionRow, type SessionTable } from '@triterm/core/store';
import type { Pty } from '../pty/pty.ts';
import { Attempts } from './attempts.ts';
import { freeName } from './naming.ts';
import { createOrphanRow, newOrphan, type Orphan, type OrphanRowDependencies } from './orphan-row.ts';
import { ptyIdOf } from './pty-id.ts';
import type { SessionFactory } from './session-factory.ts';
import type { SessionRegistry } from './session-registry.ts';
import type { SessionStarter } from './session-starter.ts';
import type { Supersession } from './supersession.ts';

export interface UnknownPtysDependencies extends OrphanRowDependencies {
  readonly registry: Pick<SessionRegistry, 'add' | 'isTaken'>;
  readonly factory: Pick<SessionFactory, 'doc' | 'files' | 'session'>;
  readonly starter: Pick<SessionStarter, 'follow'>;
  readonly supersession: Pick<Supersession, 'rowFor'>;
  /** Past every cache. */
  readonly database: Pick<SessionTable, 'read'>;
  trouble(session: string, what: string, error: unknown): void;
}

/**
 * PTYs that no session of this server has. Where another server has made its session anew meanwhile it is an orphan of that; where
 * it was deleted, a session of its own; where the database does not know it, because it is new, it gets its row again. Always it is
 * its user's.
 */
export class UnknownPtys {
  readonly #d: UnknownPtysDependencies;
  readonly #attempts: Attempts;
  readonly #adopting = new Set<string>();

  constructor(dependencies: UnknownPtysDependencies) {
    this.#d = dependencies;
    this.#attempts = new Attempts(dependencies);
  }

  /** Resolves after the first attempt; it is repeated until it succeeds. Never rejects. */
  adopt(pty: Pty): Promise<void> {
    const orphan = newOrphan();
    this.#adopting.add(pty.session);
    return this.#attempts.run(pty.session, 'adopting a PTY that no session has', async () => {
      await this.#takeUp(await this.#rowFor(pty, orphan), pty);
      this.#adopting.delete(pty.session);
    });
  }

  /** Whether such a PTY has no session yet; its row may be there before. */
  isAdopting(ptyId: string): boolean {
    return this.#adopting.has(ptyId);
  }

  /** Nothing is tried again any more. */
  stop(): void {
    this.#attempts.stop();
  }

  async #takeUp(row: SessionRow, pty: Pty): Promise<void> {
    const { factory, registry, starter, trouble } = this.#d;
    const files = factory.files(ptyIdOf(row));
    try {
      // Its directory may have been removed, when nobody knew that its program runs.
      files.prepare();
    } catch (error) {
      trouble(row.id, 'making the directory of a session', error);
    }
    const session = factory.session(row, files, row.createdAt);
    registry.add(session);
    session.record.learn({ doc: { pid: pty.pid, hostId: pty.hostId } });
    if (row.id !== pty.session) session.emit('orphaned', { before: pty.session });
    await session.files.keepHolder(session);
    await starter.follow(session, pty).catch(error => trouble(session.id, 'following a session', error));
  }

  async #rowFor(pty: Pty, orphan: Orphan): Promise<SessionRow> {
    const { database, factory } = this.#d;
    const record = await database.read(pty.session);
    const present = presentRow(record);
    if (present !== undefined) return this.#rowLike(pty, present, orphan);
    // The session that had it last may be called otherwise, and others may have made that anew too.
    const holder = await factory.files(pty.session).holder();
    const held = holder === undefined ? undefined : presentRow(await database.read(holder.id));
    if (held !== undefined) return this.#rowLike(pty, held, orphan);
    // What was deleted stays so.
    const id = record === undefined ? pty.session : orphan.id;
    return this.#recoveredRow(pty, { ...orphan, id }, holder?.userId ?? LOCAL_USER);
  }

  async #rowLike(pty: Pty, row: SessionRow, orphan: Orphan): Promise<SessionRow> {
    const { registry, serverId, supersession } = this.#d;
    const isOwn = row.ownerServer === serverId && ptyIdOf(row) === pty.session;
    // Made by an attempt whose answer was lost.
    if (isOwn && !registry.isTaken(row.id)) return row;
    return supersession.rowFor(pty, row, orphan);
  }

  #recoveredRow(pty: Pty, orphan: Orphan, userId: string): Promise<SessionRow> {
    const doc = {
      ...this.#d.factory.doc({ size: pty.info }, { display: 'recovered', cwd: '/', shell: null }),
      ptyId: pty.session,
    };
    return createOrphanRow(this.#d, orphan, { userId, state: 'running', doc }, taken =>
      freeName(`recovered-${pty.session.slice(0, 4)}`, taken),
    );
  }
}
