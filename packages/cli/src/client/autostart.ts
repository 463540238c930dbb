import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, existsSync, fstatSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { ensureSecureDir, fileError } from '@triterm/core/config';
import type { Paths } from '@triterm/core/config/paths';
import { TermError } from '@triterm/core/errors';
import { daemonEnvironment } from './daemon-environment.ts';
import { daemonProgram } from './daemon-package.ts';
import { isRunning, readDaemonRecord } from './daemon-process.ts';
import { connectSocket } from './daemon-socket.ts';
import { lastStartError } from './start-error.ts';

/** Pause between two looks at the socket; random, so that twenty clients do not knock in step. */
const MIN_PAUSE_MS = 5;
const MAX_PAUSE_MS = 25;
/** When ours made room for another daemon that then does not come up either, we start one again. */
const YIELDED_PATIENCE_MS = 1000;

export interface StartOptions {
  readonly env: NodeJS.ProcessEnv;
  /** A `performance.now()`. */
  readonly deadline: number;
  /** What Node is to run; tritermd when not said. */
  readonly daemon?: readonly string[];
  /** Waits no longer, and throws its reason; what was started goes on. */
  readonly signal?: AbortSignal;
}

/**
 * Starts tritermd and returns a connection to it. Any number of clients may do so at once: the daemon's lock decides,
 * the others leave with 0, and every client waits for whichever listens. Throws DAEMON_STOPPED, or what tritermd said
 * before it ended, DAEMON_NOT_RESPONDING when one is there that never listens, or DAEMON_START_FAILED.
 */
export async function startDaemon(paths: Paths, options: StartOptions): Promise<Socket> {
  const log = openLog(paths);
  try {
    return await startUntilConnected(paths, log, options);
  } finally {
    closeSync(log.fd);
  }
}

async function startUntilConnected(
  paths: Paths,
  log: StartLog,
  { env, deadline, daemon = daemonProgram('tritermd', 'DAEMON_START_FAILED'), signal }: StartOptions,
): Promise<Socket> {
  let attempt: Attempt | undefined;
  while (performance.now() < deadline) {
    if (hasMadeRoom(attempt) && !isDaemonThere(paths)) {
      refuseWhenStopped(paths);
      attempt = spawnDaemon(daemon, log.fd, env);
    }
    await new Promise(resolve => setTimeout(resolve, pauseMs()));
    signal?.throwIfAborted();
    const socket = await connectSocket(paths);
    if (socket !== undefined) return socket;
    if (attempt?.failure !== undefined) throw startFailed(attempt.failure, paths, log);
  }
  const record = readDaemonRecord(paths);
  if (record !== undefined && isRunning(record))
    throw new TermError(
      'DAEMON_NOT_RESPONDING',
      `tritermd (pid ${record.pid}) holds ${paths.stateDir} but listens nowhere.`,
      { details: { pid: record.pid } },
    );
  throw startFailed('It does not listen in time.', paths, log);
}

/** None of ours is under way. */
function hasMadeRoom(attempt: Attempt | undefined): boolean {
  if (attempt === undefined) return true;
  const { yieldedAtMs } = attempt;
  return yieldedAtMs !== undefined && performance.now() - yieldedAtMs > YIELDED_PATIENCE_MS;
}

/** One that is still starting, or is leaving: another would only make room for it. */
function isDaemonThere(paths: Paths): boolean {
  const record = readDaemonRecord(paths);
  return record !== undefined && isRunning(record);
}

function pauseMs(): number {
  return MIN_PAUSE_MS + Math.random() * (MAX_PAUSE_MS - MIN_PAUSE_MS);
}

function refuseWhenStopped(paths: Paths): void {
  if (existsSync(paths.stopMarker)) throw new TermError('DAEMON_STOPPED', 'tritermd was stopped.');
}

interface Attempt {
  /** It ended well: another daemon holds the lock. */
  yieldedAtMs?: number;
  /** It ended badly. */
  failure?: string;
}

function spawnDaemon(daemon: readonly string[], logFd: number, env: NodeJS.ProcessEnv): Attempt {
  const attempt: Attempt = {};
  const child: ChildProcess = spawn(process.execPath, daemon, {
    cwd: '/',
    detached: true,
    env: daemonEnvironment(env),
    stdio: ['ignore', 'ignore', logFd],
  });
  child.once('error', cause => {
    attempt.failure = cause.message;
  });
  child.once('exit', (code, signal) => {
    if (code === 0) attempt.yieldedAtMs = performance.now();
    else attempt.failure = signal === null ? `It left with status ${code}.` : `It was ended by ${signal}.`;
  });
  child.unref();
  return attempt;
}

interface StartLog {
  readonly fd: number;
  /** Where the log ended before we started anything. */
  readonly endBytes: number;
}

/** The daemon's stderr goes to its log: what it says before its logger works must not be lost. */
function openLog(paths: Paths): StartLog {
  try {
    ensureSecureDir(paths.stateDir);
    const flags = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NOFOLLOW;
    const fd = openSync(paths.logFile, flags, 0o600);
    return { fd, endBytes: fstatSync(fd).size };
  } catch (cause) {
    throw fileError(cause, `Cannot write ${paths.logFile}`);
  }
}

function startFailed(reason: string, paths: Paths, log: StartLog): TermError {
  const said = lastStartError(paths.logFile, log.endBytes);
  if (said instanceof TermError) return said;
  return new TermError('DAEMON_START_FAILED', `tritermd did not start. ${said ?? reason}`);
}
