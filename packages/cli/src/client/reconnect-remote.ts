import { setTimeout as pause } from 'node:timers/promises';
import type { Paths } from '@triterm/core/config/paths';
import { type ErrorCode, TermError } from '@triterm/core/errors';
import type { PeerHandlers } from '@triterm/core/protocol';
import { connectDaemon, type DaemonClient } from './daemon-client.ts';
import type { Endpoints } from './endpoints.ts';
import type { RemoteHost } from './remote-host.ts';

export interface ReconnectRemoteOptions {
  readonly paths: Paths;
  readonly remote: RemoteHost;
  readonly endpoints: Pick<Endpoints, 'inTurn'>;
  /** For each attempt. */
  handlers(): PeerHandlers;
  readonly signal: AbortSignal;
  /** Attempts fail for so long that it is worth a word; more follow. */
  trouble(error: TermError): void;
}

/** Pause between two rounds over all servers; at random from half of it on, so that a fleet's clients do not come all at once. */
const FIRST_BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 5000;
/** How long a server may take to accept: the next one is tried then. */
const CONNECT_TIMEOUT_MS = 5000;
/** A network that is back after this time was not away. */
const QUIET_MS = 3000;

/** What every server of the fleet says of a token, for good. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
  'TOKEN_REQUIRED',
  'TOKEN_REFUSED',
  'TOKEN_REVOKED',
  'TOKEN_EXPIRED',
  'SCOPE_REFUSED',
]);
/** What one server says, and no further attempt there can change. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set([
  'PROTOCOL_MISMATCH',
  'ORIGIN_REFUSED',
  'TLS_REQUIRED',
  'BAD_CONFIG',
  'UNSAFE_PATH',
]);

/**
 * Connects again over the network, however long that takes: to the server that was asked for, else to others of its fleet. Throws what
 * does not go away by itself, and the signal's reason.
 */
export async function reconnectRemote(options: ReconnectRemoteOptions): Promise<DaemonClient> {
  const { endpoints, signal } = options;
  const lostAtMs = performance.now();
  for (let backoffMs = FIRST_BACKOFF_MS; ; backoffMs = Math.min(MAX_BACKOFF_MS, 2 * backoffMs)) {
    const errors: TermError[] = [];
    for (const url of endpoints.inTurn) {
      signal.throwIfAborted();
      try {
        return await attempt(options, url);
      } catch (thrown) {
        signal.throwIfAborted();
        const error = TermError.from(thrown, 'DAEMON_UNREACHABLE');
        if (FINAL.has(error.code)) throw error;
        errors.push(error);
        if (performance.now() - lostAtMs >= QUIET_MS) options.trouble(error);
      }
    }
    const [first] = errors;
    if (first !== undefined && errors.every(error => HOPELESS.has(error.code))) throw first;
    const pauseMs = backoffMs * (0.5 + Math.random() / 2);
    await pause(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function attempt(
  { paths, remote, handlers, signal }: ReconnectRemoteOptions,
  url: string,
): Promise<DaemonClient> {
  return connectDaemon({
    paths,
    remote: { ...remote, url },
    autostart: false,
    handlers: handlers(),
    answerTimeoutMs: CONNECT_TIMEOUT_MS,
    signal,
  });
}
