import type { DaemonProcess } from '@triterm/core/sandbox/daemon-process';
import type { StoredRow } from '@triterm/core/sandbox/stored-rows';
import { defineDrill } from '../drill.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { Stage } from '../stage.ts';
import { FollowedProgram } from './support/followed-program.ts';
import { TwoServers } from './support/two-servers.ts';

const LEASE_MS = 2000;
/** A lease lapses, and the others look once a second. */
const LAPSED_MS = LEASE_MS + 3000;
/** Connections are made again, and what is owned is compared. */
const BACK_MS = 10_000;
const OLD = 'drill-1';
const NEW = 'drill-2';
const SESSION = 'work';
const ORPHAN = `orphan-${SESSION}`;

/** Two servers that each could take themselves for a session's owner: the database says whose it is, and nobody's program is ended. */
export const SPLIT_BRAIN = defineDrill({
  name: 'split-brain',
  summary:
    'A server is cut off from database and Redis, another one takes its session over, the old one comes back',
  hypothesis:
    'Exactly one server owns the session, everywhere; what the old one still writes is refused by its epoch, and its program goes on as an orphan that loses nothing.',
  needs: ['postgres', 'redis'],
  async run(stage, sandbox) {
    const servers = await stage.step('start PostgreSQL, Redis and two servers', () =>
      TwoServers.start(sandbox, { TRITERM_LEASE_MS: String(LEASE_MS) }),
    );
    const { first: old, second: other } = servers;
    let shown = '';
    const program = await stage.step(`make a session on ${OLD}, and attach a client`, () =>
      FollowedProgram.start(old, SESSION, 'stty -echo; echo READY; exec cat', bytes => {
        shown += bytes.toString('latin1');
      }),
    );
    const typed = async (when: string) => {
      program.attachment.type(`${when}\n`);
      await stage.until(`the program takes what is typed ${when}`, () => shown.includes(`${when}\r\n`), {
        withinMs: 3000,
      });
    };
    await typed('before');
    const [before] = await servers.rows();
    if (before === undefined) throw new Error('the session is not stored');

    await stage.step(`cut ${OLD} off from PostgreSQL and from Redis`, () => servers.cutOff());
    const goneMs = await stage.until(
      `its lease lapses: ${NEW} tells that the session can't be reached`,
      async () => (await sessionOf(other, before.id))?.reachable === false,
      { withinMs: LAPSED_MS },
    );
    stage.measure(`${NEW} misses ${OLD} after`, goneMs, 'ms');
    await stage.refused(`${NEW} does not take it over unless it is forced to`, 'OWNER_ALIVE', () =>
      other.recreate(SESSION),
    );
    await stage.step(`make the session anew on ${NEW}, with force`, () =>
      other.recreate(SESSION, { force: true }),
    );
    await typed('meanwhile');
    await stage.step(`change its size on ${OLD}, which has something to store now`, async () => {
      program.attachment.resize({ cols: 100, rows: 30 });
      await program.attachment.until('the size', ({ sizes }) => sizes.length > 0, 5000, stage.signal);
    });
    await stage.refused(`${OLD} admits nobody by the session's name`, 'OWNERSHIP_UNVERIFIED', async () =>
      (await old.client()).attach(SESSION, {}),
    );
    const taken = await storedByOwner(stage, servers, before.id);

    const healedAtMs = performance.now();
    await stage.step(`connect ${OLD} again`, () => servers.heal());
    await stage.until(
      `${OLD} learns that it is not the owner any more, and its client is told so`,
      () => program.attachment.moved !== undefined,
      { withinMs: BACK_MS },
    );
    stage.measure(`${OLD} knew so after`, performance.now() - healedAtMs, 'ms');
    await typed('after');
    stage.claim(
      'its program has got everything, once and in order, and its client was never detached',
      shown === 'before\r\nmeanwhile\r\nafter\r\n' && program.attachment.detached === undefined,
      JSON.stringify(shown),
    );
    await claimRefused(stage, sandbox, servers, before);
    await claimOneOwner(stage, servers, taken);
  },
});

/** The row when its new owner has stored what it knows. */
async function storedByOwner(stage: Stage, servers: TwoServers, id: string): Promise<StoredRow> {
  const { pid } = (await sessionOf(servers.second, id)) ?? {};
  let row: StoredRow | undefined;
  await stage.until(`PostgreSQL has ${NEW} as the owner`, async () => {
    row = await servers.row(id);
    return row?.owner === NEW && row.doc.pid === pid;
  });
  if (row === undefined) throw new Error('the session is not stored');
  return row;
}

/** What is still under way of the old owner, in whatever process, carries its epoch. */
async function claimRefused(
  stage: Stage,
  sandbox: Sandbox,
  { databaseUrl, redis }: TwoServers,
  { id, ownerEpoch }: StoredRow,
): Promise<void> {
  const { sessions } = await stage.step('write as the old owner once more', () =>
    sandbox.store('drill-late', { database: databaseUrl, redisPort: redis.port }),
  );
  await stage.refused('a write of the epoch before is refused', 'STALE_REVISION', () =>
    sessions.update(id, { ownerEpoch }, { doc: { title: 'late' } }),
  );
}

async function claimOneOwner(stage: Stage, servers: TwoServers, taken: StoredRow): Promise<void> {
  const { first, second, redis } = servers;
  const row = await servers.row(taken.id);
  stage.claim(
    `nothing of ${OLD} came into the row: it is as ${NEW} has stored it`,
    JSON.stringify(row) === JSON.stringify(taken),
    `revision ${row?.rev} of ${taken.rev}`,
  );
  const expected = `${ORPHAN} running ${OLD}, ${SESSION} running ${NEW}`;
  const stored = (await servers.rows()).map(({ name, state, owner }) => `${name} ${state} ${owner}`);
  stage.claim(
    'PostgreSQL has one owner of each, and the orphan beside the session',
    stored.join(', ') === expected,
    stored.join(', '),
  );
  for (const [id, server] of [
    [OLD, first],
    [NEW, second],
  ] as const) {
    let listed = '';
    await stage.until(
      `${id} lists the same`,
      async () => {
        const { sessions } = await server.request('session.list', { all: true });
        listed = sessions
          .map(session => `${session.name} ${session.state} ${session.server}`)
          .toSorted()
          .join(', ');
        return listed === expected;
      },
      { withinMs: 5000, found: () => listed },
    );
  }
  await stage.until('Redis has the revision of the new owner', async () => {
    const entry: unknown = JSON.parse((await redis.cli('GET', `triterm:session:${taken.id}`)) || '{}');
    return typeof entry === 'object' && entry !== null && 'version' in entry && entry.version === taken.rev;
  });
}

async function sessionOf(server: DaemonProcess, id: string) {
  const { sessions } = await server.request('session.list', { all: true });
  return sessions.find(session => session.id === id);
}
