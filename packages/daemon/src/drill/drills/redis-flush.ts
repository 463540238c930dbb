import { defineDrill } from '../drill.ts';
import { claimUnread, untilDrained, untilEqual, untilTombstone, untilUsed } from './support/redis-state.ts';
import { beginWork, claimListed, openPlace } from './support/redis-work.ts';
import { Requests } from './support/requests.ts';

/** As short as it may be: registrations are renewed three times as often. */
const LEASE_MS = 2000;

/** Redis loses everything, and later comes back with what it held long ago. */
export const REDIS_FLUSH = defineDrill({
  name: 'redis-flush',
  summary: 'Redis is emptied with FLUSHALL while sessions run, and then restarted with an old state',
  hypothesis:
    'Nothing is lost: registrations come back within the lease, entries with the next write, and an old entry is never read again.',
  needs: ['redis'],
  async run(stage, sandbox) {
    const place = await openPlace(stage, sandbox, { TRITERM_LEASE_MS: String(LEASE_MS) });
    const { redis } = place;
    const { client, typist, typed, changed } = await beginWork(stage, place);
    const requests = new Requests(stage, client);
    const deleted = await stage.step('make and delete a third session', async () => {
      const { id } = await requests.make(place.sessionName('deleted'), ['cat']);
      await requests.remove(id);
      return id;
    });
    await untilTombstone(stage, client, deleted);
    const registration = `triterm:sockets:${typed}`;
    const exists = async (key: string) => (await redis.cli('exists', key)) === '1';
    await stage.until('Redis knows who is attached', () => exists(registration));
    await stage.step('Redis saves its state, and a session is renamed after that', async () => {
      await redis.cli('save');
      await requests.send('session.rename', { target: changed, name: place.sessionName('renamed') });
    });
    await untilEqual(stage, client, [changed]);
    await untilDrained(stage, client);

    await stage.step('FLUSHALL', () => redis.cli('flushall'));
    // Others may be back already: a terminal's owner writes when it likes.
    stage.claim('Redis has lost the tombstone', !(await exists(`triterm:session:${deleted}`)));
    await typist.type('after the loss');
    await claimListed(stage, requests, [typed, changed]);
    const registeredMs = await stage.until('Redis knows again who is attached', () => exists(registration), {
      withinMs: LEASE_MS,
    });
    stage.measure('from FLUSHALL to the registration being back', registeredMs, 'ms');
    await stage.step('rename a session', () =>
      requests.send('session.rename', { target: changed, name: place.sessionName('again') }),
    );
    stage.measure(
      'from a write to its entry being back',
      await untilEqual(stage, client, [changed], 1000),
      'ms',
    );

    await untilDrained(stage, client);
    const brokenAt = Date.now();
    await stage.step('Redis is killed, and started with the state that it has saved', async () => {
      await redis.kill();
      await redis.restart();
    });
    stage.measure('Redis is used again', await untilUsed(stage, client, { brokenAt }), 'ms');
    await claimUnread(stage, client, changed);
    await claimListed(stage, requests, [typed, changed]);
    await stage.step('rename a session', () =>
      requests.send('session.rename', { target: changed, name: place.sessionName('last') }),
    );
    await untilEqual(stage, client, [changed], 1000);
    typist.tell();
    requests.tell('around the losses');
  },
});
