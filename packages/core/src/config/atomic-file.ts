import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileError } from './system-error.ts';

export interface AtomicWriteOptions {
  /** Whether the file must survive the machine's loss of power too; otherwise the kernel writes it when it likes. */
  readonly fsync?: boolean;
  /** Permission bits; 0600 without it. */
  readonly mode?: number;
  /** Who gets it; only root can give a file away. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/**
 * Replaces a file, mode 0600 unless told otherwise, so that a reader sees the old content or the new, never a part. Rejects with DISK_FULL,
 * READ_ONLY_STATE or PERMISSION_DENIED; then the old content is still there.
 */
export async function writeFileAtomic(
  path: string,
  bytes: string | Uint8Array,
  { fsync = false, mode, owner }: AtomicWriteOptions = {},
): Promise<void> {
  const draft = draftPath(path);
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      if (owner !== undefined) await file.chown(owner.uid, owner.gid);
      if (mode !== undefined) await file.chmod(mode);
      if (fsync) await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    if (fsync) await syncDirectory(dirname(path));
  } catch (thrown) {
    await rm(draft, { force: true }).catch(() => {});
    throw fileError(thrown, `Cannot write ${path}`);
  }
}

/**
 * As `writeFileAtomic`, at once; for small files before anything else runs. `assertReplaceable` is asked last: when it throws, the old
 * content stays and that is thrown.
 */
export function writeFileAtomicSync(
  path: string,
  bytes: string | Uint8Array,
  { fsync = false, mode, owner }: AtomicWriteOptions = {},
  assertReplaceable: () => void = () => {},
): void {
  const draft = draftPath(path);
  try {
    const fd = openSync(draft, 'wx', 0o600);
    try {
      writeFileSync(fd, bytes);
      if (owner !== undefined) fchownSync(fd, owner.uid, owner.gid);
      if (mode !== undefined) fchmodSync(fd, mode);
      if (fsync) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    assertReplaceable();
    renameSync(draft, path);
    if (fsync) syncDirectorySync(dirname(path));
  } catch (thrown) {
    discard(draft);
    throw fileError(thrown, `Cannot write ${path}`);
  }
}

/** Beside the file, because a rename is atomic within one file system only. */
function draftPath(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}.tmp`;
}

function discard(draft: string): void {
  try {
    rmSync(draft, { force: true });
  } catch {
    // What stood in the way of writing it stands in the way of removing it; the first error says what.
  }
}

function syncDirectorySync(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
