import type { SessionInfo } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { DaemonClient } from '../client/daemon-client.ts';
import { listSessions } from '../client/list-sessions.ts';

/** For somebody who is to choose: the sessions of all servers, or of the one that is asked while it cannot know of others. */
export async function listEverywhere(
  client: DaemonClient,
  timeoutMs?: number,
): Promise<readonly SessionInfo[]> {
  const options = timeoutMs === undefined ? {} : { timeoutMs };
  try {
    return await listSessions(client, { all: true, ...options });
  } catch (thrown) {
    if (!(thrown instanceof TermError && thrown.code === 'STORE_UNAVAILABLE')) throw thrown;
    return await listSessions(client, options);
  }
}
