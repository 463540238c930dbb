import type { TermError } from '../../errors/index.ts';
import { linkError, linkFailure } from './failure.ts';

/** How far an attempt to connect came, or a connection, before it ended. */
export interface EndedAttempt {
  readonly endpoint: string;
  readonly tls: boolean;
  /** TCP, and TLS, stood. */
  readonly reached: boolean;
  /** The server was found to be one that may be used. */
  readonly admitted: boolean;
  /** What was told of it first; undefined when it just closed. */
  readonly error: unknown;
}

/** A TLS hello to a server that takes it for a broken command: it answers in plain text, hangs up or waits for the rest. */
const NO_TLS_SPOKEN = /wrong version number|packet length too long|ETIMEDOUT|disconnected before secure/i;
/** Commands of a handshake that end with their connection: why it ended is told besides. */
const SAYS_NOTHING = /max retries per request|Connection is closed|Command aborted/;

/** Why it ended. */
export function attemptFailure({ endpoint, tls, reached, admitted, error }: EndedAttempt): TermError {
  const text = error instanceof Error ? error.message : '';
  const because = (reason: string) => linkFailure('connect', endpoint, 'disconnected', reason);
  if (tls && !reached && NO_TLS_SPOKEN.test(text)) return because(`${text}; does it speak TLS on this port?`);
  const isSilent = error === undefined || text.includes('ECONNRESET');
  if (!tls && reached && !admitted && isSilent)
    return because('it closed the connection before it answered; does it want TLS (rediss://, REDIS_TLS)?');
  return linkError('connect', endpoint, error ?? new Error('Connection is closed.'));
}

/** What an event of ioredis tells of the reason; undefined when nothing. */
export function reasonOf(thrown: unknown): unknown {
  // Behind "failed to refresh slots" stands why the last node failed.
  const last = thrown instanceof Error && 'lastNodeError' in thrown ? thrown.lastNodeError : undefined;
  const reason = last instanceof Error ? last : thrown;
  return reason instanceof Error && SAYS_NOTHING.test(reason.message) ? undefined : reason;
}

/** What ioredis tells of one sentinel that has not led to a master. */
export function sentinelReason({ message }: Error): Error {
  const [, sentinel = '', reason] = /sentinel (\S+) (?:because (.*))?/s.exec(message) ?? [];
  if (reason?.includes('Connection is closed')) return new Error(`the sentinel ${sentinel} can't be reached`);
  if (reason !== undefined && !reason.includes('No such master')) return new Error(reason);
  return new Error(`the sentinel ${sentinel} knows no master of this name; check REDIS_SENTINEL_NAME`);
}
