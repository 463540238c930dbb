import type { Result } from '@triterm/core/protocol';
import type { ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import type { Stage } from '../../stage.ts';

type Status = Result<'redis.status'>;
type Shown = Result<'cache.show'>;

interface Tiers extends Pick<Shown, 'agree' | 'epoch'> {
  readonly l1: Shown['tiers'][number];
  readonly redis: Shown['tiers'][number];
  readonly database: Shown['tiers'][number];
}

/** Redis has to be used again, and right, so long after its return. */
const AGREED_MS = 2000;

/** `brokenAt`, milliseconds since 1970: it was brought up to date after that. Resolves with how long it took, in ms. */
export function untilUsed(
  stage: Stage,
  client: ProtocolClient,
  { brokenAt = 0, withinMs }: { brokenAt?: number; withinMs?: number } = {},
): Promise<number> {
  return stage.until(
    'the server works with Redis',
    async () => {
      const { mode, resync } = await client.request('redis.status', {});
      return mode === 'hybrid' && resync !== null && Date.parse(resync.at) >= brokenAt;
    },
    withinMs === undefined ? {} : { withinMs },
  );
}

/**
 * The breaker has opened since Redis was broken, and the status says why: nobody asks it for anything but whether it answers.
 * `brokenAt`: milliseconds since 1970. Resolves with the status.
 */
export async function untilUnused(
  stage: Stage,
  client: ProtocolClient,
  brokenAt: number,
  withinMs: number,
): Promise<Status> {
  const opened = ({ history }: Status) =>
    history.map(({ at, to }) => (to === 'down' ? Date.parse(at) - brokenAt : -1)).findLast(ms => ms >= 0);
  let status = await client.request('redis.status', {});
  await stage.until(
    'the server notices, and works in memory and with the database',
    async () => {
      status = await client.request('redis.status', {});
      return status.mode === 'in-memory' && opened(status) !== undefined;
    },
    { withinMs, found: () => status.state },
  );
  stage.measure('Redis is known to be away', opened(status) ?? 0, 'ms');
  stage.claim('its status says why', (status.reason ?? '') !== '', status.reason ?? '');
  return status;
}

/** Redis has of each of these sessions what the database has. Resolves with how long it took, in ms. */
export async function untilEqual(
  stage: Stage,
  client: ProtocolClient,
  ids: readonly string[],
  withinMs?: number,
): Promise<number> {
  const differing = new Set<string>();
  return await stage.until(
    `Redis has the newest version of ${ids.length === 1 ? 'the session' : `all ${ids.length} sessions`}`,
    async () => {
      differing.clear();
      for (const id of ids) {
        const difference = await differenceOf(client, id);
        if (difference !== undefined) differing.add(difference);
      }
      return differing.size === 0;
    },
    { found: () => [...differing].join(' '), ...(withinMs === undefined ? {} : { withinMs }) },
  );
}

export async function untilTombstone(stage: Stage, client: ProtocolClient, id: string): Promise<void> {
  await stage.until(
    'Redis has the tombstone of the deleted session',
    async () => (await tiersOf(client, id)).redis.state === 'deleted',
  );
}

/** Redis is back: it is used, has what the database has, and nothing is left in the outbox, all of it within two seconds. */
export async function untilAgreed(
  stage: Stage,
  client: ProtocolClient,
  ids: readonly string[],
): Promise<void> {
  const usedMs = await untilUsed(stage, client, { withinMs: AGREED_MS });
  stage.measure('Redis is used again', usedMs, 'ms');
  const equalMs = await untilEqual(stage, client, ids, AGREED_MS - usedMs);
  stage.measure('Redis agrees with the database again', usedMs + equalMs, 'ms');
  await untilDrained(stage, client);
}

/** Whatever was written has been told to Redis, and will not be told again. */
export async function untilDrained(stage: Stage, client: ProtocolClient): Promise<void> {
  let entries: number | undefined;
  await stage.until(
    'nothing is left in the outbox',
    async () => {
      entries = (await client.request('redis.status', {})).outbox?.entries;
      return entries === 0;
    },
    { withinMs: AGREED_MS, found: () => `${entries} entries` },
  );
}

/** What memory, Redis and database have of a session, and the epoch that holds. */
export async function tiersOf(client: ProtocolClient, target: string): Promise<Tiers> {
  const { agree, epoch, tiers } = await client.request('cache.show', { target });
  const [l1, redis, database] = tiers;
  if (l1 === undefined || redis === undefined || database === undefined)
    throw new Error('cache.show has no three tiers');
  return { agree, epoch, l1, redis, database };
}

/**
 * What another Redis has of the session from before is of an epoch that is over: no server takes it, not even one that has heard of none of
 * the writes. It may have been replaced already.
 */
export async function claimUnread(stage: Stage, client: ProtocolClient, id: string): Promise<void> {
  const { agree, epoch, redis, database } = await tiersOf(client, id);
  const isOver = epoch !== null && redis.epoch !== epoch;
  stage.claim(
    'no server reads what this Redis has of the session from before',
    agree === true && (isOver || redis.version === database.version),
    `version ${redis.version} in Redis${isOver ? ', of an epoch that is over' : ''}, ${database.version} in the database`,
  );
}

async function differenceOf(client: ProtocolClient, id: string): Promise<string | undefined> {
  const { agree, redis, database } = await tiersOf(client, id);
  if (agree === true && redis.version === database.version && redis.reason === null) return undefined;
  return `Redis has ${redis.version ?? 'nothing'}, the database ${database.version ?? 'nothing'}.`;
}
