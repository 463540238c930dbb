import type { HandOverService } from '../../session/hand-over-service.ts';
import type { Handlers } from '../router.ts';

/** Who is the primary client of a session: taking it over, asking for it, answering. */
export function handOverHandlers(
  service: HandOverService,
): Pick<Handlers, 'session.take' | 'session.request' | 'session.grant'> {
  return {
    'session.take': async (params, { principal }) => ({ session: await service.take(principal, params) }),
    'session.request': (params, { principal }) => service.request(principal, params),
    'session.grant': params => service.grant(params),
  };
}
