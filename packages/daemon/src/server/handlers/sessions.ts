import type { SessionService } from '../../session/session-service.ts';
import type { Handlers } from '../router.ts';

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
export function sessionHandlers(service: SessionService): Pick<Handlers, SessionMethods> {
  return {
    'session.create': async params => ({ session: await service.create(params) }),
    'session.recreate': async params => ({ session: await service.recreate(params) }),
    'session.list': () => ({ sessions: service.list() }),
    'session.show': ({ target }) => {
      const session = service.registry.find(target);
      const { doc } = session.row;
      const nowMs = performance.now();
      return {
        session: session.info(),
        clients: [...(session.live?.attachments ?? [])].map(attachment => attachment.info(nowMs)),
        sizePolicy: doc.sizePolicy,
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
