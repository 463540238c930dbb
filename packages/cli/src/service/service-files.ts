import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileError, makeDirectory, writeFileAtomicSync } from '@triterm/core/config';
import { errnoName, TermError } from '@triterm/core/errors';
import { type UnitState, unitState } from './unit-stamp.ts';

/** A file of ours, as it is to be. */
export interface ServiceFile {
  readonly name: string;
  readonly path: string;
  readonly content: string;
}

/** Throws PERMISSION_DENIED when it cannot be read. */
export function stateOf({ path, content }: ServiceFile): UnitState {
  return unitState(textThere(path), content);
}

/** Whom a system's unit runs its program as. */
export function accountIn(unit: string): string | undefined {
  return /^User=(\S+)$/m.exec(unit)?.[1];
}

/** Throws FILE_EXISTS when a unit runs as another account so far: its sessions would be cut off, its state given away. */
export function refuseOtherAccount(files: readonly ServiceFile[]): void {
  for (const { path, content } of files) {
    const before = accountIn(textThere(path) ?? '');
    const after = accountIn(content);
    if (before === undefined || after === undefined || before === after) continue;
    throw new TermError(
      'FILE_EXISTS',
      `${path} runs as ${before}, and would as ${after}. Nothing was touched.`,
      {
        details: { path, account: before },
        hint: `Leave --account out to keep ${before}; or uninstall the service first, or give --force, and ${after} gets its state.`,
      },
    );
  }
}

/** Undefined when there is no such file. */
function textThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    if (errnoName(thrown) === 'ENOENT') return undefined;
    throw fileError(thrown, `Cannot read ${path}`);
  }
}

/** Throws FILE_EXISTS when a file holds what somebody else, or somebody afterwards, has written. */
export function refuseOthersFiles(files: readonly ServiceFile[]): void {
  for (const file of files) {
    const state = stateOf(file);
    if (state !== 'edited' && state !== 'foreign') continue;
    const whose = state === 'edited' ? 'was changed after it was installed' : 'was not made by triterm';
    throw new TermError('FILE_EXISTS', `${file.path} ${whose}. Nothing was touched.`, {
      details: { path: file.path, state },
      hint: 'Keep changes in a drop-in (`systemctl edit`), or give --force to have it replaced or removed.',
    });
  }
}

/** Writes those that are not as they are to be, each as a whole, and returns their paths. */
export function writeServiceFiles(files: readonly ServiceFile[]): string[] {
  const changed = files.filter(file => stateOf(file) !== 'current');
  for (const { path, content } of changed) {
    makeDirectory(dirname(path));
    writeFileAtomicSync(path, content, { fsync: true });
    // Units are no secret, and systemd complains of those that claim to be one.
    chmodSync(path, 0o644);
  }
  return changed.map(({ path }) => path);
}

/** Returns the paths of those that were there. */
export function removeServiceFiles(files: readonly ServiceFile[]): string[] {
  const there = files.filter(file => stateOf(file) !== 'absent');
  for (const { path } of there) {
    try {
      rmSync(path);
    } catch (thrown) {
      throw fileError(thrown, `Cannot remove ${path}`);
    }
  }
  return there.map(({ path }) => path);
}
