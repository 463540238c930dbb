import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileError, writeFileAtomic } from '@triterm/core/config';
import { type Contexts, formatContexts, readContexts } from './contexts-file.ts';

/** Replaces the contexts that are kept. Throws what `readContexts` and `change` throw, PERMISSION_DENIED, DISK_FULL, READ_ONLY_STATE. */
export async function changeContexts(file: string, change: (kept: Contexts) => Contexts): Promise<void> {
  const changed = change(readContexts(file));
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  } catch (thrown) {
    throw fileError(thrown, `Cannot make the directory ${dirname(file)}`);
  }
  await writeFileAtomic(file, formatContexts(changed), { fsync: true });
}
