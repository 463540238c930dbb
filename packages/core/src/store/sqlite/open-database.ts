import { closeSync, lstatSync, openSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import { TermError } from '../../errors/index.ts';
import { Connection } from './connection.ts';
import type { Driver } from './driver.ts';
import { beginDbEpoch } from './epoch-table.ts';
import { readMeta, writeMeta } from './meta.ts';
import { isUpToDate, migrate } from './migrate.ts';
import { moveAside } from './move-aside.ts';
import { isBusy, isCorrupt, storeError } from './sqlite-error.ts';
import { type Opened, type StoreWorkerData, sharedNowMs } from './worker-messages.ts';

/** One try to get a lock that another process holds; the thread can do nothing else meanwhile. */
export const BUSY_TRY_MS = 100;
const OPEN_DEADLINE_MS = 2500;
const OPEN_RETRY_MS = 20;
/** The WAL file is cut to this after a checkpoint. */
const WAL_LIMIT_BYTES = 4 * 1024 * 1024;

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
    await prepare(connection, where.file);
    beginBoot(connection, where.bootId);
    return connection;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

/**
 * Makes a connection ready for writing, with its schema up to date. Throws STORE_TOO_NEW, and STORE_UNAVAILABLE for a database of another program,
 * before anything is changed: what is not ours is left as it is, its journal mode too.
 */
export async function prepare(connection: Connection, file: string): Promise<void> {
  isUpToDate(connection, file);
  const { database } = connection;
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`);
  await migrate(connection, file);
}

/**
 * SQLite would make the file with the umask's mode, and gives its companions the mode of the file. A file that exists is only
 * looked at: closing a descriptor of it would drop the locks that this process holds on it (fcntl(2)).
 */
export function createPrivately(file: string): void {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined) {
    try {
      closeSync(openSync(file, 'wx', 0o600));
    } catch (thrown) {
      if (!(thrown instanceof Error && 'code' in thrown)) throw thrown;
      if (thrown.code === 'EEXIST') return;
      throw new TermError(fileErrorCode(thrown.code), `Cannot make the database ${file}: ${thrown.message}`, {
        cause: thrown,
      });
    }
  } else if (!found.isFile()) {
    throw new TermError('UNSAFE_PATH', `${file} is not a regular file.`);
  }
}

/** What a file system's refusal is to the store. */
export function fileErrorCode(errno: unknown): 'READ_ONLY_STATE' | 'DISK_FULL' | 'STORE_UNAVAILABLE' {
  if (errno === 'EROFS' || errno === 'EACCES') return 'READ_ONLY_STATE';
  return errno === 'ENOSPC' || errno === 'EDQUOT' ? 'DISK_FULL' : 'STORE_UNAVAILABLE';
}

/** Damage in the middle of the file would otherwise be met only when a query comes there. */
function refuseDamaged(database: Database.Database): void {
  const found: unknown = database.pragma('quick_check(1)', { simple: true });
  if (found !== 'ok') throw Object.assign(new Error(String(found)), { code: 'SQLITE_CORRUPT' });
}

/** After a reboot, nobody may go by what was cached before: the last commits may be gone with the power. */
function beginBoot(connection: Connection, bootId: string): void {
  if (readMeta(connection, 'boot_id') === bootId) return;
  connection.begin();
  try {
    if (readMeta(connection, 'boot_id') !== bootId) {
      writeMeta(connection, 'boot_id', bootId);
      beginDbEpoch(connection);
    }
    connection.commit();
  } catch (thrown) {
    connection.rollback();
    throw thrown;
  }
}
