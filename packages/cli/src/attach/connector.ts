import type { Paths } from '@triterm/core/config/paths';
import type { TermError } from '@triterm/core/errors';
import type { DaemonNotificationParams, PeerHandlers } from '@triterm/core/protocol';
import { connectDaemon, type DaemonClient } from '../client/daemon-client.ts';
import { Endpoints } from '../client/endpoints.ts';
import type { RemoteHost } from '../client/remote-host.ts';

export interface ConnectorOptions {
  readonly paths: Paths;
  readonly env: NodeJS.ProcessEnv;
  readonly remote: RemoteHost | undefined;
  readonly signal: AbortSignal;
}

export interface ComeBack {
  /** Made anew for each attempt. */
  handlers(): PeerHandlers;
  /** Clients that are likely to do the same at this moment. */
  readonly rivals: number;
  /** Attempts fail; others follow. */
  trouble(error: TermError): void;
}

type Leaving = DaemonNotificationParams<'daemon.leaving'>;

/** What starting a daemon takes is loaded at leisure: an upgrade may have removed it by the time that it is needed. */
const PRELOAD_MS = 1000;
/** A server that still wants us elsewhere so soon after we came has nowhere better for us. */
const MOVE_AGAIN_MS = 30_000;

/** The connections of one attachment, one after the other: to the daemon of this machine, or to servers of one fleet. */
export class Connector {
  readonly #options: ConnectorOptions;
  readonly #endpoints: Endpoints | undefined;
  #leaving: Leaving['reason'] | undefined;
  /** Somebody starts the daemon again when it has ended. */
  #isSupervised = false;
  #movedAtMs = Number.NEGATIVE_INFINITY;
  #preload: NodeJS.Timeout | undefined;

  constructor(options: ConnectorOptions) {
    this.#options = options;
    if (options.remote !== undefined) this.#endpoints = new Endpoints(options.remote.url);
  }

  /** The first connection; a daemon of this machine is started where none runs. Throws what `connectDaemon` throws. */
  first(handlers: PeerHandlers): Promise<DaemonClient> {
    return connectDaemon({ ...this.#options, autostart: true, handlers });
  }

  /** Another connection, however long that takes. Throws what ends the attachment: DAEMON_STOPPED, TOKEN_REVOKED and the like. */
  async again({ handlers, rivals, trouble }: ComeBack): Promise<DaemonClient> {
    const { paths, env, remote, signal } = this.#options;
    if (remote === undefined || this.#endpoints === undefined) {
      const othersStart = this.#leaving === 'restart' || this.#isSupervised;
      const { reconnect } = await import('./reconnect.ts');
      return reconnect({ paths, env, handlers: handlers(), rivals, othersStart, signal, trouble });
    }
    const { reconnectRemote } = await import('../client/reconnect-remote.ts');
    return reconnectRemote({ paths, remote, endpoints: this.#endpoints, handlers, signal, trouble });
  }

  /** Attached over this connection. */
  settled({ features }: DaemonClient): void {
    this.#leaving = undefined;
    this.#isSupervised = features.includes('supervised');
    this.#endpoints?.learn(features);
    this.#endpoints?.settled();
    const { remote } = this.#options;
    this.#preload ??= setTimeout(
      () =>
        void (remote === undefined
          ? Promise.all([import('./reconnect.ts'), import('../client/autostart.ts')])
          : import('../client/reconnect-remote.ts')),
      PRELOAD_MS,
    ).unref();
  }

  /** The daemon is about to go, or wants us elsewhere. Returns whether to leave it for another one now. */
  leaving({ reason, elsewhere = [] }: Leaving): boolean {
    if (reason !== 'drain') {
      this.#leaving = reason;
      return false;
    }
    const nowMs = performance.now();
    if (nowMs - this.#movedAtMs < MOVE_AGAIN_MS || this.#endpoints?.prefer(elsewhere) !== true) return false;
    this.#movedAtMs = nowMs;
    return true;
  }

  /** It was stopped on purpose, so that nobody is to start it. Another machine's may come back, or others of its fleet serve us. */
  get isStopped(): boolean {
    return this.#leaving === 'stop' && this.#options.remote === undefined;
  }

  close(): void {
    clearTimeout(this.#preload);
  }
}
