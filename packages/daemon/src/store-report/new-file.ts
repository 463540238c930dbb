import { randomBytes } from 'node:crypto';
import { lstat, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileError } from '@triterm/core/config';
import { errnoName, TermError } from '@triterm/core/errors';

/**
 * Lets `write` make a file beside `path`, and gives it that name when it is complete. Without `replace` the name must be free, and
 * is kept free of others meanwhile. A symlink, or anything that is no regular file, is never replaced. Rejects with FILE_EXISTS,
 * UNSAFE_PATH, PERMISSION_DENIED, DISK_FULL, READ_ONLY_STATE, BAD_CWD (no such directory), and what `write` rejects with; then
 * everything is as it was.
 */
export async function writeNewFile<T>(
  path: string,
  replace: boolean,
  write: (draft: string) => Promise<T>,
): Promise<{ readonly result: T; readonly bytes: number }> {
  const isReserved = await claimName(path, replace);
  const draft = `${path}.${randomBytes(6).toString('hex')}.partial`;
  try {
    const result = await write(draft);
    const { size } = await stat(draft);
    await rename(draft, path);
    return { result, bytes: size };
  } catch (thrown) {
    await rm(draft, { force: true }).catch(() => {});
    if (isReserved) await rm(path, { force: true }).catch(() => {});
    throw fileError(thrown, `Cannot write ${path}`);
  }
}

/** An empty file holds the name. Whether it was made. */
async function claimName(path: string, replace: boolean): Promise<boolean> {
  try {
    await (await open(path, 'wx', 0o600)).close();
    return true;
  } catch (thrown) {
    if (errnoName(thrown) === 'ENOENT' || errnoName(thrown) === 'ENOTDIR')
      throw new TermError('BAD_CWD', `There is no directory ${dirname(path)}.`, { cause: thrown });
    if (errnoName(thrown) !== 'EEXIST') throw fileError(thrown, `Cannot write ${path}`);
  }
  const found = await lstat(path);
  if (!found.isFile())
    throw new TermError('UNSAFE_PATH', `${path} is no regular file.`, { hint: 'Name another file.' });
  if (!replace)
    throw new TermError('FILE_EXISTS', `${path} exists.`, { hint: 'Name another file, or give --force.' });
  return false;
}
