import { maySee, type SessionDoc } from '@triterm/core/domain';
import type { SessionRow } from '@triterm/core/store';
import type { Pty } from '../pty/pty.ts';
import { Attempts } from './attempts.ts';
import type { EventBus } from './event-bus.ts';
import type { LiveSession } from './live-session.ts';
import { orphanName } from './naming.ts';
import { createOrphanRow, newOrphan, type Orphan, type OrphanRowDependencies } from './orphan-row.ts';
import type { Presence } from './presence.ts';
import type { Session } from './session.ts';
import type { SessionFactory } from './session-factory.ts';
import type { SessionLifecycle } from './session-lifecycle.ts';
import type { SessionRegistry } from './session-registry.ts';

export interface SupersessionDependencies extends OrphanRowDependencies {
  readonly registry: SessionRegistry;
  readonly factory: Pick<SessionFactory, 'notStarted'>;
  readonly lifecycle: Pick<SessionLifecycle, 'forget' | 'letGo' | 'retain'>;
  readonly bus: EventBus;
  readonly presence: Presence;
  trouble(session: string, what: string, error: unknown): void;
}

/**
 * What becomes of a session that another server has claimed, or somebody has deleted. Its PTY is not killed: it becomes an orphan, a
 * session of its own, with its clients, its files and its screen. Without a PTY, or when its program had ended and it was removed,
 * nothing is left here to keep.
 */
export class Supersession {
  readonly #d: SupersessionDependencies;
  readonly #attempts: Attempts;

  constructor(dependencies: SupersessionDependencies) {
    this.#d = dependencies;
    this.#attempts = new Attempts(dependencies);
  }

  /** `present`: the row as it is now; undefined when it was deleted. */
  take(session: Session, present: SessionRow | undefined): void {
    const before = { id: session.id, name: session.name, userId: session.userId };
    const owner = present?.ownerServer ?? '';
    // The same orphan each time, so that one of unknown outcome is not made twice.
    const orphan = newOrphan();
    void this.#attempts.run(before.id, 'keeping a session whose row is another one now', async () => {
      // Its program may be about to begin.
      await session.spawned;
      const isRemoved = present === undefined && session.row.state === 'exited';
      if (session.live === undefined || isRemoved) await this.#letGo(session);
      else await this.#orphan(session, present, orphan);
      this.#d.bus.emit(present === undefined ? 'removed' : 'moved', before, { owner });
    });
  }

  /** A row for a PTY that was found here and whose session is another server's. Rejects as `SessionStore.create`. */
  rowFor(pty: Pty, theirs: SessionRow, orphan: Orphan): Promise<SessionRow> {
    const doc: SessionDoc = {
      ...theirs.doc,
      ...this.#d.factory.notStarted(),
      cols: pty.info.cols,
      rows: pty.info.rows,
      pid: pty.pid,
      hostId: pty.hostId,
      ptyId: pty.session,
    };
    return this.#createRow({ ...theirs, state: 'running', doc }, orphan);
  }

  stop(): void {
    this.#attempts.stop();
  }

  /** The PTY of one that runs may be at a host that has not answered yet: then it will be adopted, with its files. */
  async #letGo(session: Session): Promise<void> {
    const { live } = session;
    const { state } = session.row;
    this.#d.lifecycle.letGo(session);
    if (state === 'running') return;
    await session.files.discard();
    await this.#d.lifecycle.forget(session.id, live?.pty);
  }

  async #orphan(session: Session, present: SessionRow | undefined, orphan: Orphan): Promise<void> {
    const { registry, lifecycle, presence } = this.#d;
    const { id: oldId, row, live } = session;
    const doc = { ...row.doc, ptyId: session.ptyId };
    const made = await this.#createRow({ ...row, doc }, orphan);
    const where = present === undefined ? 'was removed' : `was made anew on server ${present.ownerServer}`;
    if (live !== undefined)
      dismissStrangers(live, made, `Session ${row.name} ${where}; your token is not for what runs here.`);
    // What was learned while the row was made is pending, and goes into it.
    registry.rekey(session, () => session.record.replace(made));
    const message = `Session ${row.name} ${where}; what runs here goes on as ${made.name}.`;
    for (const attachment of live?.attachments ?? []) {
      presence.left(oldId, attachment);
      presence.joined(session.id, attachment);
      if (attachment.primary) {
        presence.primary(session.id, attachment);
        session.record.learn({ primarySocket: attachment.id });
      }
      attachment.notify('attachment.session', { session: session.info(), message });
    }
    if (session.row.state === 'exited') lifecycle.retain(session);
    session.emit('orphaned', { before: oldId });
  }

  /** Of the same user, and called after it. */
  #createRow({ userId, name, state, doc }: SessionRow, orphan: Orphan): Promise<SessionRow> {
    return createOrphanRow(this.#d, orphan, { userId, state, doc }, taken => orphanName(name, taken));
  }
}

/** Detaches those who may not see what the session becomes. */
function dismissStrangers(live: LiveSession, becomes: SessionRow, message: string): void {
  for (const attachment of live.attachments) {
    if (maySee(attachment.principal, becomes)) continue;
    attachment.notify('attachment.detached', { reason: 'lost', message });
    live.detach(attachment);
  }
}
