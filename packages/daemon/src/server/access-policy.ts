import { includesScope, type Principal, type Scope } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { METHOD_ACCESS, type Method } from '@triterm/core/protocol';

/** Who calls, and by which way he came. */
export interface Caller {
  readonly principal: Principal;
  /** Over a network, not through the unix socket of this server. */
  readonly remote: boolean;
}

/** What a token of one session may call beside what is about that session: both show nothing of others. */
const OPEN_TO_SESSION_TOKENS: ReadonlySet<Method> = new Set(['ping', 'session.list', 'events.subscribe']);

/**
 * Whether somebody may call a method at all, by `METHOD_ACCESS`; which sessions it may be about is for `maySee` to say. Throws
 * SCOPE_REFUSED, NOT_REMOTELY.
 */
export function requireAccess(method: Method, params: object, caller: Caller): void {
  const { principal, remote } = caller;
  const { scope, on } = METHOD_ACCESS[method];
  const needed = scope === 'controller' ? scopeOfAttaching(params) : scope;
  if (!includesScope(principal.scope, needed)) {
    throw new TermError(
      'SCOPE_REFUSED',
      `${method} needs the scope ${needed}; you have ${principal.scope}.`,
      {
        details: { needed, scope: principal.scope },
      },
    );
  }
  const isOfSession = on === 'session' || on === 'attachment' || OPEN_TO_SESSION_TOKENS.has(method);
  if (principal.sessionId !== undefined && !isOfSession) {
    throw new TermError('SCOPE_REFUSED', `${method} is not for a token of one session only.`, {
      hint: 'It takes a token without a session; `triterm token create` makes one.',
    });
  }
  if (on === 'host' && remote)
    throw new TermError('NOT_REMOTELY', `${method} is for whoever is on the server's own host.`);
}

/** Who only looks on changes nothing for others: neither drives them away, nor holds the program up until it has read everything. */
function scopeOfAttaching(params: Attaching): Scope {
  const { role, take, detachOthers, lossless } = params;
  return role === 'viewer' && take === false && detachOthers === false && lossless === false ? 'view' : 'use';
}

/** Of the parameters of `session.attach`, what somebody can do to others with. */
interface Attaching {
  readonly role?: unknown;
  readonly take?: unknown;
  readonly detachOthers?: unknown;
  readonly lossless?: unknown;
}
