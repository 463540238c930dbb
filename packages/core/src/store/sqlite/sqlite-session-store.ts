import type {
  CreateOptions,
  ListedSession,
  NewSession,
  SessionChange,
  SessionRow,
  SessionStore,
  Tombstone,
  WriteGuard,
} from '../session-store.ts';
import { StoreThread, type StoreThreadOptions } from './store-thread.ts';

export type SqliteStoreOptions = StoreThreadOptions;

export interface OpenedStore {
  readonly store: SessionStore;
  /** Where a corrupt database was moved before a new one was made; nothing was deleted. */
  readonly movedAside: string | undefined;
}

/**
 * Opens the sessions of one SQLite file, made when missing in a directory that exists. Rejects with STORE_TOO_NEW,
 * STORE_UNAVAILABLE, DISK_FULL, READ_ONLY_STATE or UNSAFE_PATH. A store that fails later goes on by itself when the
 * database can be used again: every call tries.
 */
export async function openSqliteSessionStore(options: SqliteStoreOptions): Promise<OpenedStore> {
  const thread = new StoreThread(options);
  try {
    const { movedAside } = await thread.open();
    return { store: new SqliteSessionStore(thread), movedAside };
  } catch (thrown) {
    await thread.close();
    throw thrown;
  }
}

class SqliteSessionStore implements SessionStore {
  readonly #thread: StoreThread;

  constructor(thread: StoreThread) {
    this.#thread = thread;
  }

  create(session: NewSession, options: CreateOptions): Promise<SessionRow> {
    return this.#thread.call('create', session, options);
  }

  get(id: string): Promise<SessionRow | undefined> {
    return this.#thread.call('get', id);
  }

  getByName(userId: string, name: string): Promise<SessionRow | undefined> {
    return this.#thread.call('getByName', userId, name);
  }

  list(userId: string): Promise<ListedSession[]> {
    return this.#thread.call('list', userId);
  }

  update(id: string, guard: WriteGuard, change: SessionChange): Promise<SessionRow> {
    return this.#thread.call('update', id, guard, change);
  }

  claim(id: string, guard: WriteGuard, server: string, change: SessionChange): Promise<SessionRow> {
    return this.#thread.call('claim', id, guard, server, change);
  }

  delete(id: string, guard: WriteGuard): Promise<Tombstone | undefined> {
    return this.#thread.call('delete', id, guard);
  }

  recordActivity(activity: ReadonlyMap<string, number>): Promise<void> {
    return this.#thread.call('recordActivity', activity);
  }

  collect(deletedBefore: number): Promise<number> {
    return this.#thread.call('collect', deletedBefore);
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}
