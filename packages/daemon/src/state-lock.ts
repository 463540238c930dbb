import { closeSync, openSync, readFileSync } from 'node:fs';
import { fileError, type Paths, writeFileAtomicSync } from '@triterm/core/config';
import { TermError } from '@triterm/core/errors';
import Database from 'better-sqlite3';
import { processStartTime } from './host-facts.ts';

/** That this process alone serves the state directory. */
export interface StateLock {
  /** Higher than that of every daemon before: pty-hosts obey the highest. */
  readonly generation: number;
  release(): void;
}

/** What the holder writes beside the lock, for `daemon restart --force` and for the next holder. */
interface HolderRecord {
  readonly pid: number;
  /** Tells the holder from another process that got its pid; null where there is no /proc. */
  readonly startTime: number | null;
  readonly generation: number;
  /** Its socket was there before it: clients connect while it is still starting. */
  readonly activated: boolean;
}

/**
 * Takes the state directory's lock: an exclusive SQLite transaction held for life, because Node has no flock(2) and the kernel
 * ends this one with the process, however it dies. Undefined when another process holds it. Throws DISK_FULL,
 * READ_ONLY_STATE, PERMISSION_DENIED or DAEMON_START_FAILED.
 */
export function acquireStateLock(paths: Pick<Paths, 'lock'>, activated = false): StateLock | undefined {
  const database = lockExclusively(paths.lock);
  if (database === undefined) return undefined;
  try {
    const generation = raiseGeneration(paths.lock, activated);
    return { generation, release: () => database.close() };
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

function lockExclusively(file: string): Database.Database | undefined {
  let database: Database.Database | undefined;
  createPrivately(file);
  try {
    database = new Database(file, { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (thrown) {
    database?.close();
    const code = thrown instanceof Database.SqliteError ? thrown.code : '';
    if (code.startsWith('SQLITE_BUSY')) return undefined;
    throw lockError(code, file, thrown);
  }
}

/** SQLite would make it, and its journal, with the umask's mode, and would not say why it can't. */
function createPrivately(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (thrown) {
    const error = fileError(thrown, `Cannot lock ${file}`);
    // It is there, as always but the first time; or something is wrong that SQLite is the one to name.
    if (error.code !== 'INTERNAL') throw error;
  }
}

function lockError(code: string, file: string, cause: unknown): TermError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (code.startsWith('SQLITE_READONLY'))
    return new TermError('READ_ONLY_STATE', `Cannot lock ${file}: ${reason}`, { cause });
  if (code === 'SQLITE_FULL') return new TermError('DISK_FULL', `Cannot lock ${file}: ${reason}`, { cause });
  if (code === 'SQLITE_NOTADB' || code === 'SQLITE_CORRUPT') {
    return new TermError('DAEMON_START_FAILED', `${file} is not a lock file.`, {
      cause,
      hint: `It holds no data; remove it while no daemon runs: rm '${file}'`,
    });
  }
  return new TermError('DAEMON_START_FAILED', `Cannot lock ${file}: ${reason}`, { cause });
}

/** Only the lock's holder comes here. A record that was lost must not lower the generation, so the clock is its floor. */
function raiseGeneration(lock: string, activated: boolean): number {
  const file = `${lock}.json`;
  const generation = Math.max(lastGeneration(file) + 1, Date.now());
  const record: HolderRecord = {
    pid: process.pid,
    startTime: processStartTime(process.pid),
    generation,
    activated,
  };
  writeFileAtomicSync(file, `${JSON.stringify(record)}\n`);
  return generation;
}

function lastGeneration(file: string): number {
  try {
    const record: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof record !== 'object' || record === null || !('generation' in record)) return 0;
    const { generation } = record;
    return typeof generation === 'number' && Number.isSafeInteger(generation) ? generation : 0;
  } catch {
    return 0;
  }
}
