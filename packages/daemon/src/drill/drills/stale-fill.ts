import { defineDrill } from '../drill.ts';
import type { Stage } from '../stage.ts';
import { cachedVersion, untilCached } from './support/cached-session.ts';
import { openRace, type Race } from './support/race.ts';
import { retitle, storeSession } from './support/stored-session.ts';

/** Somebody who slept between the database and the cache wakes up, and has an old version in his hands. */
export const STALE_FILL = defineDrill({
  name: 'stale-fill',
  summary:
    'A server reads a session, sleeps while another one writes it, and fills the cache with what it has read',
  hypothesis:
    'The late fill is refused, also where the newer version was evicted in between: no server reads the older version again.',
  needs: ['redis'],
  async run(stage, sandbox) {
    const id = sandbox.name('session');
    const race = { id, ...(await openRace(stage, sandbox)) };
    const { redis, writer, reader } = race;
    const first = await storeSession(writer, id, 'first');
    await untilCached(stage, writer, id, first.rev);

    const second = await sleepOver(stage, { ...race, known: first.rev });
    await stage.step('the late fill arrives', async () => {
      const outcome = await reader.letGo();
      stage.claim('Redis refuses it, because what it has is newer', outcome === 'older', outcome);
    });
    await nobodyReadsBelow(stage, { ...race, newest: second });

    const third = await sleepOver(stage, { ...race, known: second });
    await stage.step('the newer version is evicted from Redis', () =>
      redis.cli('del', `triterm:session:${id}`),
    );
    await stage.step('the late fill arrives', async () => {
      const outcome = await reader.letGo();
      stage.claim('Redis refuses it, because its leave to fill is void', outcome === 'noToken', outcome);
    });
    await nobodyReadsBelow(stage, { ...race, newest: third });
  },
});

/** The reader reads a version and sleeps; another one is written, and put into Redis. Resolves with the newer one. */
async function sleepOver(
  stage: Stage,
  { id, writer, reader, known }: Race & { id: string; known: number },
): Promise<number> {
  const read = await stage.step('a server reads the session, and sleeps before it fills Redis', () =>
    reader.read(stage, id),
  );
  stage.claim(`the sleeping server has read version ${known}`, read?.rev === known, read?.rev);
  const { rev } = await stage.step('another server writes the session', () =>
    retitle(writer, id, `after ${known}`),
  );
  await untilCached(stage, writer, id, rev);
  await stage.until('it has heard of the newer version', () => reader.store.sessions.floor(id) >= rev);
  return rev;
}

/** Neither Redis, nor memory, nor a read. */
async function nobodyReadsBelow(
  stage: Stage,
  { id, writer, reader, newest }: Race & { id: string; newest: number },
): Promise<void> {
  const version = await cachedVersion(writer, id);
  stage.claim(
    'Redis has no older version',
    version === 0 || version === newest,
    version === 0 ? 'it has none' : `version ${version} of ${newest}`,
  );
  for (const [who, { sessions }] of [
    ['the server that slept', reader.store],
    ['the other server', writer],
  ] as const) {
    const { row, source } = await sessions.read(id);
    stage.claim(
      `${who} reads version ${newest}`,
      row?.rev === newest,
      `${row?.rev} from ${sourceText(source)}`,
    );
    const inMemory = sessions.inspectL1(id)?.version;
    stage.claim(
      `${who} has nothing older in memory`,
      inMemory === undefined || inMemory === newest,
      inMemory === undefined ? 'it has nothing' : `version ${inMemory}`,
    );
  }
}

function sourceText(source: 'l1' | 'redis' | 'database'): string {
  return { l1: 'memory', redis: 'Redis', database: 'the database' }[source];
}
