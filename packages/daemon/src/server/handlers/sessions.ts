import type { FleetList } from '../../cluster/fleet-list.ts';
import { pageOf } from '../../cluster/list-page.ts';
import type { SessionService } from '../../session/session-service.ts';
import type { Handlers, Relay } from '../router.ts';
import { recreateElsewhere } from './recreate-elsewhere.ts';

type SessionMethods =
  | 'session.create'
  | 'session.recreate'
  | 'session.list'
  | 'session.show'
  | 'session.rename'
  | 'session.label'
  | 'session.resize'
  | 'session.policy'
  | 'session.kill';

/** Sessions as a whole: making, finding, changing, ending. */
export function sessionHandlers(
  service: SessionService,
  list: FleetList,
  relay: Relay,
): Pick<Handlers, SessionMethods> {
  return {
    'session.create': async (params, { principal }) => ({
      session: await service.create(params, principal.userId),
    }),
    'session.recreate': async (params, context) => {
      const { located } = context;
      return located?.where === 'there'
        ? recreateElsewhere(service, relay, located, params, context)
        : { session: await service.recreate(service.registry.known(params.target), params) };
    },
    'session.list': async ({ all, page }, { principal }) => {
      const sessions = all ? await list.everywhere(principal) : list.here(principal);
      return page === undefined ? { sessions, next: null } : pageOf(sessions, page.after);
    },
    'session.show': async ({ target }) => {
      const session = service.registry.known(target);
      const { doc } = session.row;
      const nowMs = performance.now();
      return {
        session: session.info(),
        clients: session.live?.clientInfos(nowMs) ?? [],
        devices: await service.devices(session),
        sizePolicy: doc.sizePolicy,
        handOver: service.handOver.policyOf(session),
        scrollbackLines: doc.scrollbackLines,
        prompt: session.prompt.state,
        argv: doc.argv,
        offset: session.live?.head ?? 0,
      };
    },
    'session.rename': async ({ target, name }) => ({ session: await service.rename(target, name) }),
    'session.label': async params => ({ session: await service.label(params) }),
    'session.resize': async params => ({ session: await service.resize(params) }),
    'session.policy': async params => ({ session: await service.setPolicy(params) }),
    'session.kill': async ({ target, signal }) => ({ session: await service.kill(target, signal) }),
  };
}
