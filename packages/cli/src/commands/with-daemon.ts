import { TermError } from '@triterm/core/errors';
import { connectDaemon, type DaemonClient } from '../client/daemon-client.ts';
import type { CommandContext } from './definition.ts';

export interface WithDaemonOptions {
  /** Start the daemon when none runs; true when not said. */
  readonly autostart?: boolean;
  /** The work may be done again from its beginning when the daemon goes away in the middle of it. */
  readonly repeatable?: boolean;
}

/** How often repeatable work is begun again, each time with a daemon that answers. */
const MAX_REPEATS = 20;

/** Connects, works and disconnects. Throws what either throws. */
export async function withDaemon<T>(
  context: CommandContext,
  work: (client: DaemonClient) => Promise<T>,
  { autostart = true, repeatable = false }: WithDaemonOptions = {},
): Promise<T> {
  for (let repeats = 0; ; repeats++) {
    const { paths, env, remote } = context;
    const client = await connectDaemon({ paths, env, remote, autostart });
    try {
      return await work(client);
    } catch (thrown) {
      if (!repeatable || !isDaemonGone(thrown) || repeats === MAX_REPEATS) throw thrown;
    } finally {
      client.close();
    }
  }
}

/** The daemon left while it was asked: whether it did what it was asked to is not known. */
export function isDaemonGone(thrown: unknown): boolean {
  return (
    thrown instanceof TermError && (thrown.code === 'CONNECTION_LOST' || thrown.code === 'SHUTTING_DOWN')
  );
}
