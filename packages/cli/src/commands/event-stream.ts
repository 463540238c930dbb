import type { Paths } from '@triterm/core/config/paths';
import { TermError } from '@triterm/core/errors';
import type { SessionEvent } from '@triterm/core/protocol';
import { connectDaemon, type DaemonClient } from '../client/daemon-client.ts';

export interface EventStreamOptions {
  readonly paths: Paths;
  readonly env: NodeJS.ProcessEnv;
  /** Of one session only. */
  readonly target?: string;
  /** After every (re)connection, before its first event. */
  connected?(client: DaemonClient): void;
  event(event: SessionEvent): void;
  /** Ends the stream without an error. */
  readonly signal?: AbortSignal;
}

/**
 * Delivers events until the daemon is stopped on purpose (DAEMON_STOPPED) or cannot be started. When it goes away
 * otherwise it is started again, as attached clients do; what happens in between is not reported.
 */
export async function followEvents(options: EventStreamOptions): Promise<void> {
  while (options.signal?.aborted !== true) {
    const ended = Promise.withResolvers<void>();
    const client = await connectDaemon({
      paths: options.paths,
      env: options.env,
      autostart: true,
      handlers: {
        notification: (method, params) => {
          if (method === 'event') options.event(params as SessionEvent);
        },
        close: () => ended.resolve(),
      },
    });
    const abort = () => client.close();
    options.signal?.addEventListener('abort', abort, { once: true });
    try {
      await client.request(
        'events.subscribe',
        options.target === undefined ? {} : { target: options.target },
      );
      options.connected?.(client);
      await ended.promise;
    } catch (thrown) {
      if (!(thrown instanceof TermError && thrown.code === 'CONNECTION_LOST')) throw thrown;
    } finally {
      options.signal?.removeEventListener('abort', abort);
      client.close();
    }
  }
}
