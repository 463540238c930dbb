import type { DaemonProcess } from '@triterm/core/sandbox/daemon-process';
import type { PostgresServer } from '@triterm/core/sandbox/postgres-server';
import type { RedisServer } from '@triterm/core/sandbox/redis-server';
import { rowsOf } from '@triterm/core/sandbox/stored-rows';
import { defineDrill } from '../drill.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { Stage } from '../stage.ts';
import { shows, startProgram } from './support/programs.ts';
import { skewedClock } from './support/skewed-clock.ts';

const HOUR_MS = 3_600_000;
const LEASE_MS = 2000;
/** A lease lapses, and the others look once a second. */
const LAPSED_MS = LEASE_MS + 3000;
const MINUTE_MS = 60_000;
/** By how much each server's clock is wrong. */
const SKEWS_MS = { 'drill-1': 0, 'drill-2': HOUR_MS, 'drill-3': -HOUR_MS } as const;

/** Servers whose clocks are wrong: what is shared goes by the clocks of the database and of Redis. */
export const CLOCK_SKEW = defineDrill({
  name: 'clock-skew',
  summary: 'Of three servers one has its clock an hour ahead, and one an hour behind',
  hypothesis:
    'Leases, versions and deletions go by the database and by Redis: nobody alive is taken for gone, nothing is resurrected, and all agree.',
  needs: ['postgres', 'redis'],
  async run(stage, sandbox) {
    const fleet = await stage.step('start PostgreSQL, Redis and three servers', () => startFleet(sandbox));
    const { right, ahead, behind } = fleet;
    await claimSkews(stage, fleet);
    const told = await right.client();
    await told.request('events.subscribe', { all: true });
    await stage.step('make a session on each of them, and one more that is removed again', async () => {
      await makeSession(right, 'of-the-right');
      await makeSession(ahead, 'of-the-ahead');
      await makeSession(behind, 'of-the-behind');
      await makeSession(behind, 'removed');
    });
    const all = 'of-the-ahead drill-2, of-the-behind drill-3, of-the-right drill-1';
    await allList(
      stage,
      fleet,
      'all three list them all, and find each other alive',
      `${all}, removed drill-3`,
    );
    const removed = (await behind.state('removed')).id;
    const hears = (events: string) => {
      const heard = () => told.events.filter(({ session }) => session === removed).map(({ type }) => type);
      return stage.until(`drill-1 has heard of it: ${events}`, () => heard().join() === events, {
        withinMs: 5000,
        found: () => heard().join(),
      });
    };
    await stage.step('end its program', () =>
      behind.request('session.kill', { target: 'removed', signal: 'SIGKILL' }),
    );
    await hears('created,exited');
    await stage.step('remove it', () => behind.request('session.kill', { target: 'removed' }));
    await hears('created,exited,removed');
    await allList(stage, fleet, 'none of them lists it any more', all);
    await claimTombstone(stage, fleet, removed);
    await stage.refused('the one that is ahead takes nothing from the one behind', 'OWNER_ALIVE', () =>
      ahead.recreate('of-the-behind', { force: true }),
    );
    await stage.refused('nor the other way round', 'OWNER_ALIVE', () =>
      behind.recreate('of-the-ahead', { force: true }),
    );
    await claimTimes(stage, fleet);
    await takeOver(stage, fleet);
  },
});

interface Fleet {
  readonly postgres: PostgresServer;
  readonly databaseUrl: string;
  readonly redis: RedisServer;
  readonly right: DaemonProcess;
  readonly ahead: DaemonProcess;
  readonly behind: DaemonProcess;
}

async function startFleet(sandbox: Sandbox): Promise<Fleet> {
  const [redis, databaseUrl] = await Promise.all([sandbox.redis(), sandbox.database('postgres')]);
  const start = (id: keyof typeof SKEWS_MS) =>
    sandbox.daemon(id, {
      redisPort: redis.port,
      database: databaseUrl,
      env: { TRITERM_LEASE_MS: String(LEASE_MS), ...skewedClock(SKEWS_MS[id]) },
    });
  const [right, ahead, behind] = await Promise.all([start('drill-1'), start('drill-2'), start('drill-3')]);
  return { postgres: await sandbox.postgres(), databaseUrl, redis, right, ahead, behind };
}

/** By when they say that Redis began to be used, which was a moment ago. */
async function claimSkews(stage: Stage, fleet: Fleet): Promise<void> {
  for (const [server, skewMs, what] of [
    [fleet.ahead, HOUR_MS, 'drill-2 takes it for an hour later than it is'],
    [fleet.behind, -HOUR_MS, 'drill-3 takes it for an hour earlier'],
  ] as const) {
    const { history } = await server.request('redis.status', {});
    const offMs = Date.parse(history.at(-1)?.at ?? '') - Date.now();
    stage.claim(what, Math.abs(offMs - skewMs) < MINUTE_MS, `${Math.round(offMs / 1000)} s`);
  }
}

async function makeSession(server: DaemonProcess, name: string): Promise<void> {
  const client = await server.client();
  await startProgram(client, name, 'echo READY; exec cat');
  await shows(client, name, 'READY');
}

/** `expected`: names with their servers. */
async function allList(
  stage: Stage,
  { right, ahead, behind }: Fleet,
  claim: string,
  expected: string,
): Promise<void> {
  let lists: string[] = [];
  await stage.until(
    claim,
    async () => {
      lists = await Promise.all([right, ahead, behind].map(list));
      return lists.every(text => text === expected);
    },
    { withinMs: 5000, found: () => lists.join('; ') },
  );
}

async function list(server: DaemonProcess): Promise<string> {
  const { sessions } = await server.request('session.list', { all: true });
  return sessions
    .map(({ name, server: owner, reachable }) => `${name} ${owner}${reachable ? '' : ' unreachable'}`)
    .toSorted()
    .join(', ');
}

async function claimTombstone(stage: Stage, { redis }: Fleet, id: string): Promise<void> {
  const key = `triterm:session:${id}`;
  const [entry, leftMs] = await Promise.all([redis.cli('GET', key), redis.cli('PTTL', key)]);
  stage.claim(
    'Redis remembers for an hour of its own that it was deleted',
    entry.includes('"deleted":true') && Math.abs(Number(leftMs) - HOUR_MS) < MINUTE_MS,
    `${leftMs} ms left`,
  );
}

/** Of every row, whoever has written it, and of every lease. */
async function claimTimes(stage: Stage, { postgres, databaseUrl }: Fleet): Promise<void> {
  const [found] = await postgres.query(
    `WITH clock AS (SELECT extract(epoch from clock_timestamp()) * 1000 AS now)
    SELECT count(*)::int AS times, max(abs(at - now))::int AS off FROM clock, (
      SELECT created_at AS at FROM session UNION ALL SELECT updated_at FROM session
      UNION ALL SELECT deleted_at FROM session WHERE deleted_at IS NOT NULL UNION ALL SELECT lease_until FROM server
    ) AS stored`,
    databaseUrl,
  );
  const offMs = Number(found?.off);
  stage.claim(
    'every time that PostgreSQL has is of its own clock',
    offMs < MINUTE_MS,
    `${found?.times} times, at most ${offMs} ms away`,
  );
}

/** From the one that is ahead to the one that is behind. */
async function takeOver(stage: Stage, fleet: Fleet): Promise<void> {
  const { right, ahead, behind, postgres, databaseUrl } = fleet;
  const leaseLeftMs = async () => {
    const [row] = await postgres.query(
      `SELECT (lease_until - extract(epoch from clock_timestamp()) * 1000)::int AS left FROM server WHERE id = 'drill-2'`,
      databaseUrl,
    );
    return Number(row?.left);
  };
  const killedAtMs = performance.now();
  await stage.step('kill the server that is ahead', () => ahead.end('SIGKILL'));
  for (const [id, server] of [
    ['drill-1', right],
    ['drill-3', behind],
  ] as const) {
    await stage.until(
      `${id} finds it gone`,
      async () => (await list(server)).includes('drill-2 unreachable'),
      { withinMs: LAPSED_MS },
    );
    stage.measure(`${id} misses it after`, performance.now() - killedAtMs, 'ms');
    const leftMs = await leaseLeftMs();
    stage.claim('not before its lease was over in PostgreSQL', leftMs <= 0, `since ${-leftMs} ms`);
  }
  await stage.step('make its session anew on the one that is behind', () =>
    behind.recreate('of-the-ahead', { force: true }),
  );
  await stage.step('start the server that is ahead again', () => ahead.start());
  const expected =
    'of-the-ahead drill-3, of-the-behind drill-3, of-the-right drill-1, orphan-of-the-ahead drill-2';
  await allList(stage, fleet, 'what came last counts: drill-3 owns it, and drill-2 has an orphan', expected);
  const rows = await rowsOf(postgres, databaseUrl);
  const stored = rows.map(({ name, owner }) => `${name} ${owner}`).join(', ');
  stage.claim('PostgreSQL has the same', stored === expected, stored);
}
