import type { Principal } from '@triterm/core/domain';
import type { SessionRow } from '@triterm/core/store';
import type { KnownServer } from '../session/known-servers.ts';
import type { Session } from '../session/session.ts';

export type { KnownServer, ServerDirectory } from '../session/known-servers.ts';

/** A session of this server. */
export interface LocatedHere {
  readonly where: 'here';
  readonly session: Session;
  /** Not the one of that name or id, but the one that its client's PTY belongs to now. */
  readonly isInstead?: boolean;
}

/** A session of another server. */
export interface LocatedThere {
  readonly where: 'there';
  readonly row: SessionRow;
  /** Undefined when the database does not know it any more. */
  readonly server: KnownServer | undefined;
}

export type Located = LocatedHere | LocatedThere;

/** Finds which server owns a session. */
export interface SessionLocator {
  /**
   * By name (of the principal's user; for an admin then of anybody, if it is the only one), id, or the beginning of an id. What is
   * here is found without the store. Rejects with SESSION_NOT_FOUND (also for what the principal may not see), AMBIGUOUS_SESSION,
   * OWNERSHIP_UNVERIFIED (by name, here, while this server's lease is lost and others could own it), and as the store does.
   * `pty`: what a client that comes back was attached to. Whichever session here has that PTY is meant, also where the target is another
   * one by now: it may have missed that its own was made anew elsewhere.
   */
  locate(principal: Principal, target: string, pty?: string): Promise<Located>;
}
