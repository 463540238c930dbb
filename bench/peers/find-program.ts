import { spawnSync } from 'node:child_process';

/** What a program of the system prints about its version, or why it cannot be used. */
export function findProgram(
  file: string,
  versionFlag: string,
): { readonly version: string } | { readonly missing: string } {
  const { error, stdout, stderr } = spawnSync(file, [versionFlag], { encoding: 'utf8', timeout: 5000 });
  if (error !== undefined) return { missing: `not installed: apt-get install ${file}` };
  // screen exits with 1 after a version, too.
  const [line = ''] = `${stdout}${stderr}`.trim().split('\n');
  return { version: line.replace(/\s+/g, ' ').trim() };
}
