import { existsSync, renameSync } from 'node:fs';

/**
 * Renames a database and what belongs to it to `<file>.corrupt-<UTC time>`, and returns that name. Nothing is deleted and
 * nothing overwritten. Throws what rename(2) says.
 */
export function moveAside(file: string, now: Date): string {
  const time = now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  let aside = `${file}.corrupt-${time}`;
  for (let next = 2; existsSync(aside); next += 1) aside = `${file}.corrupt-${time}-${next}`;
  for (const suffix of ['', '-wal', '-shm'])
    if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  return aside;
}
