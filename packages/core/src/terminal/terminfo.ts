import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const SYSTEM_DIRECTORIES = [
  '/etc/terminfo',
  '/lib/terminfo',
  '/usr/share/terminfo',
  '/usr/lib/terminfo',
  '/usr/local/share/terminfo',
  '/usr/share/misc/terminfo',
  '/opt/homebrew/share/terminfo',
  '/run/current-system/sw/share/terminfo',
];

/** Whether a description of this TERM is installed (terminfo(5): TERMINFO, ~/.terminfo, TERMINFO_DIRS, the usual places). */
export function isTermDescribed(
  term: string,
  env: Readonly<Record<string, string | undefined>>,
  systemDirectories: readonly string[] = SYSTEM_DIRECTORIES,
): boolean {
  if (!/^[A-Za-z0-9][A-Za-z0-9+._-]*$/.test(term)) return false;
  const directories = [
    env.TERMINFO,
    join(env.HOME || homedir(), '.terminfo'),
    ...(env.TERMINFO_DIRS?.split(':') ?? []),
    ...systemDirectories,
  ];
  // By first letter, or by its code in hex where file names do not tell cases apart.
  const folders = [term.slice(0, 1), term.charCodeAt(0).toString(16)];
  return directories.some(
    directory =>
      directory?.startsWith('/') === true &&
      folders.some(folder => existsSync(join(directory, folder, term))),
  );
}
