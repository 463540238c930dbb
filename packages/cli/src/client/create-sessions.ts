import type { SessionInfo } from '@triterm/core/domain';
import type { Params } from '@triterm/core/protocol';
import type { DaemonClient } from './daemon-client.ts';

/** A connection takes 256 requests at once. */
const MAX_UNDER_WAY = 32;

export interface Created {
  /** In the order in which they were asked for. */
  readonly sessions: readonly SessionInfo[];
  /** Why there are not more of them; those behind it were not asked for any more. */
  readonly failure: unknown;
}

/** Makes sessions, some at once. Never rejects. */
export async function createSessions(
  client: Pick<DaemonClient, 'request'>,
  wanted: readonly Params<'session.create'>[],
): Promise<Created> {
  const made: SessionInfo[] = [];
  const failures: unknown[] = [];
  const rest = wanted.entries();
  const makeInTurn = async () => {
    for (const [at, params] of rest) {
      try {
        made[at] = (await client.request('session.create', params)).session;
      } catch (thrown) {
        failures.push(thrown);
      }
      if (failures.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: MAX_UNDER_WAY }, makeInTurn));
  return { sessions: made.filter(session => session !== undefined), failure: failures[0] };
}
