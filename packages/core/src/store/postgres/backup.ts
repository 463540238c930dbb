import { createReadStream, createWriteStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TermError } from '../../errors/index.ts';
import { exportDatabase, importDatabase } from '../admin/index.ts';
import { type DatabaseAdmin, type Imported, NO_ROWS } from '../database-admin.ts';

/** Writes a dump to a new file, and reads it again. Rejects with FILE_EXISTS, DISK_FULL, READ_ONLY_STATE, or as the export. */
export async function backupTo(path: string, admin: Pick<DatabaseAdmin, 'exportRows'>): Promise<void> {
  try {
    await (await open(path, 'wx', 0o600)).close();
  } catch (thrown) {
    throw fileError(thrown, path);
  }
  try {
    await write(path, admin);
    await check(path);
    for (const written of [path, dirname(path)]) await flush(written);
  } catch (thrown) {
    await rm(path, { force: true });
    throw fileError(thrown, path);
  }
}

async function write(path: string, admin: Pick<DatabaseAdmin, 'exportRows'>): Promise<void> {
  const output = createWriteStream(path, { flags: 'r+' });
  // The export tells of what happens while it writes; it may fail before.
  output.on('error', () => {});
  try {
    await exportDatabase(admin, output);
  } finally {
    output.destroy();
  }
}

/** Reads a dump as an import does, and puts it nowhere. */
async function check(path: string): Promise<void> {
  const nowhere: Pick<DatabaseAdmin, 'importRows'> = {
    importRows: async (batches): Promise<Imported> => {
      const counts = { ...NO_ROWS };
      for await (const { table, rows } of batches) counts[table] += rows.length;
      return { counts, epochs: { db: '', cache: 0 } };
    },
  };
  await importDatabase(createReadStream(path), nowhere, { replace: false });
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function fileError(thrown: unknown, path: string): TermError {
  if (thrown instanceof TermError || !(thrown instanceof Error && 'code' in thrown))
    return TermError.from(thrown);
  const { code, message } = thrown;
  if (code === 'EEXIST') return new TermError('FILE_EXISTS', `${path} exists.`, { cause: thrown });
  const because = (termCode: 'DISK_FULL' | 'READ_ONLY_STATE' | 'STORE_UNAVAILABLE') =>
    new TermError(termCode, `Cannot write ${path}: ${message}`, { cause: thrown });
  if (code === 'ENOSPC' || code === 'EDQUOT') return because('DISK_FULL');
  return because(code === 'EROFS' || code === 'EACCES' ? 'READ_ONLY_STATE' : 'STORE_UNAVAILABLE');
}
