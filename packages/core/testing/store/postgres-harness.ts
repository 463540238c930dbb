import type { Database, DatabaseAdmin } from '@triterm/core/store';
import type { PostgresServer } from '../../src/sandbox/postgres-server.ts';
import {
  type OpenedPostgres,
  openPostgresDatabase,
  PostgresAdmin,
  type PostgresDatabaseOptions,
} from '../../src/store/postgres/index.ts';
import type { AdminHarness } from './admin-contract.ts';

/** A database of its own on a test's server, and what was opened on it. */
export class PostgresHarness implements AdminHarness {
  readonly url: string;
  readonly #opened: OpenedPostgres[] = [];
  readonly #admins: DatabaseAdmin[] = [];

  private constructor(url: string) {
    this.url = url;
  }

  static async on(server: PostgresServer): Promise<PostgresHarness> {
    return new PostgresHarness(await server.createDatabase());
  }

  /** As a server opens it. */
  async openAll(change: Partial<PostgresDatabaseOptions> = {}): Promise<OpenedPostgres> {
    const opened = await openPostgresDatabase({ url: this.url, serverId: 'server-1', ...change });
    this.#opened.push(opened);
    return opened;
  }

  async open(): Promise<Database> {
    return (await this.openAll()).database;
  }

  async openAdmin(): Promise<DatabaseAdmin> {
    const admin = new PostgresAdmin({ url: this.url, serverId: 'admin' });
    this.#admins.push(admin);
    return admin;
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#admins.map(admin => admin.close()));
    await Promise.all(this.#opened.map(({ database }) => database.close()));
  }
}
