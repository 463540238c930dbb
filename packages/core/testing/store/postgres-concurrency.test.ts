import type { SessionRow } from '@triterm/core/store';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../../src/sandbox/postgres-server.ts';
import { Program } from '../program.ts';
import { PostgresHarness } from './postgres-harness.ts';
import { exampleServer, LONG_MS } from './server-examples.ts';
import { exampleDoc, exampleSession, USER } from './session-examples.ts';

const ROOMY = { limit: 1_000_000 };
const WRITERS = 8;

/** Notes the revisions of each row while its lock is held: in the order in which they are committed. */
const AUDIT = `
  CREATE TABLE audit (n bigserial, id text, rev bigint, owner_epoch bigint);
  CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO audit (id, rev, owner_epoch) VALUES (NEW.id, NEW.rev, NEW.owner_epoch); RETURN NEW; END $$;
  CREATE TRIGGER audit AFTER INSERT OR UPDATE ON session FOR EACH ROW EXECUTE FUNCTION audit()`;

const WAITING =
  "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";

describe('PostgreSQL among many writers', () => {
  let server: PostgresServer;
  let harness: PostgresHarness;
  const programs: Program[] = [];
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.dispose());
  beforeEach(async () => {
    harness = await PostgresHarness.on(server);
  });
  afterEach(async () => {
    await Promise.all(programs.splice(0).map(program => program.dispose()));
    await harness.dispose();
  });

  const waiting = (count: number): Promise<void> =>
    expect.poll(() => server.query(WAITING, harness.url), { interval: 5 }).toHaveLength(count);
  const open = () => Promise.all(Array.from({ length: WRITERS }, () => harness.open()));

  it('numbers the writes of a session in the order in which they are committed', async () => {
    const databases = await open();
    await server.query(AUDIT, harness.url);
    const row = await databases[0]?.create(exampleSession('work'), ROOMY);
    if (row === undefined) throw new Error('nothing was made');
    await Promise.all(
      databases.map(async (database, writer) => {
        for (let round = 0; round < 30; round += 1) {
          if (writer % 2 === 0) await database.update(row.id, {}, { doc: { cols: round + 1 } });
          else {
            const claimed = await database.claim(row.id, {}, `server-${writer}`, {});
            expect(claimed.ownerEpoch).toBe(claimed.rev);
          }
        }
      }),
    );
    const audit = await server.query('SELECT rev, owner_epoch FROM audit ORDER BY n', harness.url);
    const revs = audit.map(({ rev }) => Number(rev));
    expect(revs).toHaveLength(1 + WRITERS * 30);
    expect(revs).toEqual(revs.toSorted((a, b) => a - b));
    expect(new Set(revs).size).toBe(revs.length);
  });

  it('numbers the creations and deletions of one id in the order in which they are committed', async () => {
    const databases = await open();
    await server.query(AUDIT, harness.url);
    const session = exampleSession('work');
    await Promise.all(
      databases.map(async (database, writer) => {
        for (let round = 0; round < 10; round += 1) {
          const userId = `user-${writer}`;
          const made = await database
            .create({ ...session, userId }, ROOMY)
            .catch(({ code }: { code?: string }) => code);
          if (typeof made === 'string') expect(made).toBe('NAME_TAKEN');
          await database.delete(session.id, {});
        }
      }),
    );
    const audit = await server.query('SELECT rev FROM audit ORDER BY n', harness.url);
    const revs = audit.map(({ rev }) => Number(rev));
    expect(revs.length).toBeGreaterThan(WRITERS);
    expect(revs).toEqual(revs.toSorted((a, b) => a - b));
  });

  it('numbers a write that waited for another transaction after all that this one has written', async () => {
    const { database, locks } = await harness.openAll();
    const row = await database.create(exampleSession('work'), ROOMY);
    const other = exampleSession('other');
    await database.create(other, ROOMY);
    await database.delete(other.id, {});
    let late: Promise<SessionRow[]> = Promise.resolve([]);
    const last = await locks.tryWithAdvisoryLock('first', { waitMs: 0 }, async store => {
      await store.update(row.id, {}, { doc: { cols: 1 } });
      await store.create({ ...other, userId: 'holder' }, ROOMY);
      late = Promise.all([
        database.claim(row.id, {}, 'server-2', {}),
        database.create({ ...other, userId: 'waiter' }, ROOMY),
      ]);
      await waiting(2);
      const updated = await store.update(row.id, {}, { doc: { rows: 1 } });
      const deleted = await store.delete(other.id, {});
      return Math.max(updated.rev, deleted?.rev ?? 0);
    });
    const written = await late;
    expect(written.map(({ rev }) => rev > last)).toEqual([true, true]);
    expect(written.map(({ rev, ownerEpoch }) => rev === ownerEpoch)).toEqual([true, true]);
    expect(written[0]?.doc).toMatchObject({ cols: 1, rows: 1 });
  });

  it('has a claim wait for the owner that comes back at this moment, and refuses it then', async () => {
    const { database, locks } = await harness.openAll();
    const owner = exampleServer('server-1', { stateDir: '/elsewhere' });
    const { incarnation } = await database.registerServer(owner, LONG_MS);
    const row = await database.create(exampleSession('work'), ROOMY);
    await database.releaseServer('server-1', incarnation);
    let claimed: Promise<unknown> = Promise.resolve();
    await locks.tryWithAdvisoryLock('first', { waitMs: 0 }, async store => {
      await store.registerServer(owner, LONG_MS);
      claimed = database.claim(row.id, { rev: row.rev }, 'server-2', {}).catch(error => error.code);
      await Promise.race([waiting(1), claimed]);
    });
    expect(await claimed).toBe('OWNER_ALIVE');
    expect(await database.get(row.id)).toEqual(row);
  });

  it('merges members that several servers write at once, and loses none', async () => {
    const databases = await open();
    const row = await databases[0]?.create(exampleSession('work'), ROOMY);
    if (row === undefined) throw new Error('nothing was made');
    const members = [
      'cols',
      'rows',
      'pid',
      'exitCode',
      'scrollbackLines',
      'title',
      'cwd',
      'command',
    ] as const;
    const texts: ReadonlySet<string> = new Set(['title', 'cwd', 'command']);
    const last: (SessionRow | undefined)[] = await Promise.all(
      databases.map(async (database, writer) => {
        const member = members[writer] ?? 'cols';
        let written: SessionRow | undefined;
        for (let round = 1; round <= 20; round += 1)
          written = await database.update(
            row.id,
            {},
            { doc: { [member]: texts.has(member) ? `${round}` : round } },
          );
        return written;
      }),
    );
    const expected = Object.fromEntries(members.map(member => [member, texts.has(member) ? '20' : 20]));
    const read = await databases[0]?.get(row.id);
    expect(read?.doc).toEqual(exampleDoc(expected));
    expect(last).toContainEqual(read);
  });

  it('makes no more sessions than a user may have, whoever creates and ends them', async () => {
    const databases = await open();
    const asked = await Promise.allSettled(
      Array.from({ length: 40 }, (_, i) =>
        databases[i % WRITERS]?.create(exampleSession(`s${i}`), { limit: 7 }),
      ),
    );
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(7);
    const row = await databases[0]?.getByName(USER, 's0');
    expect(await databases[0]?.list(USER)).toHaveLength(7);
    if (row !== undefined) await databases[0]?.update(row.id, {}, { state: 'exited' });
  });

  it('has one of each server wait in it, however many of a user are created, and the others get their connections', async () => {
    const { database, locks } = await harness.openAll();
    const other = await harness.open();
    let made: Promise<PromiseSettledResult<SessionRow>[]> = Promise.resolve([]);
    await locks.tryWithAdvisoryLock('first', { waitMs: 0 }, async store => {
      const { id } = await store.create(exampleSession('held'), { limit: 1 });
      made = Promise.allSettled(
        Array.from({ length: 60 }, (_, i) =>
          (i % 2 === 0 ? database : other).create(exampleSession(`s${i}`), { limit: 41 }),
        ),
      );
      await waiting(2);
      // More than there are connections, each of them after the creations.
      await Promise.all(Array.from({ length: 20 }, () => database.read(id)));
      expect(await server.query(WAITING, harness.url)).toHaveLength(2);
    });
    const outcomes = (await made).map(outcome =>
      outcome.status === 'fulfilled' ? 'made' : outcome.reason.code,
    );
    expect(outcomes.toSorted()).toEqual([...Array(20).fill('TOO_MANY_SESSIONS'), ...Array(40).fill('made')]);
  });

  it('brings several servers up that start at once on an empty database', async () => {
    const writers = ['a', 'b', 'c'].map(
      prefix =>
        new Program(new URL('./programs/postgres-writer.ts', import.meta.url), [harness.url, prefix, '1']),
    );
    programs.push(...writers);
    const opened = await open();
    await Promise.all(writers.map(writer => writer.exited()));
    expect(writers.map(({ lines }) => lines.length)).toEqual([2, 2, 2]);
    const epochs = await Promise.all(opened.map(database => database.epochs()));
    expect(new Set(epochs.map(({ db, cache }) => `${db}.${cache}`)).size).toBe(1);
    expect(await opened[0]?.recent(10)).toHaveLength(3);
  });

  it('keeps texts that PostgreSQL can hold, and marks what it can’t', async () => {
    const database = await harness.open();
    const title = 'a\\u0000b "quoted" 🗒 é\n';
    const row = await database.create(exampleSession('work', { doc: exampleDoc({ title }) }), ROOMY);
    expect(row.doc.title).toBe(title);
    const labels = { half: 'x\ud800y', nul: 'x\0y', emoji: '🗒' };
    const updated = await database.update(row.id, {}, { doc: { labels } });
    expect(updated.doc.labels).toEqual({ half: 'x\ufffdy', nul: 'x\ufffdy', emoji: '🗒' });
    expect(updated.doc.title).toBe(title);
    expect(await database.get(row.id)).toEqual(updated);
    const made = await database.create(exampleSession('more', { doc: exampleDoc({ title: '\0' }) }), ROOMY);
    expect(await database.update(made.id, {}, { doc: { cols: 9 } })).toMatchObject({
      doc: { title: '\ufffd' },
    });
    const socket = {
      ...{ socketId: 's', terminalId: 't', userId: USER, serverId: 'server-1', incarnation: 1 },
      ...{ deviceId: 'd', deviceName: 'nul \0 nul', connectedAt: 1 },
    };
    await database.putSockets([socket, { ...socket, deviceName: 'last' }]);
    expect(await database.listSockets({}, 10)).toEqual([{ ...socket, deviceName: 'last' }]);
  });
});
