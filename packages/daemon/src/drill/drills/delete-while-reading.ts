import { TermError } from '@triterm/core/errors';
import type { ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import { isTombstone, type Store } from '@triterm/core/store';
import { defineDrill } from '../drill.ts';
import type { Place } from '../place.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { SandboxPlace } from '../sandbox/sandbox-place.ts';
import type { Stage } from '../stage.ts';
import { cacheOf, untilCached } from './support/cached-session.ts';
import { shows, startProgram } from './support/programs.ts';
import { openRace } from './support/race.ts';
import { Readers } from './support/readers.ts';
import { tiersOf, untilUsed } from './support/redis-state.ts';
import { storeSession } from './support/stored-session.ts';

const READERS = 8;
/** So many answers after the delete, of each reader. */
const ANSWERS_AFTER = 50;
const TOLD_MS = 1500;

/** A session is deleted while others are about to put it back. */
export const DELETE_WHILE_READING = defineDrill({
  name: 'delete-while-reading',
  summary:
    'A session is deleted while servers and clients read it, and while an old version of it is on its way to Redis',
  hypothesis:
    'It never comes back: not from memory, not from Redis, not from the database, even when Redis forgets that it was deleted.',
  needs: ['redis'],
  async run(stage, sandbox) {
    await storesForget(stage, sandbox);
    const place = await stage.step('start a server with Redis', () => SandboxPlace.open(sandbox));
    await untilUsed(stage, await place.client());
    await clientsForget(stage, place);
  },
  runLive: clientsForget,
});

/** Servers, with the late fill of one of them. */
async function storesForget(stage: Stage, sandbox: Sandbox): Promise<void> {
  const { redis, writer, reader } = await openRace(stage, sandbox);
  for (const isEvicted of [false, true]) {
    const id = sandbox.name('session');
    const { rev } = await storeSession(writer, id, 'made');
    await untilCached(stage, writer, id, rev);
    const read = await stage.step('a server reads a session, and sleeps before it fills Redis', () =>
      reader.read(stage, id),
    );
    stage.claim('what it has in hand is the session', read?.rev === rev, `version ${read?.rev ?? 0}`);
    const readers = Readers.begin(READERS, () => isRead(writer, id));
    sandbox.defer(() => readers.stop());
    await stage.until('clients of another server read it', () => readers.haveSeen);
    const gone = await stage.step('another server deletes it', async () => {
      const tombstone = await writer.sessions.delete(id, {});
      readers.mark();
      return tombstone?.rev ?? 0;
    });
    await untilCached(stage, writer, id, gone);
    await isRemembered(stage, writer, id);
    await stage.until('the server that sleeps has heard', () => reader.store.sessions.floor(id) >= gone, {
      withinMs: TOLD_MS,
    });
    if (isEvicted)
      await stage.step('Redis forgets that it was deleted', () => redis.cli('del', `triterm:session:${id}`));
    await stage.step('the late fill arrives', async () => {
      const outcome = await reader.letGo();
      stage.claim('Redis refuses the late fill', outcome === 'older' || outcome === 'noToken', outcome);
    });
    const woken = Readers.begin(READERS, () => isRead(reader.store, id));
    sandbox.defer(() => woken.stop());
    woken.mark();
    await neverAgain(stage, id, [writer, reader.store], [readers, woken]);
  }
}

/** Whether a server reads it as a session. */
async function isRead({ sessions }: Store, id: string): Promise<boolean> {
  return (await sessions.get(id)) !== undefined;
}

async function isRemembered(stage: Stage, store: Store, id: string): Promise<void> {
  const answer = await cacheOf(store).get(id, store.sessions.epochs, 0);
  stage.claim(
    'Redis answers that it was deleted, not that it does not know',
    answer.kind === 'deleted',
    answer.kind,
  );
}

async function neverAgain(
  stage: Stage,
  id: string,
  stores: readonly Store[],
  readers: readonly Readers[],
): Promise<void> {
  const [store] = stores;
  if (store === undefined) return;
  const inRedis = await cacheOf(store).inspect(id);
  stage.claim(
    'Redis has no session',
    inRedis === undefined || inRedis.deleted,
    inRedis === undefined ? 'nothing' : 'a tombstone',
  );
  const stored = await store.database.read(id);
  stage.claim(
    'the database has no session',
    stored !== undefined && isTombstone(stored),
    stored === undefined ? 'nothing' : 'a tombstone',
  );
  const inMemory = stores.filter(({ sessions }) => sessions.inspectL1(id)?.deleted === false);
  stage.claim('no server has it in memory', inMemory.length === 0, `${inMemory.length} have it`);
  await tell(stage, readers);
}

/** Clients of one server. */
async function clientsForget(stage: Stage, place: Place): Promise<void> {
  const client = await place.client();
  const name = place.sessionName('delete');
  const { id } = await stage.step('make a session, whose program ends', async () => {
    const session = await startProgram(client, name, 'echo READY');
    await shows(client, name, 'READY');
    await client.request('session.wait', { target: name, condition: { kind: 'exit' }, timeoutMs: 10_000 });
    return session;
  });
  const clients = await Promise.all(Array.from({ length: READERS }, () => place.client()));
  const readers = await stage.step(`${READERS} clients look at it again and again`, async () =>
    Readers.begin(READERS, at => isShown(clients[at] ?? client, id)),
  );
  await stage.until('all of them see it', () => readers.haveSeen);
  await stage.step('it is deleted', async () => {
    await client.request('session.kill', { target: id });
    readers.mark();
  });
  await tell(stage, [readers]);
  const { sessions } = await client.request('session.list', { all: true });
  stage.claim(
    'it is in no list of sessions',
    sessions.every(session => session.id !== id),
    `${sessions.length} others`,
  );
  let found = '';
  await stage.until(
    'neither memory, nor Redis, nor the database has it',
    async () => {
      const { l1, redis, database } = await tiersOf(client, id);
      found = `memory: ${l1.state}, Redis: ${redis.state}, database: ${database.state}`;
      return [l1, redis, database].every(({ state }) => state !== 'present');
    },
    { withinMs: TOLD_MS, found: () => found },
  );
}

async function isShown(client: ProtocolClient, target: string): Promise<boolean> {
  try {
    await client.request('session.show', { target });
    return true;
  } catch (thrown) {
    if (TermError.from(thrown).code === 'SESSION_NOT_FOUND') return false;
    throw thrown;
  }
}

/** Ends them; each had some answers after the delete. */
async function tell(stage: Stage, readers: readonly Readers[]): Promise<void> {
  await stage.until('every reader has asked often enough since', () =>
    readers.every(each => each.haveAsked(ANSWERS_AFTER)),
  );
  for (const each of readers) await each.stop();
  const before = readers.reduce((sum, { answersBefore }) => sum + answersBefore, 0);
  const after = readers.reduce((sum, { answersAfter }) => sum + answersAfter, 0);
  const returned = readers.reduce((sum, { seenAfter }) => sum + seenAfter, 0);
  const trouble = readers.find(({ trouble }) => trouble !== undefined)?.trouble;
  stage.claim(
    'no reader sees it after the delete',
    returned === 0 && trouble === undefined,
    trouble ?? `${returned} of ${after} answers; ${before} before`,
  );
}
