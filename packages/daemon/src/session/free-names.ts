import { TermError } from '@triterm/core/errors';
import type { SessionStore } from '@triterm/core/store';
import type { SessionRegistry } from './session-registry.ts';

/** Names that are tried for a session that was given none, while others take them away. */
const NAME_TRIES = 20;

/** Names that no other session of a user has, on whichever server. */
export class FreeNames {
  readonly #registry: SessionRegistry;
  readonly #store: Pick<SessionStore, 'list'>;
  /** Users and names that somebody here is about to use: whoever comes meanwhile chooses another one. */
  readonly #underWay = new Set<string>();

  constructor(registry: SessionRegistry, store: Pick<SessionStore, 'list'>) {
    this.#registry = registry;
    this.#store = store;
  }

  /** Uses a name that is free by what is known here; where the store refuses it, by what all servers have. Rejects as `use`. */
  async use<T>(
    userId: string,
    choose: (taken: (name: string) => boolean) => string,
    use: (name: string) => Promise<T>,
  ): Promise<T> {
    const elsewhere = new Set<string>();
    const taken = (name: string) =>
      elsewhere.has(name) ||
      this.#underWay.has(keyOf(userId, name)) ||
      this.#registry.byName(userId, name) !== undefined;
    for (let tried = 1; ; tried++) {
      const name = choose(taken);
      const key = keyOf(userId, name);
      this.#underWay.add(key);
      try {
        return await use(name);
      } catch (error) {
        if (TermError.from(error).code !== 'NAME_TAKEN' || tried === NAME_TRIES) throw error;
        for (const { name: known } of await this.#store.list(userId)) elsewhere.add(known);
      } finally {
        this.#underWay.delete(key);
      }
    }
  }
}

function keyOf(userId: string, name: string): string {
  return JSON.stringify([userId, name]);
}
