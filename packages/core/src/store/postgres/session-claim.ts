import {
  presentRow,
  type RunningLimits,
  type SessionChange,
  type SessionRow,
  type WriteGuard,
} from '../session-store.ts';
import { noSuchSession, refuseStale, requireRoom } from '../write-refusals.ts';
import { limitKeys } from './advisory-key.ts';
import { change, read } from './session-queries.ts';
import { type Queries, statement } from './statement.ts';

const RUNNING = statement(
  'running',
  `SELECT
    (SELECT count(*) FROM session WHERE user_id = $1 AND deleted_at IS NULL AND state = 'running') AS of_user,
    CASE WHEN $3::boolean THEN
      (SELECT count(*) FROM session WHERE owner_server = $2 AND deleted_at IS NULL AND state = 'running')
    ELSE 0 END AS on_server`,
);

/**
 * A claim that may let one more session run takes turns with creations, under the same locks in the same order. The guard is looked at
 * first: the repetition of a claim that was done is not counted against itself.
 */
export async function claim(
  on: Queries,
  id: string,
  guard: WriteGuard,
  server: string,
  wanted: SessionChange,
  limits: RunningLimits | undefined,
): Promise<SessionRow> {
  if (limits === undefined || wanted.state !== 'running') return change(on, id, guard, wanted, server);
  const { userId } = await present(on, id);
  return on.exclusively(limitKeys(userId, server, limits), async within => {
    const before = await present(within, id);
    refuseStale(before, guard);
    const values = [before.userId, server, limits.serverLimit !== undefined];
    const [running] = await within.read<{ of_user: number; on_server: number }>(RUNNING, values);
    requireRoom(before, server, limits, {
      ofUser: () => running?.of_user ?? 0,
      onServer: () => running?.on_server ?? 0,
    });
    return await change(within, id, guard, wanted, server);
  });
}

async function present(on: Queries, id: string): Promise<SessionRow> {
  const found = presentRow(await read(on, id));
  if (found === undefined) throw noSuchSession(id);
  return found;
}
