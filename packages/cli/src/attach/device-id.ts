import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Paths } from '@triterm/core/config';
import { newToken } from '@triterm/core/domain';

const DEVICE_ID = /^[0-9a-f]{32}$/;

/**
 * The id by which servers know this account on this machine, kept in the state directory; both are made when there is none. Undefined
 * where it can be neither read nor kept: then servers go by the device's name.
 */
export async function deviceId(paths: Pick<Paths, 'deviceId'>): Promise<string | undefined> {
  const kept = readKept(paths.deviceId);
  if (kept !== undefined) return kept;
  const made = newToken();
  try {
    const [{ writeFile }, { ensureSecureDir }] = await Promise.all([
      import('node:fs/promises'),
      import('@triterm/core/config'),
    ]);
    // A client of other machines only has none yet.
    ensureSecureDir(dirname(paths.deviceId));
    await writeFile(paths.deviceId, `${made}\n`, { mode: 0o600, flag: 'wx' });
    return made;
  } catch {
    // Another client has made one meanwhile, or nothing can be kept here.
    return readKept(paths.deviceId);
  }
}

function readKept(file: string): string | undefined {
  try {
    const text = readFileSync(file, 'utf8').trim();
    return DEVICE_ID.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
