import { readFileSync } from 'node:fs';
import { type ProcessStat, parseProcessStat } from '../domain/index.ts';

/** Undefined where /proc has no such process. */
export function readProcessStat(pid: number | string): ProcessStat | undefined {
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}
