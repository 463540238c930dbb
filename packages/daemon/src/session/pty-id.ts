import { isSessionId, type SessionDoc } from '@triterm/core/domain';
import type { Pty } from '../pty/pty.ts';

/**
 * What the pty-host calls a session's PTY, and its directory is called: the session's id, unless the session has moved between
 * servers, or the PTY between sessions. Only what can be an id is believed: it becomes a path.
 */
export function ptyIdOf(row: { readonly id: string; readonly doc: Pick<SessionDoc, 'ptyId'> }): string {
  const { ptyId } = row.doc;
  return typeof ptyId === 'string' && isSessionId(ptyId) ? ptyId : row.id;
}

/**
 * Tells one PTY from every other, also from another one that the session has had, or has on another server: a host's id is random, and
 * a host uses no handle twice. Stays the same over restarts of the daemon, and when the PTY becomes another session's.
 */
export function ptyIdentity({ session, hostId, info }: Pick<Pty, 'session' | 'hostId' | 'info'>): string {
  return `${session}.${hostId}.${info.handle}`;
}
