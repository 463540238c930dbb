import type { Paths } from '@triterm/core/config/paths';
import { TermError } from '@triterm/core/errors';
import type { DaemonNotificationParams, PeerHandlers, SessionEvent } from '@triterm/core/protocol';
import { connectDaemon, type DaemonClient } from '../client/daemon-client.ts';
import { Endpoints } from '../client/endpoints.ts';
import type { RemoteHost } from '../client/remote-host.ts';

export interface EventStreamOptions {
  readonly paths: Paths;
  readonly env: NodeJS.ProcessEnv;
  readonly remote: RemoteHost | undefined;
  /** Of one session only. */
  readonly target?: string;
  /** Of all servers. */
  readonly all?: boolean;
  /** After every (re)connection, before its first event. */
  connected?(client: DaemonClient): void;
  event(event: SessionEvent): void;
  /** Ends the stream without an error. */
  readonly signal?: AbortSignal;
}

/**
 * Delivers events until the daemon is stopped on purpose (DAEMON_STOPPED) or cannot be started; over a network until the server refuses
 * us. When it goes away otherwise it is started again, as attached clients do, or waited for; what happens in between is not reported.
 */
export async function followEvents(options: EventStreamOptions): Promise<void> {
  const { remote, signal = new AbortController().signal } = options;
  const endpoints = remote === undefined ? undefined : new Endpoints(remote.url);
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    const ended = Promise.withResolvers<void>();
    const handlers: PeerHandlers = {
      notification: (method, params) => {
        if (method === 'event') options.event(params as SessionEvent);
        else if (method === 'daemon.leaving') leaving(params as DaemonNotificationParams<'daemon.leaving'>);
      },
      close: () => ended.resolve(),
    };
    const leaving = ({ reason, elsewhere = [] }: DaemonNotificationParams<'daemon.leaving'>): void => {
      if (reason === 'drain' && endpoints?.prefer(elsewhere) === true) ended.resolve();
    };
    const client = await connect(options, handlers, isFirst ? undefined : endpoints, signal).catch(thrown => {
      if (signal.aborted) return undefined;
      throw thrown;
    });
    if (client === undefined) return;
    endpoints?.learn(client.features);
    endpoints?.settled();
    const abort = () => client.close();
    signal.addEventListener('abort', abort, { once: true });
    try {
      await client.request('events.subscribe', subscription(options));
      options.connected?.(client);
      await ended.promise;
    } catch (thrown) {
      if (!(thrown instanceof TermError && thrown.code === 'CONNECTION_LOST')) throw thrown;
    } finally {
      signal.removeEventListener('abort', abort);
      client.close();
    }
  }
}

function subscription({ target, all }: EventStreamOptions): { target?: string; all?: boolean } {
  return { ...(target === undefined ? {} : { target }), ...(all === true ? { all } : {}) };
}

async function connect(
  { paths, env, remote }: EventStreamOptions,
  handlers: PeerHandlers,
  /** Where it is to come back to. */
  endpoints: Endpoints | undefined,
  signal: AbortSignal,
): Promise<DaemonClient> {
  if (remote === undefined || endpoints === undefined)
    return connectDaemon({ paths, env, remote, autostart: true, handlers, signal });
  const { reconnectRemote } = await import('../client/reconnect-remote.ts');
  return reconnectRemote({ paths, remote, endpoints, handlers: () => handlers, signal, trouble: () => {} });
}
