import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Paths } from '@triterm/core/config/paths';
import { type ErrorCode, TermError } from '@triterm/core/errors';
import type { PeerHandlers } from '@triterm/core/protocol';
import { connectDaemon, type DaemonClient } from '../client/daemon-client.ts';
import { isRunning, readDaemonRecord } from '../client/daemon-process.ts';

export interface ReconnectOptions {
  readonly paths: Paths;
  readonly env: NodeJS.ProcessEnv;
  readonly handlers: PeerHandlers;
  /** Clients that are likely to do the same at this moment. */
  readonly rivals: number;
  /** Somebody else is going to start the daemon: whoever restarts it, or a supervisor. */
  readonly othersStart: boolean;
  readonly signal: AbortSignal;
  /** An attempt failed; the next one follows. */
  trouble(error: TermError): void;
}

/** The daemon that listens is found within this time. */
const MIN_POLL_MS = 5;
const MAX_POLL_MS = 25;
/** Clients start the daemon at random moments within a time that grows with their number: one start suffices. */
const JITTER_BASE_MS = 20;
const JITTER_PER_RIVAL_MS = 20;
const MAX_JITTER_MS = 400;
/** Others that are to start the daemon get this long; only when they do not do we. */
const OTHERS_GRACE_MS = 1500;
/** One that holds the lock and does not listen yet is starting, unless it takes this long. */
const STARTING_GRACE_MS = 3000;
/** A daemon that does not start is tried again after this time, and again after twice that. */
const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 5000;

/** What no further attempt can change. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
  'DAEMON_STOPPED',
  'PROTOCOL_MISMATCH',
  'UNSAFE_PATH',
  'PERMISSION_DENIED',
  'BAD_CONFIG',
]);

/**
 * Connects again after the daemon went away, however long that takes, and starts it where nobody else does. Throws
 * DAEMON_STOPPED when it was stopped on purpose, other errors that do not go away by themselves, and the signal's
 * reason.
 */
export async function reconnect(options: ReconnectOptions): Promise<DaemonClient> {
  const { paths, env, handlers, signal } = options;
  const mostMs = Math.min(MAX_JITTER_MS, JITTER_BASE_MS + JITTER_PER_RIVAL_MS * options.rivals);
  const goneAtMs = performance.now();
  let startAtMs = goneAtMs + Math.random() * mostMs + (options.othersStart ? OTHERS_GRACE_MS : 0);
  let backoffMs = FIRST_BACKOFF_MS;
  for (;;) {
    signal.throwIfAborted();
    const nowMs = performance.now();
    const autostart = nowMs >= startAtMs && !(nowMs - goneAtMs < STARTING_GRACE_MS && isStarting(paths));
    try {
      return await connectDaemon({ paths, env, remote: undefined, handlers, autostart, signal });
    } catch (thrown) {
      signal.throwIfAborted();
      const error = TermError.from(thrown, 'DAEMON_UNREACHABLE');
      if (FINAL.has(error.code)) throw error;
      if (existsSync(paths.stopMarker)) throw new TermError('DAEMON_STOPPED', 'tritermd was stopped.');
      if (error.code === 'DAEMON_START_FAILED' || autostart) {
        options.trouble(error);
        startAtMs = performance.now() + backoffMs;
        backoffMs = Math.min(MAX_BACKOFF_MS, 2 * backoffMs);
      } else if (error.code === 'DAEMON_NOT_RESPONDING') {
        options.trouble(error);
      }
    }
    const pollMs = MIN_POLL_MS + Math.random() * (MAX_POLL_MS - MIN_POLL_MS);
    await pause(pollMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function isStarting(paths: Paths): boolean {
  const record = readDaemonRecord(paths);
  return record !== undefined && isRunning(record);
}
