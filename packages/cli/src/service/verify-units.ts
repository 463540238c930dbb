import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from './run-program.ts';
import type { ServiceScope } from './service-setup.ts';
import type { UnitFile } from './units.ts';

const VERIFY_TIMEOUT_MS = 20_000;

/**
 * What systemd-analyze(1) finds wrong with units before they are anywhere, a line each; none when all is well, undefined
 * where there is no systemd-analyze. It leaves with 0 on a key that it does not know, and only says so.
 */
export async function verifyUnits(
  units: readonly UnitFile[],
  scope: ServiceScope,
  env: NodeJS.ProcessEnv,
): Promise<string[] | undefined> {
  const directory = mkdtempSync(join(tmpdir(), 'triterm-units-'));
  try {
    const files = units.map(({ name }) => join(directory, name));
    for (const { name, content } of units) writeFileSync(join(directory, name), content);
    const end = await runProgram(['systemd-analyze', `--${scope}`, 'verify', '--man=no', ...files], {
      // It wants one for a user's units, wherever it is.
      env: { ...env, XDG_RUNTIME_DIR: env.XDG_RUNTIME_DIR || directory, LC_ALL: 'C', SYSTEMD_COLORS: '0' },
      timeoutMs: VERIFY_TIMEOUT_MS,
    });
    if (end === undefined) return undefined;
    const lines = end.stderr.split('\n').filter(line => line.trim() !== '');
    // It looks at units that ours depend on, too; what it finds there is not ours.
    const ours = lines.filter(line => units.some(({ name }) => line.includes(name)));
    if (end.status !== 0 && ours.length === 0)
      return lines.length > 0 ? lines : [`It left with ${end.status}.`];
    return ours.map(line => line.replaceAll(`${directory}/`, ''));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
