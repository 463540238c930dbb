import { existsSync, rmSync, writeFileSync } from 'node:fs';
import type { Paths } from '@triterm/core/config/paths';
import { TermError } from '@triterm/core/errors';
import { connectDaemon, type DaemonClient } from './daemon-client.ts';
import {
  type DaemonRecord,
  isRunning,
  readDaemonRecord,
  signalProcess,
  waitUntilGone,
} from './daemon-process.ts';
import { managerOf, startManaged, stopManaged } from './managed-daemon.ts';

/** How long a daemon may take to store what it has and leave. */
const LEAVE_TIMEOUT_MS = 15_000;
/** How long the kernel may take to end a process that was killed. */
const KILL_TIMEOUT_MS = 5000;

/** Starts the daemon if none runs, even if it was stopped on purpose; the service manager does when it was the one to stop it. */
export async function startDaemonForSure(paths: Paths, env: NodeJS.ProcessEnv): Promise<DaemonClient> {
  await startManaged(env, paths);
  rmSync(paths.stopMarker, { force: true });
  return connectDaemon({ paths, env, remote: undefined, autostart: true });
}

/**
 * Asks the daemon to leave and waits until it has; undefined when none ran. A `stop` also forbids clients to start
 * one; `restart` does not. A daemon of another protocol is asked by SIGTERM. To stop one that systemd manages, systemd is
 * asked, whose socket would start the next one: then throws NO_SERVICE_MANAGER or SERVICE_FAILED too.
 */
export async function leaveDaemon(
  paths: Paths,
  reason: 'stop' | 'restart',
  killSessions = false,
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ pid: number } | undefined> {
  const record = readDaemonRecord(paths);
  let client: DaemonClient;
  try {
    client = await connectDaemon({ paths, remote: undefined, autostart: false });
  } catch (thrown) {
    if (!(thrown instanceof TermError)) throw thrown;
    if (thrown.code === 'DAEMON_UNREACHABLE') {
      if (reason === 'stop') leaveStopMarker(paths);
      return undefined;
    }
    if (thrown.code !== 'PROTOCOL_MISMATCH' || record === undefined || killSessions) throw thrown;
    return terminate(paths, record, reason);
  }
  try {
    const leave = async () => {
      const { pid } = await client.request('daemon.shutdown', { reason, killSessions });
      await waitUntilGone(record?.pid === pid ? record : { pid, startTime: null }, LEAVE_TIMEOUT_MS);
      return { pid };
    };
    const manager = reason === 'stop' ? await managerOf(client) : null;
    return manager === null ? await leave() : await stopManaged(manager, env, paths, leave);
  } finally {
    client.close();
  }
}

/**
 * Ends a daemon that may not answer any more: the process in the lock's record, if it is still the one that wrote
 * it. Undefined when it does not run.
 */
export async function killDaemon(paths: Paths): Promise<{ pid: number } | undefined> {
  const record = readDaemonRecord(paths);
  if (record === undefined || !isRunning(record)) return undefined;
  signalProcess(record, 'SIGKILL');
  await waitUntilGone(record, KILL_TIMEOUT_MS);
  return { pid: record.pid };
}

async function terminate(
  paths: Paths,
  record: DaemonRecord,
  reason: 'stop' | 'restart',
): Promise<{ pid: number } | undefined> {
  if (!isRunning(record)) return undefined;
  if (reason === 'stop') leaveStopMarker(paths);
  signalProcess(record, 'SIGTERM');
  await waitUntilGone(record, LEAVE_TIMEOUT_MS);
  return { pid: record.pid };
}

/** Stopping what does not run still says that it is not to be started: attached clients may be about to. */
function leaveStopMarker(paths: Paths): void {
  if (existsSync(paths.stateDir)) writeFileSync(paths.stopMarker, '', { mode: 0o600 });
}
