import { TermError } from '../errors/index.ts';
import type { NewToken, ScreenRow } from './database.ts';
import { toRow } from './schema/stored-rows.ts';
import type { SessionTable as StoredSession } from './schema/tables.ts';
import type { RunningLimits, SessionHead, SessionRow, WriteGuard } from './session-store.ts';

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

function tooManySessions(running: number, limit: number): TermError {
  return new TermError('TOO_MANY_SESSIONS', `There are ${running} running sessions, ${limit} are allowed.`, {
    details: { running, limit },
  });
}

function tooManyOnServer(serverId: string, running: number, limit: number): TermError {
  return new TermError(
    'TOO_MANY_SESSIONS',
    `Server ${serverId} has ${running} running sessions, its limit (maxSessionsPerServer) is ${limit}.`,
    {
      details: { running, limit, serverId },
      hint: 'Make it through another server, kill sessions that nobody needs, or raise `maxSessionsPerServer`.',
    },
  );
}

/** Running sessions, counted when they are asked for. */
export interface RunningCounts {
  ofUser(): number;
  onServer(): number;
}

/**
 * A creation, or a claim of what was there `before`, that lets the session run: throws TOO_MANY_SESSIONS when that is one too many
 * for its user, or for its new server.
 */
export function requireRoom(
  before: Pick<SessionRow, 'state' | 'ownerServer'> | undefined,
  serverId: string,
  { limit, serverLimit }: RunningLimits,
  running: RunningCounts,
): void {
  const isCounted = before?.state === 'running';
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

export function noSuchSession(id: string): TermError {
  return new TermError('SESSION_NOT_FOUND', `There is no session ${id}.`);
}

/** What a repeated creation returns: it makes nothing anew, nor does it bring back what was deleted since. */
export function stillThere(made: StoredSession): SessionRow {
  if (made.deleted_at !== null)
    throw new TermError(
      'SESSION_NOT_FOUND',
      `Session ${made.name} was made by this request, and removed since.`,
    );
  return toRow(made);
}

/** Throws STALE_REVISION when the row is not what the guard says. */
export function refuseStale(row: SessionHead, guard: WriteGuard): void {
  const { rev = row.rev, ownerEpoch = row.ownerEpoch } = guard;
  if (rev !== row.rev || ownerEpoch !== row.ownerEpoch) throw stale(row, guard);
}

export function stale(row: SessionHead, { ownerEpoch = row.ownerEpoch }: WriteGuard): TermError {
  const what =
    ownerEpoch === row.ownerEpoch ? 'was changed by somebody else' : `belongs to ${row.ownerServer} since`;
  return new TermError('STALE_REVISION', `Session ${row.name} ${what}.`, {
    details: { id: row.id, rev: row.rev, ownerEpoch: row.ownerEpoch },
  });
}

/** `id`: of the session that has the name, where it is known. */
export function nameTaken(name: string, id: string | undefined, cause?: unknown): TermError {
  return new TermError('NAME_TAKEN', `There is a session named ${name}.`, {
    details: id === undefined ? { name } : { name, id },
    ...(cause === undefined ? {} : { cause }),
  });
}

export function idTaken(id: string): TermError {
  return new TermError('NAME_TAKEN', `There is a session with the id ${id}.`);
}

export function tokenTaken({ id }: Pick<NewToken, 'id'>): TermError {
  return new TermError('NAME_TAKEN', `There is a token with the id ${id}.`);
}
