import { TermError } from '../../errors/index.ts';
import type { LinkFailure } from './redis-link.ts';

/** First words of Redis' error replies (https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors). */
const BY_REPLY: Readonly<Record<string, LinkFailure>> = {
  READONLY: 'readonly',
  MASTERDOWN: 'readonly',
  NOREPLICAS: 'readonly',
  MOVED: 'moved',
  ASK: 'moved',
  TRYAGAIN: 'moved',
  CROSSSLOT: 'error',
  CLUSTERDOWN: 'moved',
  OOM: 'oom',
  MISCONF: 'misconf',
  NOPERM: 'noperm',
  NOAUTH: 'auth',
  WRONGPASS: 'auth',
  LOADING: 'loading',
  BUSY: 'timeout',
};

const MEANING: Readonly<Record<LinkFailure, string>> = {
  timeout: 'did not answer in time',
  disconnected: 'is not connected',
  readonly: 'is a replica that takes no writes',
  moved: 'is moving its slots, or some of them are served by nobody',
  oom: 'has reached maxmemory and may evict nothing; choose maxmemory-policy volatile-lru or give it more memory',
  misconf: 'refuses writes because it cannot save its data to disk',
  noperm: 'forbids it to this user by an ACL rule',
  loading: 'is still loading its data',
  auth: 'refuses user or password; check REDIS_USERNAME and REDIS_PASSWORD',
  error: 'refused it',
};

/** What only an operator can mend. */
const REFUSED: ReadonlySet<LinkFailure> = new Set(['noperm', 'auth']);

/** ioredis reports these as plain errors. */
const CONNECTION_ERROR =
  /Connection is closed|can't be reached|Stream isn't writeable|isn't ready and enableOfflineQueue|None of startup nodes|Failed to refresh slots cache|Command aborted|Cluster is ended|max retries per request|Socket timeout|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH/;

const MAX_REASON_LENGTH = 300;

export function failureOf(thrown: unknown): LinkFailure {
  if (thrown instanceof TermError) return failureIn(thrown) ?? 'error';
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const reply = text.replace(/^Too many Cluster redirections\. Last error: (?:\w+: )?/, '');
  if (reply !== text) return BY_REPLY[reply.split(' ')[0] ?? ''] ?? 'moved';
  const known = BY_REPLY[reply.split(' ')[0] ?? ''];
  if (known !== undefined) return known;
  // A script's own command failed: Redis 7 keeps the code at the front, older ones say it inside.
  const inScript = /\B-(READONLY|OOM|MISCONF|NOPERM|MOVED|CLUSTERDOWN)\b/.exec(reply)?.[1];
  if (inScript !== undefined) return BY_REPLY[inScript] ?? 'error';
  if (/NOPERM|user executing the script can't|ACL failure in script/i.test(reply)) return 'noperm';
  return CONNECTION_ERROR.test(reply) ? 'disconnected' : 'error';
}

/**
 * What failed, as CACHE_UNAVAILABLE or CACHE_REFUSED with `details.failure`. The cause is left out: ioredis keeps a command's
 * arguments, passwords among them, in its errors.
 */
export function linkError(what: string, endpoint: string, thrown: unknown): TermError {
  if (thrown instanceof TermError) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return linkFailure(what, endpoint, failureOf(thrown), reason);
}

export function linkFailure(
  what: string,
  endpoint: string,
  failure: LinkFailure,
  reason: string | undefined,
): TermError {
  const said = reason?.slice(0, MAX_REASON_LENGTH);
  const because = said === undefined ? '' : ` (${said})`;
  const code = REFUSED.has(failure) ? 'CACHE_REFUSED' : 'CACHE_UNAVAILABLE';
  return new TermError(code, `Redis at ${endpoint} ${MEANING[failure]}${because}: ${what}`, {
    details: { failure, endpoint, what, ...(said === undefined ? {} : { reason: said }) },
  });
}

/** What Redis or the system said, of an error of a link. */
export function reasonIn(error: TermError | undefined): string | undefined {
  const reason = error?.details?.reason;
  return typeof reason === 'string' ? reason : error?.message;
}

/** The failure that an error of a link carries. */
export function failureIn(error: TermError): LinkFailure | undefined {
  const failure = error.details?.failure;
  return typeof failure === 'string' && isFailure(failure) ? failure : undefined;
}

function isFailure(text: string): text is LinkFailure {
  return Object.hasOwn(MEANING, text);
}
