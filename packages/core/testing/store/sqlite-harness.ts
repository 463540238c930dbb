import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SessionStore } from '@triterm/core/store';
import { openSqliteSessionStore, type SqliteStoreOptions } from '@triterm/core/store/sqlite';
import type { StoreHarness } from './session-store-contract.ts';

export const STORE_WORKER = new URL('../../src/store/sqlite/worker.ts', import.meta.url);
export const SOURCE_CONDITIONS: readonly string[] = ['--conditions=@triterm/source'];

export function sqliteOptions(file: string, change: Partial<SqliteStoreOptions> = {}): SqliteStoreOptions {
  return {
    file,
    workerUrl: STORE_WORKER,
    execArgv: SOURCE_CONDITIONS,
    serverId: 'server-1',
    bootId: 'boot-1',
    ...change,
  };
}

export class SqliteHarness implements StoreHarness {
  readonly dir: string = mkdtempSync(join(tmpdir(), 'triterm-store-'));
  readonly #opened: SessionStore[] = [];

  get file(): string {
    return join(this.dir, 'triterm.db');
  }

  async open(): Promise<SessionStore> {
    const { store } = await openSqliteSessionStore(sqliteOptions(this.file));
    this.#opened.push(store);
    return store;
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#opened.map(store => store.close()));
    rmSync(this.dir, { recursive: true, force: true });
  }
}
