import { dirname } from 'node:path';
import { makeDirectory, writeFileAtomic } from '@triterm/core/config';
import { type Contexts, formatContexts, readContexts } from './contexts-file.ts';

/** Replaces the contexts that are kept. Throws what `readContexts` and `change` throw, UNSAFE_PATH, PERMISSION_DENIED, DISK_FULL, READ_ONLY_STATE. */
export async function changeContexts(file: string, change: (kept: Contexts) => Contexts): Promise<void> {
  const changed = change(readContexts(file));
  makeDirectory(dirname(file), 0o700);
  await writeFileAtomic(file, formatContexts(changed), { fsync: true });
}
