import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import { type ProcessStat, parseProcessStat } from '@triterm/core/domain';

let known: string | undefined;

/** Names the machine's present run: another one after a reboot. The kernel's random boot id where there is one. */
export function bootId(): string {
  known ??= linuxBootId() ?? macBootId() ?? bootMinute();
  return known;
}

/** Names this machine, or this container of it, over its restarts. */
export function machineId(): string {
  const id = readText('/etc/machine-id') ?? '';
  return id === '' ? hostname() : `${id}@${hostname()}`;
}

function linuxBootId(): string | undefined {
  return readText('/proc/sys/kernel/random/boot_id');
}

function macBootId(): string | undefined {
  if (process.platform !== 'darwin') return undefined;
  try {
    return execFileSync('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'], {
      encoding: 'utf8',
      timeout: 1000,
    }).trim();
  } catch {
    return undefined;
  }
}

/** The time of boot, rounded because it is computed from two clocks. */
function bootMinute(): string {
  return `boot-${Math.round((Date.now() - uptime() * 1000) / 60_000)}`;
}

/** Clock ticks since boot when a process started (proc(5), `starttime`); null where /proc does not tell. */
export function processStartTime(pid: number): number | null {
  const ticks = processStat(pid)?.startTime;
  return ticks !== undefined && Number.isSafeInteger(ticks) ? ticks : null;
}

/** Whether a process was stopped by a signal (SIGSTOP, Ctrl-Z in another terminal) or a debugger; false when nobody can tell. */
export function isStopped(pid: number | null): boolean {
  const state = pid === null ? undefined : processStat(pid)?.state;
  return state === 'T' || state === 't';
}

function processStat(pid: number): ProcessStat | undefined {
  return parseProcessStat(readText(`/proc/${pid}/stat`) ?? '');
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
