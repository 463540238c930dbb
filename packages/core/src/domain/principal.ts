/** What somebody may do, each including the ones before: look on, use sessions, run the servers. */
export const SCOPES = ['view', 'use', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** The user of everybody who comes through a server's unix socket: it admits only the account that the server runs as. */
export const LOCAL_USER = 'local';

/** On whose behalf a connection acts. */
export interface Principal {
  /** Whose sessions are meant. */
  readonly userId: string;
  readonly scope: Scope;
  /** The only session that it may touch, by id; undefined for all of the user's, and for an admin everybody's. */
  readonly sessionId: string | undefined;
  /** The token that it came with; undefined at the unix socket. */
  readonly tokenId: string | undefined;
  /** The server that speaks for it; undefined when it speaks to us itself. */
  readonly relayedBy: string | undefined;
}

/** Who comes through the unix socket. */
export const SOCKET_OWNER: Principal = {
  userId: LOCAL_USER,
  scope: 'admin',
  sessionId: undefined,
  tokenId: undefined,
  relayedBy: undefined,
};

/** Whether a scope includes what is needed. */
export function includesScope(scope: Scope, needed: Scope): boolean {
  return SCOPES.indexOf(scope) >= SCOPES.indexOf(needed);
}

/** Whether it may know of a session at all; what it may do with it is its scope's to say. */
export function maySee(
  principal: Principal,
  session: { readonly id: string; readonly userId: string },
): boolean {
  if (principal.sessionId !== undefined) return principal.sessionId === session.id;
  return principal.userId === session.userId || principal.scope === 'admin';
}
