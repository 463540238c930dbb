import type pg from 'pg';
import type { TermError } from '../../errors/index.ts';
import type { Database } from '../database.ts';
import type { ChannelName, EventChannel } from '../event-channel.ts';
import { type AdvisoryLocks, PostgresAdvisoryLocks } from './advisory-lock.ts';
import { asked, withClient } from './client.ts';
import { callDeadline } from './deadline.ts';
import { noteSystem } from './epoch-table.ts';
import { migrate } from './migrate.ts';
import { NotifyChannel } from './notify-channel.ts';
import { PostgresPool } from './pool.ts';
import { PostgresDatabase } from './postgres-database.ts';
import type { Endpoint, PostgresTarget } from './settings.ts';
import { inspectSystem, type SystemState } from './system.ts';
import { inTransaction, Transaction } from './transaction.ts';

const DEFAULT_CONNECTIONS = 10;
/** Locks that this process holds at once; each needs a connection. */
const MAX_HELD_LOCKS = 4;
/** Opening may have to wait for another server that migrates. */
const OPEN_DEADLINE_MS = 15_000;

export interface PostgresDatabaseOptions extends PostgresTarget {
  /** Where to listen, when `url` leads to a pooler. */
  readonly listenUrl?: string;
  /** Connections of this process, beside one that listens and those of held locks. */
  readonly maxConnections?: number;
}

export interface OpenedPostgres {
  readonly database: Database;
  readonly locks: AdvisoryLocks;
  /**
   * Another channel to all servers of this database, with a connection of its own from when it is listened to; whoever opens it closes
   * it. `failed` is told each time why it can't listen.
   */
  openChannel(failed?: (error: TermError) => void, channel?: ChannelName): EventChannel;
}

/**
 * Opens a database and brings its schema up to date. Rejects with STORE_REFUSED (user, password, host or database),
 * STORE_NOT_PRIMARY, STORE_TOO_NEW, STORE_UNAVAILABLE or DISK_FULL. One that fails later goes on by itself when it can be used
 * again: every call tries. Closing the database closes all of it, channels excepted.
 */
export async function openPostgresDatabase(options: PostgresDatabaseOptions): Promise<OpenedPostgres> {
  const { maxConnections = DEFAULT_CONNECTIONS, url, listenUrl = url, serverId } = options;
  let known: string | undefined;
  const note = async (client: pg.ClientBase, endpoint: Endpoint, { system }: SystemState): Promise<void> => {
    if (system === undefined || system === known) return;
    const noting = new Transaction(client, { endpoint, deadlineMs: callDeadline, savepoints: false });
    await inTransaction(noting, on => noteSystem(on, system));
    known = system;
  };
  // Each new connection may lead to another server than the one before: a replica, a promoted one, a restored copy.
  const inspect = async (client: pg.ClientBase, endpoint: Endpoint): Promise<void> =>
    note(client, endpoint, await inspectSystem(client, endpoint));
  const deadlineMs = performance.now() + OPEN_DEADLINE_MS;
  await withClient(options, { connectDeadlineMs: deadlineMs }, async (client, endpoint) => {
    const state = await asked(endpoint, deadlineMs, inspectSystem(client, endpoint));
    await asked(endpoint, deadlineMs, migrate(client, endpoint));
    await note(client, endpoint, state);
  });
  const pool = new PostgresPool({ ...options, maxConnections, inspect });
  const lockPool = new PostgresPool({ ...options, maxConnections: MAX_HELD_LOCKS, inspect });
  return {
    database: new PostgresDatabase(pool, async () => {
      await Promise.all([pool.close(), lockPool.close()]);
    }),
    locks: new PostgresAdvisoryLocks(lockPool),
    openChannel: (failed, channel) => new NotifyChannel({ url: listenUrl, serverId }, pool, failed, channel),
  };
}
