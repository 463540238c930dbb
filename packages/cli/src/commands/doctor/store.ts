import { TermError } from '@triterm/core/errors';
import type { Result } from '@triterm/core/protocol';
import { latencyText } from '../../output/quantity.ts';
import { type Finding, ok, problem, problemOf, warning } from './finding.ts';

/** What the daemon says of its store; null where it was not asked, or cannot tell. */
export interface StoreFacts {
  readonly database: Result<'db.status'> | TermError | null;
  readonly redis: Result<'redis.status'> | TermError | null;
}

/** Entries that are older than this wait for something that hangs. */
const OLD_OUTBOX_MS = 10_000;

export function checkStore({ database, redis }: StoreFacts): Finding[] {
  return [
    ...(database === null ? [] : [checkDatabase(database)]),
    ...(redis === null ? [] : checkRedis(redis)),
  ];
}

function checkDatabase(status: NonNullable<StoreFacts['database']>): Finding {
  if (status instanceof TermError) return problemOf('database', status);
  const { kind, location, state, reason, sessions, latencyMs } = status;
  const where = location === null ? kind : `${kind} ${location}`;
  if (state === 'unavailable')
    return problem(
      'database',
      `${where} does not answer: ${reason ?? 'no reason was told'}`,
      'Running sessions go on; `triterm daemon logs` tells more.',
    );
  const took = latencyMs === null ? '' : `, answers in ${latencyText(latencyMs)}`;
  return ok('database', `${where}, sessions ${sessions ?? 'unknown'}${took}`);
}

/** Without Redis everything works: nothing here is a problem. */
function checkRedis(status: NonNullable<StoreFacts['redis']>): Finding[] {
  if (status instanceof TermError) return [warning('redis', status.message, status.hint)];
  const { mode, state, reason, server, warnings, outbox } = status;
  if (mode === 'off') return [ok('redis', 'is not configured; the database alone is used')];
  const where = server === null ? 'Redis' : `${server.endpoint} (${server.topology})`;
  const use =
    mode === 'hybrid'
      ? ok('redis', `${where} is used`)
      : warning(
          'redis',
          `${where} is not used (${state ?? 'unknown'}): ${reason ?? 'no reason was told'}`,
          'Everything goes on with the database alone. triterm redis status tells more.',
        );
  return [
    use,
    ...warnings.map(text =>
      warning('redis memory', text, 'redis-cli CONFIG SET maxmemory-policy volatile-lru'),
    ),
    ...(mode === 'hybrid' && outbox !== null && outbox.oldestMs > OLD_OUTBOX_MS
      ? [
          warning(
            'outbox',
            `${outbox.entries} entries wait for Redis, the oldest for ${latencyText(outbox.oldestMs)}.`,
            'triterm redis status and triterm daemon logs tell why.',
          ),
        ]
      : []),
  ];
}
