import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Paths } from '@triterm/core/config/paths';
import { TermError } from '@triterm/core/errors';
import type { Method, Params, PeerHandlers, Result } from '@triterm/core/protocol';
import { Peer, PROTOCOL, REQUEST_TIMEOUT_MS, VERSION } from '@triterm/core/protocol';
import { connectSocket } from './daemon-socket.ts';
import type { RemoteHost } from './remote-host.ts';

export interface ConnectOptions {
  readonly paths: Paths;
  /** Undefined for the daemon of this machine. */
  readonly remote: RemoteHost | undefined;
  /** Start a daemon when none runs, unless it was stopped on purpose; never on another machine. */
  readonly autostart: boolean;
  readonly handlers?: PeerHandlers;
  /** For everything until the daemon has answered the handshake; 5 s when not said. */
  readonly deadlineMs?: number;
  /** How long a daemon that runs may take to accept the connection, and again to answer; 2 s when not said, 10 s over a network. */
  readonly answerTimeoutMs?: number;
  readonly env?: NodeJS.ProcessEnv;
  /** Gives up, and throws its reason. */
  readonly signal?: AbortSignal;
}

/** A connection to tritermd whose handshake is done. */
export interface DaemonClient {
  /**
   * Rejects with the daemon's error, CONNECTION_LOST, or DAEMON_NOT_RESPONDING after `timeoutMs` (10 s; 0: as long
   * as the connection lives).
   */
  request<M extends Method>(
    method: M,
    params: Params<M>,
    options?: { timeoutMs?: number; channel?: number },
  ): Promise<Result<M>>;
  readonly peer: Peer;
  /** What the daemon calls itself, such as `tritermd/0.1.0`. */
  readonly software: string;
  readonly features: readonly string[];
  /** Sends what is queued and lets the process end. */
  close(): void;
}

/**
 * How long starting a daemon may take altogether: generous, for a machine that is busy starting twenty clients. One that
 * fails says so at once.
 */
export const START_DEADLINE_MS = 30_000;
/** A daemon that accepts but does not answer the handshake in this time hangs. */
const ANSWER_TIMEOUT_MS = 2000;
/** The same for names to be looked up, TLS, and a network that loses packets. */
const REMOTE_ANSWER_TIMEOUT_MS = 10_000;
/** A network that takes longer than this for the last bytes and a farewell may not take them at all; nobody waits for its end. */
const FAREWELL_MS = 1000;
/** Pause before trying again a daemon that was just leaving. */
const LEAVING_PAUSE_MS = 20;

/**
 * Connects to the daemon, starting it where allowed. Throws DAEMON_UNREACHABLE (none runs), DAEMON_STOPPED,
 * DAEMON_START_FAILED, DAEMON_NOT_RESPONDING, PROTOCOL_MISMATCH, UNSAFE_PATH, PERMISSION_DENIED, and over a network
 * TOKEN_REQUIRED and the like, CERTIFICATE_REFUSED, TOO_MANY_CONNECTIONS, BAD_CONFIG.
 */
export function connectDaemon(options: ConnectOptions): Promise<DaemonClient> {
  return options.remote === undefined ? connectLocal(options) : connectOver(options.remote, options);
}

async function connectOver(remote: RemoteHost, options: ConnectOptions): Promise<DaemonClient> {
  const { signal, answerTimeoutMs: timeoutMs = REMOTE_ANSWER_TIMEOUT_MS } = options;
  const { connectRemote } = await import('./remote-connection.ts');
  const stream = await connectRemote(remote, { timeoutMs, ...(signal === undefined ? {} : { signal }) });
  const letGo = (): void => void setTimeout(() => stream.destroy(), FAREWELL_MS).unref();
  return openClient({ stream, letGo, ...options, answerTimeoutMs: timeoutMs });
}

async function connectLocal(options: ConnectOptions): Promise<DaemonClient> {
  const deadline = performance.now() + (options.deadlineMs ?? START_DEADLINE_MS);
  for (;;) {
    options.signal?.throwIfAborted();
    const socket =
      (await connectSocket(options.paths, options.answerTimeoutMs)) ??
      (await startAndConnect(options, deadline));
    try {
      return await openClient({ stream: socket, letGo: () => void socket.unref(), ...options });
    } catch (thrown) {
      const leaving =
        thrown instanceof TermError && (thrown.code === 'CONNECTION_LOST' || thrown.code === 'SHUTTING_DOWN');
      const again = (leaving && options.autostart) || (await isBeingActivated(thrown, options));
      if (!again || performance.now() > deadline) throw thrown;
      await new Promise(resolve => setTimeout(resolve, LEAVING_PAUSE_MS));
    }
  }
}

/** Somebody listens who is no daemon, and will start one: what did not answer yet may still come. */
async function isBeingActivated(
  thrown: unknown,
  { paths, answerTimeoutMs }: ConnectOptions,
): Promise<boolean> {
  if (!(thrown instanceof TermError) || thrown.code !== 'DAEMON_NOT_RESPONDING') return false;
  if (answerTimeoutMs !== undefined) return false;
  const { isActivating } = await import('./daemon-process.ts');
  return isActivating(paths, START_DEADLINE_MS);
}

async function startAndConnect(options: ConnectOptions, deadline: number): Promise<Socket> {
  if (!options.autostart)
    throw new TermError('DAEMON_UNREACHABLE', `No tritermd runs for ${options.paths.stateDir}.`);
  const { startDaemon } = await import('./autostart.ts');
  const { env = process.env, signal } = options;
  return startDaemon(options.paths, { env, deadline, ...(signal === undefined ? {} : { signal }) });
}

interface OpenOptions extends ConnectOptions {
  readonly stream: Duplex;
  /** Sees to it that a stream that is still closing does not keep the process. */
  letGo(): void;
}

async function openClient(options: OpenOptions): Promise<DaemonClient> {
  const { stream, letGo, handlers = {}, answerTimeoutMs = ANSWER_TIMEOUT_MS, signal } = options;
  let isOpen = false;
  const peer = new Peer(stream, {
    ...handlers,
    // A handshake that fails is this function's error, not the end of a connection that its caller has.
    close: error => {
      if (isOpen) handlers.close?.(error);
    },
  });
  const giveUp = (): void => void stream.destroy();
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    signal?.throwIfAborted();
    const welcome = await peer.open(PROTOCOL, `triterm/${VERSION}`, [], answerTimeoutMs);
    isOpen = true;
    return new Client(peer, welcome, options.remote, letGo);
  } catch (thrown) {
    peer.destroy();
    stream.destroy();
    signal?.throwIfAborted();
    throw await explainHandshake(thrown, options, answerTimeoutMs);
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

async function explainHandshake(
  thrown: unknown,
  { paths, remote }: ConnectOptions,
  timeoutMs: number,
): Promise<unknown> {
  if (!(thrown instanceof TermError) || thrown.code !== 'TIMEOUT') return thrown;
  if (remote !== undefined) return silence(remote, timeoutMs, thrown);
  const { readDaemonRecord } = await import('./daemon-process.ts');
  const pid = readDaemonRecord(paths)?.pid;
  return new TermError(
    'DAEMON_NOT_RESPONDING',
    `tritermd${pid === undefined ? '' : ` (pid ${pid})`} does not answer within ${timeoutMs / 1000} s.`,
    { cause: thrown, ...(pid === undefined ? {} : { details: { pid } }) },
  );
}

class Client implements DaemonClient {
  readonly peer: Peer;
  readonly software: string;
  readonly features: readonly string[];
  readonly #remote: RemoteHost | undefined;
  readonly #letGo: () => void;

  constructor(
    peer: Peer,
    { software, features }: Pick<DaemonClient, 'software' | 'features'>,
    remote: RemoteHost | undefined,
    letGo: () => void,
  ) {
    this.peer = peer;
    this.software = software;
    this.features = features;
    this.#remote = remote;
    this.#letGo = letGo;
  }

  async request<M extends Method>(
    method: M,
    params: Params<M>,
    options: { timeoutMs?: number; channel?: number } = {},
  ): Promise<Result<M>> {
    const timeoutMs = options.timeoutMs ?? REQUEST_TIMEOUT_MS;
    const startedAt = performance.now();
    try {
      return (await this.peer.request(method, params, options)) as Result<M>;
    } catch (thrown) {
      throw this.#explain(thrown, timeoutMs, performance.now() - startedAt);
    }
  }

  close(): void {
    this.peer.close();
    this.#letGo();
  }

  /** A TIMEOUT of the daemon's is the answer to a wait; one of ours means that it does not answer at all. */
  #explain(thrown: unknown, timeoutMs: number, elapsedMs: number): unknown {
    const isOurs =
      thrown instanceof TermError && thrown.code === 'TIMEOUT' && timeoutMs > 0 && elapsedMs >= timeoutMs - 1;
    return isOurs ? silence(this.#remote, timeoutMs, thrown) : thrown;
  }
}

function silence(remote: RemoteHost | undefined, timeoutMs: number, cause: TermError): TermError {
  const within = `does not answer within ${timeoutMs / 1000} s.`;
  return remote === undefined
    ? new TermError('DAEMON_NOT_RESPONDING', `tritermd ${within}`, { cause })
    : new TermError('DAEMON_NOT_RESPONDING', `${remote.name} ${within}`, {
        cause,
        hint: 'Check the network on the way there; sessions are kept.',
      });
}
