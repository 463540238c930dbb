import { accessSync, constants, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { TermError } from '../../errors/index.ts';

/** Less than this free on a disk where a write failed: it is full. SQLite needs a few pages to begin a write. */
const FULL_BELOW_BYTES = 256 * 1024;

const CORRUPT_HINT =
  '`triterm daemon restart` moves the damaged database aside and begins a new one; sessions are kept.';

/** SQLite's name of an error (https://www.sqlite.org/rescode.html), or undefined for what does not come from it. */
export function sqliteCode(thrown: unknown): string | undefined {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : undefined;
}

export function isBusy(thrown: unknown): boolean {
  const code = sqliteCode(thrown);
  return code !== undefined && /^SQLITE_(BUSY|LOCKED|PROTOCOL)/.test(code);
}

export function isCorrupt(thrown: unknown): boolean {
  const code = sqliteCode(thrown);
  return code !== undefined && /^SQLITE_(CORRUPT|NOTADB)/.test(code);
}

/** Whether the connection may have been left in a state that only opening it again mends. */
export function needsReopening(thrown: unknown): boolean {
  const code = sqliteCode(thrown);
  return code !== undefined && /^SQLITE_(CORRUPT|NOTADB|IOERR|CANTOPEN|READONLY|PROTOCOL|NOMEM)/.test(code);
}

/** Anything thrown by the database as STORE_UNAVAILABLE, DISK_FULL, READ_ONLY_STATE, STORE_CORRUPT or INTERNAL. */
export function storeError(thrown: unknown, file: string): TermError {
  if (thrown instanceof TermError) return thrown;
  const code = sqliteCode(thrown);
  if (code === undefined) return TermError.from(thrown);
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const because = (
    termCode: 'STORE_UNAVAILABLE' | 'DISK_FULL' | 'READ_ONLY_STATE' | 'INTERNAL',
    what: string,
  ) => new TermError(termCode, `${what}: ${reason}`, { cause: thrown, details: { file, sqlite: code } });
  if (isBusy(thrown)) return because('STORE_UNAVAILABLE', `Another process holds the database ${file}`);
  if (isCorrupt(thrown)) {
    return new TermError('STORE_CORRUPT', `The database ${file} is damaged: ${reason}`, {
      cause: thrown,
      details: { file, sqlite: code },
      hint: CORRUPT_HINT,
    });
  }
  if (code === 'SQLITE_FULL') return because('DISK_FULL', `The disk that holds ${file} is full`);
  if (!/^SQLITE_(READONLY|CANTOPEN|IOERR|PERM|AUTH|NOMEM)/.test(code))
    return because('INTERNAL', `The database ${file} refused a statement`);
  const directory = dirname(file);
  if (isReadOnly(directory)) return because('READ_ONLY_STATE', `The directory ${directory} is read-only`);
  if (isFull(directory)) return because('DISK_FULL', `The disk that holds ${file} is full`);
  if (code.startsWith('SQLITE_READONLY'))
    return because('READ_ONLY_STATE', `The database ${file} is read-only`);
  return because('STORE_UNAVAILABLE', `The database ${file} can't be used`);
}

/** SQLite says only that it could not open or write; the directory tells why. */
function isReadOnly(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return false;
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
    return code === 'EROFS' || code === 'EACCES';
  }
}

function isFull(directory: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize < FULL_BELOW_BYTES;
  } catch {
    return false;
  }
}
