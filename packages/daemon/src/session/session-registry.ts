import { TermError } from '@triterm/core/errors';
import type { Session } from './session.ts';

/** Shortest beginning of an id that names a session. */
export const MIN_ID_PREFIX = 4;

/** The one that is meant, if there is any. Throws AMBIGUOUS_SESSION. */
export function only<T>(found: readonly T[], target: string): T | undefined {
  if (found.length > 1)
    throw new TermError('AMBIGUOUS_SESSION', `More than one session is meant by ${target}.`);
  return found[0];
}

/** In the same words for one that there is not and for one that may not be seen. */
export function noSession(target: string): TermError {
  return new TermError('SESSION_NOT_FOUND', `There is no session ${target}.`);
}

/** The sessions that this daemon knows, by id and name. */
export class SessionRegistry {
  readonly #byId = new Map<string, Session>();
  readonly #reserved = new Set<string>();

  get size(): number {
    return this.#byId.size;
  }

  add(session: Session): void {
    this.#byId.set(session.id, session);
  }

  /** Somebody is about to add a session of this id, until he calls what this returns: its row may be there before it. */
  reserve(id: string): () => void {
    this.#reserved.add(id);
    return () => this.#reserved.delete(id);
  }

  /** There is a session of this id, or is about to be one. */
  isTaken(id: string): boolean {
    return this.#byId.has(id) || this.#reserved.has(id);
  }

  /** Under the id that it has; another one may be there under the same id by now. */
  remove(session: Session): void {
    if (this.#byId.get(session.id) === session) this.#byId.delete(session.id);
  }

  /** Gives it another id, by `change`. */
  rekey(session: Session, change: () => void): void {
    this.remove(session);
    change();
    this.add(session);
  }

  get(id: string): Session | undefined {
    return this.#byId.get(id);
  }

  /** By id alone: what somebody may mean by a name is for the locator to say. Throws SESSION_NOT_FOUND. */
  known(id: string): Session {
    const session = this.#byId.get(id);
    if (session !== undefined) return session;
    throw new TermError('SESSION_NOT_FOUND', `There is no session ${id} any more.`);
  }

  /** By what the pty-host calls its PTY. */
  byPty(ptyId: string): Session | undefined {
    for (const session of this.#byId.values()) if (session.ptyId === ptyId) return session;
    return undefined;
  }

  /** By which PTY it runs on, as clients are told. */
  holding(identity: string): Session | undefined {
    for (const session of this.#byId.values()) if (session.live?.identity === identity) return session;
    return undefined;
  }

  byName(userId: string, name: string): Session | undefined {
    return this.named(name).find(session => session.userId === userId);
  }

  /** Of whichever user: two may have the same name. Not those that another server was seen to own: the name is not theirs any more. */
  named(name: string): Session[] {
    return [...this.#byId.values()].filter(session => session.name === name && session.record.isOwned);
  }

  /** Those whose ids begin so; none for less than 4 characters. */
  startingWith(prefix: string): Session[] {
    if (prefix.length < MIN_ID_PREFIX) return [];
    return [...this.#byId.values()].filter(session => session.id.startsWith(prefix));
  }

  /** Oldest first. */
  all(): Session[] {
    return [...this.#byId.values()].sort((a, b) => a.row.createdAt - b.row.createdAt);
  }
}
