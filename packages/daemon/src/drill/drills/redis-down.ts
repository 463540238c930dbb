import { defineDrill } from '../drill.ts';
import type { Place } from '../place.ts';
import type { Stage } from '../stage.ts';
import { tiersOf, untilAgreed, untilUnused } from './support/redis-state.ts';
import { beginWork, endWork, openPlace } from './support/redis-work.ts';
import { ENDS_BY_ENTER, Requests } from './support/requests.ts';

/** Sessions that are made while it is away. */
const MADE = 5;
const NOTICED_MS = 1000;

/** Redis is gone and comes back: nothing fails meanwhile, and all agrees afterwards. */
export const REDIS_DOWN = defineDrill({
  name: 'redis-down',
  summary: 'Redis refuses every connection, and comes back',
  hypothesis:
    'Sessions are made, changed, typed in and ended without Redis; it agrees with the database within 2 s of its return.',
  needs: ['redis'],
  run: async (stage, sandbox) => drill(stage, await openPlace(stage, sandbox)),
  runLive: drill,
});

async function drill(stage: Stage, place: Place): Promise<void> {
  const { client, typist, typed, changed } = await beginWork(stage, place);
  const brokenAt = Date.now();
  await stage.step('Redis refuses every connection', () => place.breakRedis({ kind: 'down' }));
  await untilUnused(stage, client, brokenAt, NOTICED_MS);
  const requests = new Requests(stage, client);
  const renamed = place.sessionName('renamed');
  await stage.step('rename a session that Redis knows, and type in the other one', async () => {
    await requests.send('session.rename', { target: changed, name: renamed });
    await typist.type('while it is away');
  });
  const made = await stage.step(`make ${MADE} sessions and change them`, () => makeSome(requests, place));
  await stage.step('list them', async () => {
    const { sessions } = await requests.send('session.list', {});
    const listed = sessions.filter(session => made.includes(session.id) && session.cols === 100);
    stage.claim(
      `all ${MADE} are listed with their new size`,
      listed.length === MADE,
      `${listed.length} of ${MADE}`,
    );
    const name = sessions.find(session => session.id === changed)?.name;
    stage.claim('the renamed one is listed under its new name', name === renamed, name);
  });
  const ended = await stage.step('end a program by a key', async () => {
    const { id } = await requests.make(place.sessionName('ended'), ENDS_BY_ENTER);
    await requests.endByEnter(id);
    return id;
  });
  requests.tell('without Redis');

  await stage.step('Redis is back', () => place.restoreRedis());
  await untilAgreed(stage, client, [typed, changed, ended, ...made]);
  const name = (await tiersOf(client, changed)).redis.value?.name;
  stage.claim('Redis has the new name', name === renamed, name);
  const state = (await tiersOf(client, ended)).redis.value?.state;
  stage.claim('Redis knows of the end', state === 'exited', state);
  await endWork(stage, { typist, requests }, [typed, changed, ended, ...made]);
  requests.tell('with Redis');
}

/** Resolves with their ids. */
async function makeSome(requests: Requests, place: Place): Promise<string[]> {
  const made: string[] = [];
  for (let count = 0; count < MADE; count += 1) {
    const { id: target } = await requests.make(place.sessionName('made'), ['cat']);
    made.push(target);
    await requests.send('session.rename', { target, name: place.sessionName('renamed') });
    await requests.send('session.resize', { target, size: { cols: 100, rows: 20 } });
    await requests.send('session.label', { target, set: { drill: String(count) } });
  }
  return made;
}
