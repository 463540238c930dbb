import { TermError } from '@triterm/core/errors';
import type { Session } from '../../session/session.ts';
import { type Handlers, type RequestContext, Router } from '../router.ts';

/** A router with nothing behind it: every valid request is answered by the function; each session there may be is here, and the caller's. */
export function answeringRouter(answer: (method: string, context: RequestContext) => unknown): Router {
  const handlers = new Proxy({} as Handlers, {
    get: (_target, method) => (_params: unknown, context: RequestContext) => answer(String(method), context),
  });
  const nowhere = async (): Promise<never> => {
    throw new TermError('SERVER_UNREACHABLE', 'There is no other server.');
  };
  return new Router({
    handlers,
    locator: {
      locate: async ({ userId }, id) => ({ where: 'here', session: { id, row: { id, userId } } as Session }),
    },
    relay: { request: nowhere },
    absent: {},
  });
}
