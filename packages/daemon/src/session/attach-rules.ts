import { maySee, type Principal, type Role } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { Attachment } from './attachment.ts';
import { clientId } from './client-id.ts';

/** Of all clients' places, one part in so many is the most that one token takes, and what viewers from the network leave to others. */
const PARTS = 4;

/** A client that is attached, or wants to be. */
export interface Place {
  readonly principal: Principal;
  readonly role: Role;
}

/** Throws TOO_MANY_CLIENTS. `taken`: over all sessions, without those that go when this one comes. */
export function requirePlace(wanted: Place, taken: readonly Place[], maxClients: number): void {
  if (taken.length >= maxClients)
    throw tooMany(`${taken.length} clients are attached, the most that are allowed.`);
  const { tokenId } = wanted.principal;
  if (tokenId === undefined) return;
  const part = Math.floor(maxClients / PARTS);
  const ofToken = taken.filter(({ principal }) => principal.tokenId === tokenId).length;
  if (ofToken >= Math.max(1, part))
    throw tooMany(
      `${ofToken} clients of token ${tokenId} are attached, the most that are allowed of one token.`,
    );
  const viewers = taken.filter(looksOnFromNetwork).length;
  if (looksOnFromNetwork(wanted) && viewers >= maxClients - part)
    throw tooMany(`${viewers} viewers are attached over the network, the most that are allowed.`);
}

/** The session may have become another one while the client was on its way. Throws SESSION_NOT_FOUND. */
export function requireSight(
  session: { readonly id: string; readonly userId: string },
  principal: Principal,
): void {
  if (!maySee(principal, session))
    throw new TermError('SESSION_NOT_FOUND', 'The session is another one by now.');
}

/**
 * Nobody attaches as another one's client: their input would be counted as one. Throws BAD_MESSAGE when another principal's client of
 * the session has this token, or another client happens to have its id.
 */
export function requireOwnToken(
  token: string,
  { userId, tokenId }: Principal,
  attachments: Iterable<Pick<Attachment, 'id' | 'token' | 'principal'>>,
): void {
  const id = clientId(token);
  for (const other of attachments) {
    if (other.id !== id) continue;
    const { principal } = other;
    if (other.token === token && principal.userId === userId && principal.tokenId === tokenId) continue;
    throw new TermError('BAD_MESSAGE', `Client ${id} is somebody else.`, {
      hint: 'Attach with another attachment token.',
    });
  }
}

function looksOnFromNetwork({ principal, role }: Place): boolean {
  return principal.tokenId !== undefined && role === 'viewer';
}

function tooMany(message: string): TermError {
  return new TermError('TOO_MANY_CLIENTS', message);
}
