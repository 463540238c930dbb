import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type DatabaseTarget,
  DEFAULT_STORE_SETTINGS,
  type Store,
  type StoreSettings,
} from '@triterm/core/store';
import { openStore } from '@triterm/core/store/open-store';
import { SOURCE_CONDITIONS, STORE_WORKER } from './sqlite-harness.ts';

/** Whatever is waited for comes within this, or never. */
const DEADLINE_MS = 15_000;

export interface RedisPlaceOptions {
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
}

/** The store of one server, with its changes of mode as events. */
export class TestStore {
  readonly store: Store;
  readonly changes: readonly string[];
  readonly #events: EventEmitter;

  private constructor(store: Store, changes: string[], events: EventEmitter) {
    this.store = store;
    this.changes = changes;
    this.#events = events;
  }

  static async open(
    id: string,
    database: DatabaseTarget,
    redis: RedisPlaceOptions | undefined,
    settings: Partial<StoreSettings> = {},
  ): Promise<TestStore> {
    const events = new EventEmitter();
    const changes: string[] = [];
    const store = await openStore({
      database,
      redis: redis && { topology: 'single', host: '127.0.0.1', ...redis },
      server: { id, hostId: 'host', bootId: 'boot-1', stateDir: `/state/${id}`, advertiseUrl: null },
      settings: { ...DEFAULT_STORE_SETTINGS, ...settings },
      hooks: {
        modeChanged: ({ from, to }) => {
          changes.push(`${from}→${to}`);
          events.emit('changed');
        },
      },
    });
    return new TestStore(store, changes, events);
  }

  get state(): string | undefined {
    return this.store.sessions.health()?.state;
  }

  /** Resolves when it is in the state. */
  async until(state: string): Promise<void> {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    while (this.state !== state) await once(this.#events, 'changed', { signal });
  }

  close(): Promise<void> {
    return this.store.close();
  }
}

/** A SQLite file for several stores. */
export class SqliteFile {
  readonly dir: string = mkdtempSync(join(tmpdir(), 'triterm-hybrid-'));

  get target(): DatabaseTarget {
    return {
      kind: 'sqlite',
      file: join(this.dir, 'triterm.db'),
      workerUrl: STORE_WORKER,
      execArgv: SOURCE_CONDITIONS,
    };
  }

  dispose(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
