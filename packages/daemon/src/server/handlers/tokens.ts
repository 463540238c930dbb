import type { TokenService } from '../auth/token-service.ts';
import type { Handlers } from '../router.ts';

/** Who may come over the network. */
export function tokenHandlers(
  service: TokenService,
): Pick<Handlers, 'token.create' | 'token.list' | 'token.revoke'> {
  return {
    'token.create': (params, { principal }) => service.create(principal, params),
    'token.list': async params => ({ tokens: await service.list(params) }),
    'token.revoke': async (params, { principal }) => ({ token: await service.revoke(principal, params) }),
  };
}
