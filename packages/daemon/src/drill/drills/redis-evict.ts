import { isTombstone, type SessionRow, type Store } from '@triterm/core/store';
import { defineDrill } from '../drill.ts';
import type { Stage } from '../stage.ts';
import { cacheOf } from './support/cached-session.ts';
import { tiersOf, untilAgreed, untilTombstone, untilUnused } from './support/redis-state.ts';
import { beginWork, claimListed, placeOf, WITHOUT_WARMING } from './support/redis-work.ts';
import { Requests } from './support/requests.ts';
import { evict, giveMemory, refuseWrites } from './support/small-redis.ts';

const NOTICED_MS = 1000;
/** Of the store that comes late: it is not to give up. */
const PATIENT_MS = 10_000;

/** Redis is too small: it evicts what it likes, a tombstone among it, and at last takes no writes. */
export const REDIS_EVICT = defineDrill({
  name: 'redis-evict',
  summary: 'Redis is out of memory: it evicts entries and tombstones, then refuses every write',
  hypothesis:
    'No answer changes; a session whose tombstone was evicted stays deleted, whoever comes late to it; a full Redis is done without.',
  needs: ['redis'],
  async run(stage, sandbox) {
    const redis = await sandbox.redis({ config: ['maxmemory-samples 64'] });
    const database = await sandbox.database();
    const daemon = await stage.step('start a server with Redis', () =>
      sandbox.daemon('drill-1', {
        redisPort: redis.port,
        database,
        env: WITHOUT_WARMING,
      }),
    );
    const late = await stage.step('open a second server’s store on the same database', () =>
      sandbox.store('drill-2', { redisPort: redis.port, database, commandTimeoutMs: PATIENT_MS }),
    );
    const place = placeOf(sandbox, daemon);
    const { client, typist, typed, changed } = await beginWork(stage, place);
    const requests = new Requests(stage, client);
    const { id: deleted } = await requests.make(place.sessionName('deleted'), ['cat']);
    const row = await stage.step('the second server reads a session, and sleeps', () => rowOf(late, deleted));
    await stage.step('the session is deleted', () => requests.remove(deleted));
    await untilTombstone(stage, client, deleted);

    const keys = [typed, changed, deleted].map(id => `triterm:session:${id}`);
    await stage.step('Redis has hardly any memory left, and others write', () => evict(stage, redis, keys));
    await claimListed(stage, requests, [typed, changed]);
    await comeLate(stage, late, row);
    const { agree, redis: entry } = await tiersOf(client, deleted);
    stage.claim(
      'Redis has no entry of the deleted session',
      entry.state !== 'present' && agree === true,
      entry.state,
    );
    await claimListed(stage, requests, [typed, changed]);

    const brokenAt = Date.now();
    await stage.step('Redis may evict nothing and refuses every write; a session is changed', async () => {
      await refuseWrites(redis);
      await requests.send('session.rename', { target: changed, name: place.sessionName('renamed') });
      await requests.send('session.resize', { target: changed, size: { cols: 100, rows: 20 } });
      await typist.type('while it is full');
    });
    const { reason } = await untilUnused(stage, client, brokenAt, NOTICED_MS);
    stage.claim('the reason names the setting', /maxmemory/.test(reason ?? ''), reason);
    await stage.step('Redis has memory again', () => giveMemory(redis));
    await untilAgreed(stage, client, [changed]);
    typist.tell();
    requests.tell('with a Redis that is too small');
  },
});

async function rowOf({ database }: Store, id: string): Promise<SessionRow> {
  const record = await database.read(id);
  if (record === undefined || isTombstone(record)) throw new Error('the session is not in the database');
  return record;
}

/** The second server wakes up, and has in its hands what the session was before it was deleted. */
async function comeLate(stage: Stage, late: Store, row: SessionRow): Promise<void> {
  const cache = cacheOf(late);
  const { epochs } = late.sessions;
  await stage.step('the second server wakes up, and puts what it has read into Redis', async () => {
    const filled = await cache.fill(row, epochs, 'a leave of long ago');
    stage.claim('its fill is refused', filled === 'noToken', filled);
    const { kind } = await cache.put(row, epochs);
    stage.claim('its put stores nothing', kind === 'absent', kind);
  });
  const { row: read } = await late.sessions.read(row.id);
  stage.claim('it reads that the session is gone', read === undefined, read?.name);
}
