import { TermError } from '@triterm/core/errors';
import type { ParsedParams, Result } from '@triterm/core/protocol';
import type { LocatedThere } from '../../cluster/cluster.ts';
import { isRepetition } from '../../session/recreation.ts';
import type { SessionService } from '../../session/session-service.ts';
import type { Relay, RequestContext } from '../router.ts';

/**
 * Starts another server's session anew: there, where that server lives and has lost its program, else here. Rejects as
 * `SessionService.recreate` and `Relay.request`.
 */
export async function recreateElsewhere(
  service: SessionService,
  relay: Relay,
  located: LocatedThere,
  params: ParsedParams<'session.recreate'>,
  { connection, channel, principal }: RequestContext,
): Promise<Result<'session.recreate'>> {
  const { row, server } = located;
  const isTheirs = row.state === 'lost' || isRepetition(row, params);
  if (isTheirs && server?.alive === true && principal.relayedBy === undefined) {
    try {
      return await relay.request(connection, located, 'session.recreate', params, channel);
    } catch (thrown) {
      const isUnreachable = thrown instanceof TermError && thrown.code === 'SERVER_UNREACHABLE';
      if (!isUnreachable || !params.force) throw thrown;
    }
  }
  return { session: await service.recreate(row, params) };
}
