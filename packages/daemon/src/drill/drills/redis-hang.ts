import { defineDrill } from '../drill.ts';
import type { Place } from '../place.ts';
import type { Stage } from '../stage.ts';
import { untilAgreed, untilUnused } from './support/redis-state.ts';
import { beginWork, endWork, openPlace } from './support/redis-work.ts';
import { Requests } from './support/requests.ts';

/** How often everything is asked for, from the moment on that nothing is answered. */
const ROUNDS = 5;
const NOTICED_MS = 1000;

/** Redis falls silent while its connections stand: each command waits for its deadline, and after two of them none is sent. */
export const REDIS_HANG = defineDrill({
  name: 'redis-hang',
  summary: 'Connections to Redis stand, and nothing is answered',
  hypothesis:
    'Nobody waits longer than the 50 ms that a command has; after two of them Redis is left alone, until it answers again.',
  needs: ['redis'],
  run: async (stage, sandbox) => drill(stage, await openPlace(stage, sandbox)),
  runLive: drill,
});

async function drill(stage: Stage, place: Place): Promise<void> {
  const { client, typist, typed, changed } = await beginWork(stage, place);
  const brokenAt = Date.now();
  const requests = new Requests(stage, client);
  await stage.step('Redis falls silent, and everything is asked for at once', async () => {
    await place.breakRedis({ kind: 'hang' });
    for (let round = 0; round < ROUNDS; round += 1) {
      // It takes a lock, which is in Redis.
      await requests.send('session.resize', { target: changed, size: { cols: 80 + round, rows: 24 } });
      await requests.send('session.rename', { target: changed, name: place.sessionName('renamed') });
      await requests.send('session.show', { target: changed });
      await requests.send('session.list', {});
      await typist.type(`silent-${round}`);
    }
  });
  requests.tell('from the first moment of silence on');
  const { history } = await untilUnused(stage, client, brokenAt, NOTICED_MS);
  const noticed = history.find(
    ({ at, from, to }) => Date.parse(at) >= brokenAt && from === 'up' && to === 'suspect',
  );
  stage.claim(
    'it was noticed by a deadline, not by a lost connection',
    /no answer/.test(noticed?.reason ?? ''),
    noticed?.reason,
  );
  await stage.step('make and remove a session', async () => {
    const { id } = await requests.make(place.sessionName('made'), ['cat']);
    await requests.remove(id);
  });
  requests.tell('with Redis left alone');

  await stage.step('Redis answers again', () => place.restoreRedis());
  await untilAgreed(stage, client, [typed, changed]);
  await endWork(stage, { typist, requests }, [typed, changed]);
}
