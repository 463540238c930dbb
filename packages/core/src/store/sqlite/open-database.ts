import { randomBytes } from 'node:crypto';
import { closeSync, lstatSync, openSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import { TermError } from '../../errors/index.ts';
import { MIN_COMPATIBLE, migrationProvider, SCHEMA_VERSION } from '../schema/migrations.ts';
import { Connection, query } from './connection.ts';
import { nextRev, readMeta, writeMeta } from './meta.ts';
import { moveAside } from './move-aside.ts';
import { isBusy, isCorrupt, storeError } from './sqlite-error.ts';
import { type Opened, type StoreWorkerData, sharedNowMs } from './worker-messages.ts';

/** One try to get a lock that another process holds; the thread can do nothing else meanwhile. */
export const BUSY_TRY_MS = 100;
const OPEN_DEADLINE_MS = 2500;
const OPEN_RETRY_MS = 20;
/** The WAL file is cut to this after a checkpoint. */
const WAL_LIMIT_BYTES = 4 * 1024 * 1024;

/** Makes a better-sqlite3 database; given by the only file that imports the driver. */
export type Driver = (file: string, options: { timeout: number }) => Database.Database;

export interface OpenedConnection extends Opened {
  readonly connection: Connection;
}

/**
 * Opens the database and brings its schema up to date. One that is corrupt is moved aside when `mayMoveAside`. Throws
 * STORE_TOO_NEW, STORE_UNAVAILABLE, STORE_CORRUPT, DISK_FULL, READ_ONLY_STATE or UNSAFE_PATH.
 */
export async function openDatabase(
  driver: Driver,
  where: StoreWorkerData,
  mayMoveAside: boolean,
): Promise<OpenedConnection> {
  const deadlineMs = sharedNowMs() + OPEN_DEADLINE_MS;
  let movedAside: string | undefined;
  for (;;) {
    try {
      return { connection: await open(driver, where, mayMoveAside), movedAside };
    } catch (thrown) {
      if (isCorrupt(thrown) && mayMoveAside && movedAside === undefined) {
        movedAside = moveAside(where.file, new Date());
      } else if (isBusy(thrown) && sharedNowMs() < deadlineMs) {
        // Some locks of opening and recovery are refused without the busy wait.
        await pause(OPEN_RETRY_MS);
      } else {
        throw storeError(thrown, where.file);
      }
    }
  }
}

async function open(driver: Driver, where: StoreWorkerData, check: boolean): Promise<Connection> {
  createPrivately(where.file);
  const database = driver(where.file, { timeout: BUSY_TRY_MS });
  try {
    const connection = new Connection(database);
    if (check) refuseDamaged(database);
    // Before anything is changed: what is not ours is left as it is, its journal mode too.
    isUpToDate(connection, where.file);
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`);
    await migrate(connection, where.file);
    register(connection, where);
    return connection;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

/**
 * SQLite would make the file with the umask's mode, and gives its companions the mode of the file. A file that exists is only
 * looked at: closing a descriptor of it would drop the locks that this process holds on it (fcntl(2)).
 */
function createPrivately(file: string): void {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined) {
    try {
      closeSync(openSync(file, 'wx', 0o600));
    } catch (thrown) {
      if (!(thrown instanceof Error && 'code' in thrown)) throw thrown;
      if (thrown.code === 'EEXIST') return;
      throw new TermError(creationCode(thrown.code), `Cannot make the database ${file}: ${thrown.message}`, {
        cause: thrown,
      });
    }
  } else if (!found.isFile()) {
    throw new TermError('UNSAFE_PATH', `${file} is not a regular file.`);
  }
}

function creationCode(errno: unknown): 'READ_ONLY_STATE' | 'DISK_FULL' | 'STORE_UNAVAILABLE' {
  if (errno === 'EROFS' || errno === 'EACCES') return 'READ_ONLY_STATE';
  return errno === 'ENOSPC' || errno === 'EDQUOT' ? 'DISK_FULL' : 'STORE_UNAVAILABLE';
}

/** Damage in the middle of the file would otherwise be met only when a query comes there. */
function refuseDamaged(database: Database.Database): void {
  const found: unknown = database.pragma('quick_check(1)', { simple: true });
  if (found !== 'ok') throw Object.assign(new Error(String(found)), { code: 'SQLITE_CORRUPT' });
}

/** `meta` is read first: a newer release's schema is left alone, and refused only where that release says so. */
async function migrate(connection: Connection, file: string): Promise<void> {
  if (isUpToDate(connection, file)) return;
  const { database } = connection;
  // Kysely's migrator takes no lock that other processes see.
  database.exec('BEGIN IMMEDIATE');
  try {
    if (!isUpToDate(connection, file)) {
      const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database }) });
      const { error } = await new Migrator({ db, provider: migrationProvider }).migrateToLatest();
      if (error !== undefined) throw error;
      writeMeta(connection, 'schema', String(SCHEMA_VERSION));
      writeMeta(connection, 'min_compatible', String(MIN_COMPATIBLE));
      if (readMeta(connection, 'rev') === undefined) writeMeta(connection, 'rev', '0');
    }
    database.exec('COMMIT');
  } catch (thrown) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw thrown;
  }
}

/** Throws STORE_TOO_NEW, or STORE_UNAVAILABLE for a database that is not ours. */
function isUpToDate(connection: Connection, file: string): boolean {
  const tables = connection.database
    .prepare('SELECT name FROM sqlite_master WHERE type = ?')
    .pluck()
    .all('table');
  if (tables.length === 0) return false;
  if (!tables.includes('meta')) {
    throw new TermError('STORE_UNAVAILABLE', `${file} is a database of another program.`, {
      hint: 'Move it away, or set TRITERM_STATE_DIR to another directory.',
    });
  }
  const minCompatible = Number(readMeta(connection, 'min_compatible'));
  if (minCompatible > SCHEMA_VERSION) {
    throw new TermError(
      'STORE_TOO_NEW',
      `The database ${file} needs a triterm of schema ${minCompatible} or later; this one has schema ${SCHEMA_VERSION}.`,
      { details: { file, minCompatible, schema: SCHEMA_VERSION } },
    );
  }
  return Number(readMeta(connection, 'schema')) >= SCHEMA_VERSION;
}

/** Notes which server uses the database, and begins a new epoch after a reboot. Writes only what changed. */
function register(connection: Connection, { file, serverId, bootId }: StoreWorkerData): void {
  const stateDir = dirname(file);
  const known = connection.first(query.selectFrom('server').selectAll().where('id', '=', serverId));
  const rebooted = readMeta(connection, 'boot_id') !== bootId;
  if (!rebooted && known?.boot_id === bootId && known.state_dir === stateDir) return;
  connection.begin();
  try {
    if (rebooted) {
      writeMeta(connection, 'boot_id', bootId);
      writeMeta(connection, 'db_epoch', randomBytes(16).toString('hex'));
      writeMeta(connection, 'cache_epoch', String(Number(readMeta(connection, 'cache_epoch') ?? 0) + 1));
    }
    const server = {
      incarnation: nextRev(connection),
      host_id: hostname(),
      boot_id: bootId,
      state_dir: stateDir,
      advertise_url: null,
      lease_until: 0,
    };
    connection.run(
      query
        .insertInto('server')
        .values({ id: serverId, ...server })
        .onConflict(conflict => conflict.column('id').doUpdateSet(server)),
    );
    connection.commit();
  } catch (thrown) {
    connection.rollback();
    throw thrown;
  }
}
