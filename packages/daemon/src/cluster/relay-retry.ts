import { TermError } from '@triterm/core/errors';
import { METHOD_ACCESS, type Method } from '@triterm/core/protocol';
import { noSession } from '../session/session-registry.ts';
import type { Located, LocatedThere } from './cluster.ts';
import type { Answer } from './upstream.ts';
import { NoWay } from './way-to-server.ts';

/** What became of one try: the answer, or nobody was reached, and nothing sent. */
export type Try = Answer | { readonly kind: 'unreached'; readonly error: TermError };
export type Failure = Exclude<Try, { readonly kind: 'result' }>;

/** Deadline of a request at the owner; the client's own is no longer. */
const REQUEST_MS = 10_000;

/** They may last as long as a program takes; their time-outs are the owner's to keep. */
const LASTING: ReadonlySet<Method> = new Set(['session.wait', 'session.run', 'session.send']);

/** 0: as long as the client lives. */
export function deadlineMs(method: Method): number {
  return LASTING.has(method) ? 0 : REQUEST_MS;
}

/**
 * Doing it twice is as doing it once. An attachment has an id, under which a second one takes the first one's place. A command is typed
 * once under its key, but what it wrote is known to the first request alone.
 */
export function isRepeatable(method: Method, params: object): boolean {
  if (method === 'session.run') return false;
  return changesNothing(method) || 'idempotencyKey' in params;
}

/** Whether it changes nothing, so that nobody has to look whether it was done. */
function changesNothing(method: Method): boolean {
  return METHOD_ACCESS[method].scope === 'view' || method === 'session.attach';
}

/** Whether to find the owner anew, and ask again, once. */
export function mayAskAgain(failure: Failure, method: Method, params: object): boolean {
  if (failure.kind === 'unreached') return true;
  if (failure.kind === 'silence')
    return failure.error.code === 'CONNECTION_LOST' && isRepeatable(method, params);
  return failure.error.code === 'SESSION_MOVED' || failure.error.code === 'SESSION_NOT_FOUND';
}

/** Whether it was found where it was thought to be: who was not there, or did not have it, is not asked for it again. */
export function isSamePlace(before: Located, now: Located): boolean {
  if (before.where !== 'there' || now.where !== 'there') return false;
  return (
    before.row.ownerServer === now.row.ownerServer &&
    before.server?.incarnation === now.server?.incarnation &&
    before.server?.alive === now.server?.alive &&
    before.server?.advertiseUrl === now.server?.advertiseUrl
  );
}

/**
 * What the client is told in the end, without what went wrong on the network: that tells of addresses and files, and is in the log.
 * `wasSent`: an earlier try may have done it.
 */
export function finalError(
  failure: Failure,
  method: Method,
  located: LocatedThere,
  wasSent: boolean,
): TermError {
  const { kind, error } = failure;
  const { name, ownerServer } = located.row;
  if (kind === 'refusal') {
    // It was asked for by an id that the client may never have seen.
    return error.code === 'SESSION_NOT_FOUND' ? noSession(name) : error;
  }
  if (!changesNothing(method) && (kind === 'silence' || wasSent)) {
    return new TermError(
      'OUTCOME_UNKNOWN',
      `Server ${ownerServer}, which has session ${name}, has not answered ${method}.`,
      { cause: error },
    );
  }
  return unreachable(located, error);
}

function unreachable({ row, server }: LocatedThere, cause: TermError): TermError {
  const since = server?.unreachableSince ?? null;
  const unreachableSince = since === null ? null : new Date(since).toISOString();
  const reason = cause instanceof NoWay ? `: ${cause.message}` : '';
  const gone = unreachableSince === null ? '' : ` It has been gone since ${unreachableSince}.`;
  return new TermError(
    'SERVER_UNREACHABLE',
    `Server ${row.ownerServer}, which has session ${row.name}, can't be reached${reason}.${gone}`,
    { cause, details: { server: row.ownerServer, unreachableSince } },
  );
}
