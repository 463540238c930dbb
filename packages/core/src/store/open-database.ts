import type { Database } from './database.ts';
import { type ChannelName, type EventChannel, MAX_MESSAGE_BYTES } from './event-channel.ts';
import { MESSAGE_ID_BYTES } from './fallback-channel.ts';
import type { LockManager } from './lock.ts';
import type { DatabaseTarget } from './store.ts';

const DAEMON_NOTIFICATIONS: ChannelName = {
  name: 'triterm_daemon_events',
  maxBytes: MAX_MESSAGE_BYTES + MESSAGE_ID_BYTES,
};

/** A database with what only it can give. */
export interface OpenedDatabase {
  readonly database: Database;
  /** Locks for when there is no Redis. */
  readonly locks: LockManager;
  /** LISTEN/NOTIFY; undefined on SQLite, which is read directly. */
  readonly changes: EventChannel | undefined;
  /** Another one, for what daemons tell each other. */
  readonly daemons: EventChannel | undefined;
  /** Where a corrupt database was moved before a new one was made; nothing was deleted. */
  readonly movedAside: string | undefined;
}

/** Loads the driver that is needed and no other. Rejects as the database does. `listenFailed`: why LISTEN can't be had now. */
export async function openDatabase(
  target: DatabaseTarget,
  server: { readonly id: string; readonly bootId: string },
  listenFailed: (thrown: unknown) => void,
): Promise<OpenedDatabase> {
  return target.kind === 'sqlite' ? openSqlite(target, server) : openPostgres(target, server, listenFailed);
}

async function openSqlite(
  { file, workerUrl, execArgv }: DatabaseTarget & { kind: 'sqlite' },
  { id, bootId }: { readonly id: string; readonly bootId: string },
): Promise<OpenedDatabase> {
  const [{ openSqliteDatabase }, { LocalLockManager }] = await Promise.all([
    import('./sqlite/index.ts'),
    import('./memory/local-lock-manager.ts'),
  ]);
  const { database, movedAside } = await openSqliteDatabase({
    file,
    workerUrl,
    execArgv,
    bootId,
  });
  return {
    database,
    locks: new LocalLockManager({ serverId: id }),
    changes: undefined,
    daemons: undefined,
    movedAside,
  };
}

async function openPostgres(
  { url, listenUrl }: DatabaseTarget & { kind: 'postgres' },
  { id }: { readonly id: string },
  listenFailed: (thrown: unknown) => void,
): Promise<OpenedDatabase> {
  const [{ openPostgresDatabase }, { AdvisoryLockManager }] = await Promise.all([
    import('./postgres/index.ts'),
    import('./postgres/advisory-lock-manager.ts'),
  ]);
  const opened = await openPostgresDatabase({
    url,
    serverId: id,
    ...(listenUrl === undefined ? {} : { listenUrl }),
  });
  return {
    database: opened.database,
    locks: new AdvisoryLockManager(opened.locks, id),
    changes: opened.openChannel(listenFailed),
    daemons: opened.openChannel(listenFailed, DAEMON_NOTIFICATIONS),
    movedAside: undefined,
  };
}
