import { defineDrill } from '../drill.ts';
import type { Place } from '../place.ts';
import type { Stage } from '../stage.ts';
import { untilAgreed, untilUnused } from './support/redis-state.ts';
import { beginWork, endWork, openPlace } from './support/redis-work.ts';
import { Requests } from './support/requests.ts';

/** Four times what a command may take. */
const LATENCY_MS = 200;
const ROUNDS = 5;
const NOTICED_MS = 1500;

/** Answers of Redis come too late to be waited for: what was sent is done all the same, or is not, and nobody can tell which. */
export const REDIS_SLOW = defineDrill({
  name: 'redis-slow',
  summary: `Every answer of Redis takes ${LATENCY_MS} ms, and then connections break with answers under way`,
  hypothesis:
    'Reads are answered from memory and database, writes are acknowledged, and no entry is wrong afterwards, whether Redis got a write or not.',
  needs: ['redis'],
  run: async (stage, sandbox) => drill(stage, await openPlace(stage, sandbox)),
  runLive: drill,
});

async function drill(stage: Stage, place: Place): Promise<void> {
  const { client, typist, typed, changed } = await beginWork(stage, place);
  const brokenAt = Date.now();
  const requests = new Requests(stage, client);
  await stage.step(`every answer takes ${LATENCY_MS} ms, and everything is asked for at once`, async () => {
    await place.breakRedis({ kind: 'slow', latencyMs: LATENCY_MS });
    for (let round = 0; round < ROUNDS; round += 1) {
      const name = place.sessionName('renamed');
      await requests.send('session.rename', { target: changed, name });
      await requests.send('session.resize', { target: changed, size: { cols: 80 + round, rows: 24 } });
      const { session } = await requests.send('session.show', { target: changed });
      if (session.name !== name) stage.claim('a read shows the last write', false, session.name);
      await typist.type(`slow-${round}`);
    }
  });
  requests.tell('from the first late answer on');
  await untilUnused(stage, client, brokenAt, NOTICED_MS);
  await stage.step('Redis answers in time again', () => place.restoreRedis());
  await untilAgreed(stage, client, [typed, changed]);

  await stage.step('a write is on its way to a slow Redis when the connection breaks', async () => {
    await place.breakRedis({ kind: 'slow', latencyMs: LATENCY_MS });
    await requests.send('session.rename', { target: changed, name: place.sessionName('lost') });
    // Its answer shows that the server has turned to other things, after it sent the write to Redis.
    await requests.send('ping', {});
    await place.breakRedis({ kind: 'down' });
  });
  await stage.step('Redis is back', () => place.restoreRedis());
  await untilAgreed(stage, client, [typed, changed]);
  await endWork(stage, { typist, requests }, [typed, changed]);
  requests.tell('around the broken connection');
}
