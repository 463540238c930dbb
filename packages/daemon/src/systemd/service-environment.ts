import { readFileSync } from 'node:fs';

/** A descriptor that the service manager has opened for us; sd_listen_fds(3). */
export interface PassedDescriptor {
  readonly fd: number;
  /** `FileDescriptorName=` of the socket unit. */
  readonly name: string;
}

/** The systemd unit that a process is. */
export interface ServiceUnit {
  /** Such as `tritermd.service`. */
  readonly unit: string;
  /** Whose manager: the user's, asked by `systemctl --user`, or the machine's. */
  readonly scope: 'user' | 'system';
}

/** What the service manager has told this process. */
export interface ServiceEnvironment {
  /** Where to notify it; sd_notify(3). */
  readonly notifySocket: string | undefined;
  /** It ends us when it hears nothing for so long; sd_watchdog_enabled(3). */
  readonly watchdogMs: number | undefined;
  readonly descriptors: readonly PassedDescriptor[];
  readonly unit: ServiceUnit | undefined;
}

/** sd_listen_fds(3), SD_LISTEN_FDS_START. */
const FIRST_DESCRIPTOR = 3;
/** More than one unit would pass; a count is not worth looking at so many descriptors. */
const MAX_DESCRIPTORS = 64;
/** Are about this process alone: a child that finds them would take our sockets and notifications for its own. */
const OURS = [
  'NOTIFY_SOCKET',
  'WATCHDOG_USEC',
  'WATCHDOG_PID',
  'LISTEN_PID',
  'LISTEN_FDS',
  'LISTEN_FDNAMES',
  'LISTEN_PIDFDID',
] as const;

/** Reads what concerns this process, and removes from `env` what must not reach its children. */
export function takeServiceEnvironment(env: NodeJS.ProcessEnv, pid: number): ServiceEnvironment {
  const taken = readServiceEnvironment(env, pid, ownCgroups());
  for (const name of OURS) delete env[name];
  return taken;
}

/** `cgroups`: the content of /proc/self/cgroup. */
export function readServiceEnvironment(
  env: NodeJS.ProcessEnv,
  pid: number,
  cgroups: string,
): ServiceEnvironment {
  return {
    notifySocket: env.NOTIFY_SOCKET || undefined,
    watchdogMs: watchdogMs(env, pid),
    descriptors: passedDescriptors(env, pid),
    unit: isUnitProcess(env, pid) ? unitOf(cgroups) : undefined,
  };
}

/** The descriptor of the daemon's socket: by its name, or the only one. Undefined when none was passed. */
export function passedSocket(descriptors: readonly PassedDescriptor[]): number | undefined {
  const named = descriptors.find(({ name }) => name === 'tritermd');
  return (named ?? (descriptors.length === 1 ? descriptors[0] : undefined))?.fd;
}

function watchdogMs({ WATCHDOG_USEC, WATCHDOG_PID }: NodeJS.ProcessEnv, pid: number): number | undefined {
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(pid)) return undefined;
  const intervalMs = Number(WATCHDOG_USEC) / 1000;
  return Number.isFinite(intervalMs) && intervalMs > 0 ? intervalMs : undefined;
}

function passedDescriptors(env: NodeJS.ProcessEnv, pid: number): PassedDescriptor[] {
  const count = Number(env.LISTEN_FDS);
  if (env.LISTEN_PID !== String(pid) || !Number.isInteger(count) || count < 1) return [];
  const names = (env.LISTEN_FDNAMES ?? '').split(':');
  return Array.from({ length: Math.min(count, MAX_DESCRIPTORS) }, (_, index) => ({
    fd: FIRST_DESCRIPTOR + index,
    name: names[index] ?? '',
  }));
}

/** A daemon that was started by hand from a unit's shell has inherited INVOCATION_ID, but the manager has not forked it; systemd.exec(5). */
function isUnitProcess(env: NodeJS.ProcessEnv, pid: number): boolean {
  if (env.INVOCATION_ID === undefined) return false;
  // Older than systemd 248: the socket is passed to what the manager starts, and here to nothing else.
  if (env.SYSTEMD_EXEC_PID === undefined) return env.NOTIFY_SOCKET !== undefined;
  return env.SYSTEMD_EXEC_PID === String(pid);
}

/** cgroups(7): `0::/user.slice/user-1000.slice/user@1000.service/app.slice/tritermd.service`, or by `name=systemd` before version 2. */
function unitOf(cgroups: string): ServiceUnit {
  const path = /^(?:0:|\d+:name=systemd):(\/.*\.service)$/m.exec(cgroups)?.[1] ?? '';
  return {
    unit: path.slice(path.lastIndexOf('/') + 1) || 'tritermd.service',
    scope: /\/user@\d+\.service\//.test(path) ? 'user' : 'system',
  };
}

function ownCgroups(): string {
  try {
    return readFileSync('/proc/self/cgroup', 'utf8');
  } catch {
    return '';
  }
}
