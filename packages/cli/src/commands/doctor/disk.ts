import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Finding, ok, problem, warning } from './finding.ts';

const MIB = 2 ** 20;
/** Below this nothing can be counted on: a database page, a checkpoint and a log line need room. */
const LEAST_MIB = 16;
const LOW_MIB = 256;
const LEAST_FILES = 100;
const LOW_FILES = 2000;

export interface DiskFacts {
  readonly freeBytes: number;
  /** Files that may still be made; null where the file system has no such limit. */
  readonly freeFiles: number | null;
}

/** Whether there is room for what the daemon keeps: database, log, screens and scrollback. */
export function checkDisk(path: string, { freeBytes, freeFiles }: DiskFacts): Finding {
  const freeMib = Math.floor(freeBytes / MIB);
  const free = `${freeMib} MiB${freeFiles === null ? '' : ` and ${freeFiles} files`} free for ${path}`;
  const fix = 'Free some space there, or set TRITERM_STATE_DIR to another file system.';
  if (freeMib < LEAST_MIB || (freeFiles ?? LEAST_FILES) < LEAST_FILES)
    return problem('disk', `Only ${free}.`, fix);
  if (freeMib < LOW_MIB || (freeFiles ?? LOW_FILES) < LOW_FILES) return warning('disk', `Only ${free}.`, fix);
  return ok('disk', free);
}

/** Of the file system that the directory is on, or will be. */
export function diskFacts(path: string): DiskFacts {
  let existing = path;
  while (!existsSync(existing) && existing !== dirname(existing)) existing = dirname(existing);
  const { bavail, bsize, files, ffree } = statfsSync(existing);
  return { freeBytes: bavail * bsize, freeFiles: files === 0 ? null : ffree };
}
