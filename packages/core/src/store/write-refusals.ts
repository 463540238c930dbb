import { TermError } from '../errors/index.ts';
import type { NewToken, ScreenRow } from './database.ts';
import type { RunningLimits, SessionRow } from './session-store.ts';

/** What every database refuses, in the same words. */

/** Bound of a screen's content. */
export const MAX_SCREEN_BYTES = 96 * 1024;

/** Throws TOO_LARGE when one of them is above the bound: then none is kept. */
export function checkScreens(screens: readonly Pick<ScreenRow, 'sessionId' | 'content'>[]): void {
  for (const { sessionId, content } of screens) {
    const bytes = Buffer.byteLength(content);
    if (bytes > MAX_SCREEN_BYTES)
      throw new TermError(
        'TOO_LARGE',
        `The screen of session ${sessionId} has ${bytes} bytes, ${MAX_SCREEN_BYTES} are kept.`,
      );
  }
}

export function tooManySessions(running: number, limit: number): TermError {
  return new TermError('TOO_MANY_SESSIONS', `There are ${running} running sessions, ${limit} are allowed.`, {
    details: { running, limit },
  });
}

export function tooManyOnServer(serverId: string, running: number, limit: number): TermError {
  return new TermError(
    'TOO_MANY_SESSIONS',
    `Server ${serverId} has ${running} running sessions, its limit (maxSessionsPerServer) is ${limit}.`,
    {
      details: { running, limit, serverId },
      hint: 'Make it through another server, kill sessions that nobody needs, or raise `maxSessionsPerServer`.',
    },
  );
}

/** A claim that lets the session run: throws TOO_MANY_SESSIONS when that is one too many for its user, or for its new server. */
export function requireRoomForClaim(
  before: Pick<SessionRow, 'state' | 'ownerServer'>,
  serverId: string,
  { limit, serverLimit }: RunningLimits,
  running: { ofUser(): number; onServer(): number },
): void {
  const isCounted = before.state === 'running';
  const ofUser = isCounted ? 0 : running.ofUser();
  if (!isCounted && ofUser >= limit) throw tooManySessions(ofUser, limit);
  if (serverLimit === undefined || (isCounted && before.ownerServer === serverId)) return;
  const onServer = running.onServer();
  if (onServer >= serverLimit) throw tooManyOnServer(serverId, onServer, serverLimit);
}

export function tooManyConnections(userId: string, open: number, limit: number): TermError {
  return new TermError(
    'TOO_MANY_CONNECTIONS',
    `User ${userId} has ${open} connections, ${limit} are allowed.`,
    { details: { open, limit } },
  );
}

export function leaseLost(serverId: string, incarnation: number): TermError {
  return new TermError('LEASE_LOST', `Server ${serverId} has lost its lease; nothing was written.`, {
    details: { serverId, incarnation },
  });
}

export function ownerAlive(name: string, serverId: string): TermError {
  return new TermError('OWNER_ALIVE', `Session ${name} is on server ${serverId}, which is alive.`, {
    details: { server: serverId },
    hint: `Attach to the session, or recreate it there when it is lost: server ${serverId} owns it.`,
  });
}

export function tokenTaken({ id }: Pick<NewToken, 'id'>): TermError {
  return new TermError('NAME_TAKEN', `There is a token with the id ${id}.`);
}
