import type { Lock, SessionRow, Store } from '@triterm/core/store';
import { defineDrill } from '../drill.ts';
import type { Stage } from '../stage.ts';
import { untilCached, untilUp } from './support/cached-session.ts';
import { retitle, storeSession } from './support/stored-session.ts';

/** A machine that is busy for a moment is no reason to do without Redis. */
const COMMAND_MS = 2000;
const LOCK_TTL_MS = 600;
/** Of a server whose process sleeps: it renews nothing. */
const ASLEEP = { leaseMs: 500, leaseRenewMs: 600_000 };
/** Long enough to see that a lock was not had by waiting shorter than its TTL. */
const NEXT_WAITS_MS = 5000;

/** A server that sleeps while it holds a lock, and wakes up believing that it still does. */
export const LOCK_EXPIRY = defineDrill({
  name: 'lock-expiry',
  summary: `A server sleeps while it holds a session's lock, longer than the lock's ${LOCK_TTL_MS} ms, and then goes on`,
  hypothesis:
    'The next server gets the lock when it lapses; the one that slept does not release it, and what it writes late is refused by the database.',
  needs: ['redis'],
  async run(stage, sandbox) {
    const id = sandbox.name('session');
    const name = `session:${id}`;
    const redis = await sandbox.redis();
    const redisProxy = await sandbox.proxy(redis.port);
    const { sleeper, next } = await stage.step('start Redis and two servers on one database', async () => {
      const database = await sandbox.database();
      const shared = { warmEntries: 0, lockTtlMs: LOCK_TTL_MS };
      const open = { redisPort: redis.port, database, settings: shared, commandTimeoutMs: COMMAND_MS };
      return {
        sleeper: await sandbox.store('sleeper', {
          ...open,
          redisPort: redisProxy.port,
          settings: { ...shared, ...ASLEEP },
        }),
        next: await sandbox.store('next', open),
      };
    });
    await untilUp(stage, [sleeper, next]);
    const mine = await storeSession(sleeper, id, 'made');
    const takenAtMs = performance.now();
    const lock = await stage.step('a server owns a session, and takes its lock', () =>
      sleeper.locks.acquire(name, { waitMs: NEXT_WAITS_MS }),
    );
    await isHolder(stage, 'it holds the lock', next, lock);

    const { accepted } = redisProxy.connections;
    const theirs = await stage.step('its process sleeps, and another server asks for the lock', () => {
      redisProxy.hold();
      return next.locks.acquire(name, { waitMs: NEXT_WAITS_MS, signal: stage.signal });
    });
    const heldMs = performance.now() - takenAtMs;
    stage.claim(
      'the next server gets the lock, and not before it has lapsed',
      heldMs >= LOCK_TTL_MS,
      `after ${Math.round(heldMs)} ms`,
    );
    stage.measure('from when the lock was taken until the next server has it', heldMs, 'ms');
    await isHolder(stage, 'the next server holds the lock', next, theirs);
    await stage.until('the one that slept knows that its lock is lost', () => lock.lost.aborted);
    const claimed = await takeOver(stage, next, mine);

    await stage.step('it wakes up, and gives back what it takes for its lock', async () => {
      const released = lock.release();
      await redisProxy.heal();
      await released;
      // What it sent before has arrived then.
      await untilUp(stage, [sleeper]);
    });
    stage.claim(
      'Redis has heard that, over the connection of before',
      redisProxy.connections.accepted === accepted,
      `${redisProxy.connections.accepted - accepted} new connections`,
    );
    await isHolder(stage, 'the next server holds the lock still', next, theirs);
    await lateWrites(stage, { sleeper, next }, mine, claimed);
    await stage.step('the next server gives the lock back', () => theirs.release());
    stage.claim('nobody holds the lock then', (await next.locks.show(name)) === undefined);
  },
});

async function isHolder(stage: Stage, claim: string, asked: Store, { name, token }: Lock): Promise<void> {
  const shown = await asked.locks.show(name);
  stage.claim(
    claim,
    shown !== undefined && token.startsWith(shown.tokenPrefix),
    shown === undefined ? 'nobody has it' : `held by ${shown.holder}`,
  );
}

/** The next server makes the session its own, and writes. */
async function takeOver(stage: Stage, next: Store, { id, rev, ownerEpoch }: SessionRow): Promise<SessionRow> {
  let claimed: SessionRow | undefined;
  await stage.until(
    'the next server claims the session, once the lease of the one that sleeps is over',
    async () => {
      claimed = await next.sessions.claim(id, { rev, ownerEpoch }, next.lease.serverId, {});
      return true;
    },
  );
  if (claimed === undefined) throw new Error('nothing was claimed');
  stage.claim(
    'the claim has a new epoch',
    claimed.ownerEpoch > ownerEpoch,
    `${claimed.ownerEpoch} after ${ownerEpoch}`,
  );
  return await retitle(next, id, 'of the next server');
}

async function lateWrites(
  stage: Stage,
  { sleeper, next }: { readonly sleeper: Store; readonly next: Store },
  mine: SessionRow,
  claimed: SessionRow,
): Promise<void> {
  const { id, rev, ownerEpoch } = mine;
  const late = { doc: { title: 'of the one that slept' } };
  await stage.refused('its write under its old epoch is refused', 'STALE_REVISION', () =>
    sleeper.sessions.update(id, { ownerEpoch }, late),
  );
  await stage.refused('its write of what it had read under the lock is refused', 'STALE_REVISION', () =>
    sleeper.sessions.update(id, { rev }, late),
  );
  const row = await next.sessions.get(id);
  stage.claim(
    'the session is as the next server wrote it',
    row?.doc.title === claimed.doc.title,
    row?.doc.title,
  );
  stage.claim('its version is the next server’s', row?.rev === claimed.rev, row?.rev);
  await untilCached(stage, next, id, claimed.rev);
}
