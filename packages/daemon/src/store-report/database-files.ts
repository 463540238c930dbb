import { constants, createWriteStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { fileError } from '@triterm/core/config';
import { errnoName, TermError } from '@triterm/core/errors';
import type { DatabaseAdmin } from '@triterm/core/store';
import { exportDatabase, importDatabase } from '@triterm/core/store/open-store';
import type { DatabaseFiles } from './sources.ts';

/** A database's way into files and back, in pieces. */
export function databaseFiles(
  admin: Pick<DatabaseAdmin, 'exportRows' | 'importRows' | 'backup'>,
): DatabaseFiles {
  return {
    exportTo: file =>
      exportDatabase(admin, createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true })),
    importFrom: async (file, options) => {
      const input = await openRegular(file);
      try {
        const { counts, epochs } = await importDatabase(
          input.createReadStream({ autoClose: false }),
          admin,
          options,
        );
        return { rows: counts, dbEpoch: epochs.db };
      } finally {
        await input.close();
      }
    },
    backUpTo: file => admin.backup(file),
  };
}

/** A regular file, not through a symlink; what waits for somebody to write, as a FIFO does, is refused and not waited for. */
async function openRegular(file: string): Promise<FileHandle> {
  const handle = await openForReading(file);
  try {
    if (!(await handle.stat()).isFile())
      throw new TermError('UNSAFE_PATH', `${file} is no regular file.`, {
        hint: 'Name the file of an export.',
      });
    return handle;
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

async function openForReading(file: string): Promise<FileHandle> {
  try {
    return await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (thrown) {
    const name = errnoName(thrown);
    if (name === 'ENOENT' || name === 'ENOTDIR')
      throw new TermError('FILE_NOT_FOUND', `There is no file ${file}.`, { cause: thrown });
    throw fileError(thrown, `Cannot read ${file}`);
  }
}
