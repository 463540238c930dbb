import type { DaemonProcess } from '@triterm/core/sandbox/daemon-process';
import type { Store } from '@triterm/core/store';
import { defineDrill } from '../drill.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { Stage } from '../stage.ts';
import { cachedVersion, untilCached, untilUp } from './support/cached-session.ts';
import { Sightings } from './support/sightings.ts';

/** A machine that is busy for a moment is no reason not to have looked. */
const COMMAND_MS = 2000;
const LABEL = 'written';
/** A quarter of a second is what the store promises; the rest is for a busy machine. */
const AGREED_MS = 1500;

/** A server dies between the database and the cache. */
export const PARTIAL_WRITE = defineDrill({
  name: 'partial-write',
  summary: 'A server is killed after the database has committed its write, and before Redis has heard of it',
  hypothesis: `The acknowledged write stands; another server brings it to Redis within ${AGREED_MS} ms, and nobody ever sees anything but committed versions.`,
  needs: ['redis'],
  async run(stage, sandbox) {
    const redis = await sandbox.redis();
    const redisProxy = await sandbox.proxy(redis.port);
    const database = await sandbox.database();
    const { daemon, other } = await stage.step('start Redis and two servers on one database', async () => ({
      daemon: await sandbox.daemon('drill-1', { redisPort: redisProxy.port, database }),
      other: await sandbox.store('drill-2', {
        redisPort: redis.port,
        database,
        settings: { warmEntries: 0 },
        commandTimeoutMs: COMMAND_MS,
      }),
    }));
    await untilUp(stage, [other]);
    const { id, rev: before } = await begin(stage, sandbox, daemon, other);

    const seen = Sightings.begin(other, id, before);
    sandbox.defer(() => seen.stop());
    await stage.step('what the server sends to Redis gets no further from now on', () =>
      redisProxy.hold('toServer'),
    );
    const { acknowledgedAtMs, rev } = await stage.step(
      'it is told to write, acknowledges that, and is killed with SIGKILL',
      async () => {
        await daemon.request('session.label', { target: id, set: { [LABEL]: 'yes' } });
        const acknowledgedAtMs = performance.now();
        await daemon.end('SIGKILL');
        redisProxy.cut();
        return { acknowledgedAtMs, rev: (await other.database.read(id))?.rev ?? 0 };
      },
    );
    stage.claim('the database has the write', rev > before, `version ${rev}, before ${before}`);
    stage.claim(
      'Redis had not heard of the write when it was acknowledged',
      seen.cachedAt(acknowledgedAtMs) < rev,
      `version ${seen.cachedAt(acknowledgedAtMs)}`,
    );

    await stage.until(
      'the other server brings Redis to what the database has',
      async () => (await cachedVersion(other, id)) === rev,
      { withinMs: AGREED_MS, found: () => `version ${seen.cachedAt(performance.now())} of ${rev}` },
    );
    stage.measure('from the acknowledgement until Redis agrees', performance.now() - acknowledgedAtMs, 'ms');
    await stage.until('the outbox is empty', async () => (await other.database.outboxDepth()).entries === 0, {
      withinMs: AGREED_MS,
    });
    await seen.stop();
    await tellSightings(stage, other, id, seen);
  },
});

/** A session of the server that is to die; Redis knows it as it is. */
async function begin(
  stage: Stage,
  sandbox: Sandbox,
  daemon: DaemonProcess,
  other: Store,
): Promise<{ id: string; rev: number }> {
  await stage.until(
    'the server that is to die works with Redis',
    async () => (await daemon.request('redis.status', {})).mode === 'hybrid',
  );
  const { id } = await stage.step('make a session', () => daemon.session(sandbox.name('session'), ['cat']));
  // What it learns of its program is written a moment later.
  let rev = -1;
  await stage.until('nothing is being written', async () => {
    const last = rev;
    rev = (await other.database.read(id))?.rev ?? 0;
    return rev === last && (await other.database.outboxDepth()).entries === 0;
  });
  await untilCached(stage, other, id, rev);
  return { id, rev };
}

async function tellSightings(stage: Stage, other: Store, id: string, seen: Sightings): Promise<void> {
  const { row } = await other.sessions.read(id);
  stage.claim('another server reads the write', row?.doc.labels[LABEL] === 'yes', row?.doc.labels);
  stage.claim(
    'at every moment Redis and the other server had a committed version, whole',
    seen.fault === undefined && seen.looks > 0,
    seen.fault ?? `${seen.looks} looks`,
  );
}
