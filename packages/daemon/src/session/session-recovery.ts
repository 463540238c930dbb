import type { ListedSession, SessionRow, SessionStore, SessionTable } from '@triterm/core/store';
import type { Pty, PtyHosts } from '../pty/pty.ts';
import { removeLeftoverFiles } from './leftover-files.ts';
import { ptyIdOf } from './pty-id.ts';
import type { Session } from './session.ts';
import type { SessionFactory } from './session-factory.ts';
import type { SessionLifecycle } from './session-lifecycle.ts';
import type { SessionRegistry } from './session-registry.ts';
import type { SessionStarter } from './session-starter.ts';
import type { UnknownPtys } from './unknown-ptys.ts';

export interface SessionRecoveryDependencies {
  readonly registry: SessionRegistry;
  readonly factory: SessionFactory;
  readonly lifecycle: Pick<SessionLifecycle, 'retain'>;
  readonly unknown: Pick<UnknownPtys, 'adopt'>;
  readonly starter: SessionStarter;
  readonly store: SessionStore;
  /** Past every cache. */
  readonly database: Pick<SessionTable, 'read'>;
  readonly hosts: Pick<PtyHosts, 'unanswered'>;
  readonly ownIds: ReadonlySet<string>;
  readonly sessionsDir: string;
  trouble(session: string, what: string, error: unknown): void;
}

/** Claims that are under way at once after a start. */
const CLAIMS_AT_ONCE = 4;

/** How stored sessions and running PTYs are taken up again after a restart. */
export class SessionRecovery {
  readonly #d: SessionRecoveryDependencies;
  readonly #toClaim: Session[] = [];
  #claiming = 0;

  constructor(dependencies: SessionRecoveryDependencies) {
    this.#d = dependencies;
  }

  /** Takes up this server's stored sessions and the PTYs that were found; later those of hosts that have not answered yet. */
  async start(found: readonly Pty[]): Promise<void> {
    const { hosts, ownIds, store, unknown } = this.#d;
    // Another server's sessions are its own business, whether it answers or not.
    const rows = (await store.list()).filter(row => ownIds.has(row.ownerServer));
    const nobodys = new Set(found);
    const takingUp = rows.map(row => {
      const pty = ptyOf(row, nobodys);
      if (pty !== undefined) nobodys.delete(pty);
      return this.takeUp(row, pty);
    });
    const orphans = [...nobodys].map(pty => unknown.adopt(pty));
    for (const late of hosts.unanswered.values()) void late.then(held => this.#adoptLate(held));
    await Promise.all([...takingUp, ...orphans]);
    if (hosts.unanswered.size === 0) void this.#removeLeftovers(new Set(found.map(pty => pty.session)));
  }

  async #removeLeftovers(running: ReadonlySet<string>): Promise<void> {
    const { registry, factory, trouble } = this.#d;
    await removeLeftoverFiles({
      ...this.#d,
      isUsed: ptyId => running.has(ptyId) || registry.byPty(ptyId) !== undefined,
      discard: ptyId => factory.files(ptyId).discard(),
    }).catch(error => trouble('', 'removing what sessions have left', error));
  }

  /**
   * A stored session that nobody here has: with its PTY it goes on, without it was lost, as soon as the host that held it has answered.
   */
  async takeUp(row: ListedSession, pty?: Pty): Promise<void> {
    const { factory, registry } = this.#d;
    const session = factory.session(row, factory.files(ptyIdOf(row)), row.lastActivityAt);
    registry.add(session);
    const late = this.#late(row.doc.hostId);
    if (pty === undefined && row.state === 'running' && late !== undefined)
      void late.then(ptys => this.#found(session, ptys));
    else await this.#goOn(session, pty);
  }

  /** What the host that holds a session will tell, if it has not answered; which host that is may not have been stored. */
  #late(hostId: string | null): Promise<readonly Pty[]> | undefined {
    const { unanswered } = this.#d.hosts;
    if (hostId !== null) return unanswered.get(hostId);
    if (unanswered.size === 0) return undefined;
    return Promise.all(unanswered.values()).then(held => held.flat());
  }

  async #adoptLate(ptys: readonly Pty[]): Promise<void> {
    const { registry, unknown } = this.#d;
    const nobodys = ptys.filter(pty => registry.byPty(pty.session) === undefined);
    await Promise.all(nobodys.map(pty => unknown.adopt(pty)));
  }

  async #found(session: Session, ptys: readonly Pty[]): Promise<void> {
    // Claimed by another server meanwhile: then its PTY is nobody's, and adopted as such.
    if (this.#d.registry.get(session.id) !== session) return;
    await this.#goOn(session, ptyOf(session.row, ptys));
  }

  async #goOn(session: Session, pty: Pty | undefined): Promise<void> {
    const { state } = session.row;
    if (pty !== undefined) {
      session.record.learn({
        ...(state === 'lost' ? { state: 'running' as const } : {}),
        doc: { pid: pty.pid, hostId: pty.hostId, ...(state === 'lost' ? { endedAt: null } : {}) },
      });
      await session.files.keepHolder(session);
      await this.#d.starter
        .follow(session, pty)
        .catch(error => this.#d.trouble(session.id, 'following a session', error));
    } else if (state === 'running') {
      session.record.learn({ state: 'lost', doc: { pid: null, endedAt: new Date().toISOString() } });
      session.emit('lost');
    } else if (state === 'exited') {
      this.#d.lifecycle.retain(session);
    }
    this.#claim(session);
  }

  /** In the background, a few at a time: clients go on meanwhile. */
  #claim(session: Session): void {
    this.#toClaim.push(session);
    if (this.#claiming === CLAIMS_AT_ONCE) return;
    this.#claiming += 1;
    void this.#claimAll().finally(() => {
      this.#claiming -= 1;
    });
  }

  async #claimAll(): Promise<void> {
    for (let next = this.#toClaim.shift(); next !== undefined; next = this.#toClaim.shift())
      await next.record.claim();
  }
}

/**
 * The session's PTY. A host that hung while the session was made anew may have started a program of the same name all the same: then
 * it is the one that was stored.
 */
function ptyOf(row: SessionRow, ptys: Iterable<Pty>): Pty | undefined {
  const ptyId = ptyIdOf(row);
  const named = [...ptys].filter(({ session }) => session === ptyId);
  const { pid, hostId } = row.doc;
  return named.find(pty => pty.pid === pid && pty.hostId === hostId) ?? named[0];
}
