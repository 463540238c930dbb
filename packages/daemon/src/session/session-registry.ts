import { closest } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { Session } from './session.ts';

/** Shortest beginning of an id that names a session. */
const MIN_ID_PREFIX = 4;

/** The sessions that this daemon knows, by id and name. */
export class SessionRegistry {
  readonly #byId = new Map<string, Session>();

  get size(): number {
    return this.#byId.size;
  }

  add(session: Session): void {
    this.#byId.set(session.id, session);
  }

  remove(session: Session): void {
    this.#byId.delete(session.id);
  }

  get(id: string): Session | undefined {
    return this.#byId.get(id);
  }

  byName(name: string): Session | undefined {
    for (const session of this.#byId.values()) if (session.name === name) return session;
    return undefined;
  }

  /** Oldest first. */
  all(): Session[] {
    return [...this.#byId.values()].sort((a, b) => a.row.createdAt - b.row.createdAt);
  }

  /** By name, id, or the beginning of an id. Throws SESSION_NOT_FOUND with a suggestion, AMBIGUOUS_SESSION. */
  find(target: string): Session {
    const exact = this.byName(target) ?? this.#byId.get(target);
    if (exact !== undefined) return exact;
    if (target.length >= MIN_ID_PREFIX) {
      const [first, second] = [...this.#byId.values()].filter(session => session.id.startsWith(target));
      if (second !== undefined)
        throw new TermError('AMBIGUOUS_SESSION', `More than one id begins with ${target}.`);
      if (first !== undefined) return first;
    }
    const suggestion = closest(
      target,
      [...this.#byId.values()].map(session => session.name),
    );
    throw new TermError(
      'SESSION_NOT_FOUND',
      suggestion === undefined
        ? `There is no session ${target}.`
        : `There is no session ${target}. Did you mean ${suggestion}?`,
      suggestion === undefined ? {} : { details: { suggestion } },
    );
  }
}
