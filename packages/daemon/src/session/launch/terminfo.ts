import { access } from 'node:fs/promises';
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
/** Described everywhere, and what the screen model understands. */
const FALLBACKS = ['xterm-256color', 'xterm'];

/**
 * TERM for a new session: `wanted` when its description is installed (terminfo(5): TERMINFO, ~/.terminfo, TERMINFO_DIRS,
 * the usual places), else the first fallback that is, with a note for the log. Where none is found, programs bring
 * their own descriptions, and `wanted` stays.
 */
export async function chooseTerm(
  wanted: string,
  env: Readonly<Record<string, string | undefined>>,
  systemDirectories: readonly string[] = SYSTEM_DIRECTORIES,
): Promise<{ term: string; note: string | null }> {
  const directories = [
    env.TERMINFO,
    join(env.HOME || homedir(), '.terminfo'),
    ...(env.TERMINFO_DIRS?.split(':') ?? []),
    ...systemDirectories,
  ].filter(directory => directory?.startsWith('/') === true);
  for (const term of [wanted, ...FALLBACKS]) {
    if (!(await isDescribed(term, directories))) continue;
    const note =
      term === wanted ? null : `no terminfo description of ${wanted} is installed; TERM is ${term} instead`;
    return { term, note };
  }
  return { term: wanted, note: null };
}

async function isDescribed(term: string, directories: readonly (string | undefined)[]): Promise<boolean> {
  if (!/^[A-Za-z0-9][A-Za-z0-9+._-]*$/.test(term)) return false;
  // By first letter, or by its code in hex where file names do not tell cases apart.
  const folders = [term.slice(0, 1), term.charCodeAt(0).toString(16)];
  for (const directory of directories) {
    for (const folder of folders) {
      const found = await access(join(directory ?? '/', folder, term)).then(
        () => true,
        () => false,
      );
      if (found) return true;
    }
  }
  return false;
}
