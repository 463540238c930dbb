import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { Paths } from '@triterm/core/config/paths';
import { type ProcessStat, parseProcessStat } from '@triterm/core/domain';
import { errnoName, TermError } from '@triterm/core/errors';

/** Who holds the state directory's lock, as the holder has written it beside the lock. */
export interface DaemonRecord {
  readonly pid: number;
  /** Clock ticks since boot when it started (proc(5), `starttime`), or null where there is no /proc. */
  readonly startTime: number | null;
  /** Its socket was there before it, so that clients connect while it is still starting. */
  readonly activated?: boolean;
}

const POLL_MS = 10;
const HAS_PROC = process.platform === 'linux';

/** Undefined when no daemon has written one, or it is not readable. */
export function readDaemonRecord(paths: Paths): DaemonRecord | undefined {
  try {
    const record: unknown = JSON.parse(readFileSync(`${paths.lock}.json`, 'utf8'));
    if (typeof record !== 'object' || record === null) return undefined;
    const { pid, startTime, activated } = record as Record<string, unknown>;
    if (typeof pid !== 'number' || !Number.isInteger(pid) || pid < 2) return undefined;
    if (typeof startTime !== 'number' && HAS_PROC) return undefined;
    return {
      pid,
      startTime: typeof startTime === 'number' ? startTime : null,
      ...(activated === true ? { activated } : {}),
    };
  } catch {
    return undefined;
  }
}

/**
 * Whether the recorded process still runs, and is not another one that got its pid. A zombie does not run.
 */
export function isRunning({ pid, startTime }: DaemonRecord): boolean {
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    return errnoName(thrown) === 'EPERM';
  }
  const stat = readProcessStat(pid);
  if (stat === undefined) return !HAS_PROC;
  return stat.state !== 'Z' && (startTime === null || stat.startTime === startTime);
}

/**
 * Whether the daemon is still to come, or has come within the last `startMs`, though its socket takes connections: the service
 * manager listens there.
 */
export function isActivating(paths: Paths, startMs: number): boolean {
  const record = readDaemonRecord(paths);
  if (record === undefined || !isRunning(record)) return true;
  return record.activated === true && ageMs(record) < startMs;
}

function ageMs({ startTime }: DaemonRecord): number {
  // Clock ticks of 10 ms: USER_HZ is 100 on every Linux.
  return startTime === null ? Number.POSITIVE_INFINITY : uptime() * 1000 - startTime * 10;
}

/** Undefined where /proc has no such process. */
export function readProcessStat(pid: number): ProcessStat | undefined {
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Sends a signal to the recorded process, or does nothing when it runs no more. */
export function signalProcess(record: DaemonRecord, signal: NodeJS.Signals): void {
  if (!isRunning(record)) return;
  try {
    process.kill(record.pid, signal);
  } catch (thrown) {
    if (errnoName(thrown) !== 'ESRCH') throw TermError.from(thrown, 'PERMISSION_DENIED');
  }
}

/** Waits until the process is gone. Throws DAEMON_NOT_RESPONDING at the deadline. */
export async function waitUntilGone(record: DaemonRecord, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (isRunning(record)) {
    if (performance.now() > deadline)
      throw new TermError(
        'DAEMON_NOT_RESPONDING',
        `tritermd (pid ${record.pid}) has not ended within ${timeoutMs / 1000} s.`,
      );
    await pause(POLL_MS);
  }
}
