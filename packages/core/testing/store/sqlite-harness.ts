import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database, DatabaseAdmin } from '@triterm/core/store';
import { openSqliteDatabase, SqliteAdmin, type SqliteDatabaseOptions } from '@triterm/core/store/sqlite';
import type { AdminHarness } from './admin-contract.ts';

export const STORE_WORKER = new URL('../../src/store/sqlite/worker.ts', import.meta.url);
export const SOURCE_CONDITIONS: readonly string[] = ['--conditions=@triterm/source'];

export function sqliteOptions(
  file: string,
  change: Partial<SqliteDatabaseOptions> = {},
): SqliteDatabaseOptions {
  return {
    file,
    workerUrl: STORE_WORKER,
    execArgv: SOURCE_CONDITIONS,
    bootId: 'boot-1',
    ...change,
  };
}

export class SqliteHarness implements AdminHarness {
  readonly dir: string = mkdtempSync(join(tmpdir(), 'triterm-store-'));
  readonly #opened: { close(): Promise<void> }[] = [];

  get file(): string {
    return join(this.dir, 'triterm.db');
  }

  async open(): Promise<Database> {
    const { database } = await openSqliteDatabase(sqliteOptions(this.file));
    this.#opened.push(database);
    return database;
  }

  async openAdmin(): Promise<DatabaseAdmin> {
    const admin = new SqliteAdmin(sqliteOptions(this.file));
    this.#opened.push(admin);
    return admin;
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#opened.map(opened => opened.close()));
    rmSync(this.dir, { recursive: true, force: true });
  }
}
