import { readdirSync } from 'node:fs';
import { LOCAL_USER } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { exampleServer, LONG_MS } from '@triterm/core/testing/store/server-examples';
import { exampleDoc, exampleSession } from '@triterm/core/testing/store/session-examples';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SessionsWorld } from './testing/sessions-world.ts';

let world: SessionsWorld;
beforeEach(async () => {
  world = await SessionsWorld.open();
});
afterEach(() => world[Symbol.asyncDispose]());

const onlySession = () => {
  const [session, ...others] = world.parts.registry.all();
  if (session === undefined || others.length > 0) throw new Error('there is not one session');
  return session;
};
const rows = () => world.database.list();
const directories = () => readdirSync(world.sessionsDir);

describe('a session that is made', () => {
  it('runs when the answer to its creation was lost', async () => {
    world.lost.create = 1;
    const info = await world.parts.lifecycle.create(world.wanted(), LOCAL_USER);
    expect(onlySession().live?.pty.pid).toBe(info.pid);
    expect(await rows()).toMatchObject([{ id: info.id, state: 'running' }]);
  });

  it('is begun by a repetition of its request when nobody could say whether it was made', async () => {
    world.lost.create = 9;
    const wanted = world.wanted();
    const create = () => world.parts.lifecycle.create(wanted, LOCAL_USER);
    await expect(create()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    const [row] = await rows();
    expect(world.parts.registry.size).toBe(0);
    world.lost.create = 0;
    const [first, second] = await Promise.all([create(), create()]);
    expect([first.id, second.id]).toEqual([row?.id, row?.id]);
    expect(onlySession().live?.pty.pid).toBe(onlySession().info().pid);
    // As often as it is repeated.
    expect(await create()).toMatchObject({ id: row?.id, pid: onlySession().info().pid });
    expect(directories()).toEqual([row?.id]);
  });

  it('is taken up as lost when nobody asks for it again', async () => {
    world.lost.create = 9;
    await expect(world.parts.lifecycle.create(world.wanted(), LOCAL_USER)).rejects.toBeDefined();
    const [row] = await rows();
    if (row === undefined) throw new Error('there is no row');
    await world.parts.recovery.takeUp(row);
    expect(onlySession().info()).toMatchObject({ id: row.id, state: 'lost' });
    await expect.poll(async () => (await rows())[0]).toMatchObject({ state: 'lost' });
  });

  it('goes on as an orphan when somebody removes it while its program is being started', async () => {
    const gate = Promise.withResolvers<void>();
    world.gate = gate.promise;
    const made = world.parts.lifecycle.create(world.wanted(), LOCAL_USER);
    await expect.poll(() => world.parts.registry.size).toBe(1);
    const session = onlySession();
    const { id, ownerEpoch } = session.row;
    await world.database.delete(id, {});
    await session.record.compare(ownerEpoch, undefined);
    expect(session.record.isOwned).toBe(false);
    gate.resolve();
    await made;
    await expect.poll(() => onlySession().name).toBe('orphan-work');
    expect(onlySession()).toBe(session);
    expect(session.info()).toMatchObject({ state: 'running', pid: session.live?.pty.pid });
    expect(await rows()).toMatchObject([{ id: session.id, doc: { ptyId: id } }]);
    expect(directories()).toEqual([id]);
  });
});

describe('a lost session that is made anew', () => {
  it('runs when the answer to its claim was lost, whoever compares meanwhile', async () => {
    await world.lostRow();
    const session = onlySession();
    await expect.poll(() => session.record.flush()).toBe(true);
    world.lost.claim = 1;
    world.done = async () => {
      const [row] = await rows();
      await session.record.compare(session.row.ownerEpoch, row);
    };
    const info = await world.parts.recreation.here(session, world.recreate());
    expect(info).toMatchObject({ state: 'running', pid: session.live?.pty.pid });
    expect(onlySession()).toBe(session);
    expect(session.record.isOwned).toBe(true);
    await session.record.flush();
    expect(await rows()).toMatchObject([{ state: 'running', doc: { pid: info.pid } }]);
  });

  it('stays lost, with its screen, when nobody could say whether it was claimed', async () => {
    const { id } = await world.lostRow();
    const session = onlySession();
    session.files.prepare();
    await expect.poll(() => session.record.flush()).toBe(true);
    world.lost.claim = 1;
    // The database is gone with the answer.
    const { claim } = world.database;
    let asked = 0;
    world.done = async () => {
      asked += 1;
      Object.assign(world.database, {
        claim: async () => {
          asked += 1;
          throw new TermError('STORE_UNAVAILABLE', 'Nobody there.');
        },
      });
    };
    await expect(world.parts.recreation.here(session, world.recreate())).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
    });
    expect(asked).toBeGreaterThan(1);
    Object.assign(world.database, { claim });
    expect(session.info().state).toBe('lost');
    await expect.poll(async () => (await rows())[0], { timeout: 5000 }).toMatchObject({ id, state: 'lost' });
    expect([onlySession(), session.record.isOwned, directories()]).toEqual([session, true, [id]]);
  });

  it('runs here when it was another server’s, and the answer to its claim was lost', async () => {
    const { id } = await world.lostRow('elsewhere');
    const row = await world.database.get(id);
    if (row === undefined) throw new Error('there is no row');
    world.lost.claim = 1;
    const info = await world.parts.recreation.elsewhere(row, world.recreate());
    expect(info).toMatchObject({ id, state: 'running', server: 'here' });
    expect(onlySession().live?.pty.pid).toBe(info.pid);
  });

  it('stays where it is when its server has come back since that was looked at', async () => {
    const { id } = await world.lostRow('elsewhere');
    const row = await world.database.get(id);
    if (row === undefined) throw new Error('there is no row');
    await world.database.registerServer(exampleServer('elsewhere'), LONG_MS);
    world.leasesSeen = 'lapsed';
    const recreated = world.parts.recreation.elsewhere(row, world.recreate(true));
    await expect(recreated).rejects.toMatchObject({ code: 'OWNER_ALIVE' });
    expect(await world.database.get(id)).toEqual(row);
    expect([world.parts.registry.size, directories()]).toEqual([0, []]);
    expect(world.parts.registry.isTaken(id)).toBe(false);
  });
});

describe('two PTYs of one name', () => {
  it('are the session’s own, which was stored, and an orphan', async () => {
    const ptyId = '0p0p0p0p0p0p';
    const [one, two] = [await world.pty(ptyId), await world.pty(ptyId)];
    const doc = exampleDoc({ pid: one.pid, hostId: one.hostId });
    const { id } = await world.database.create(
      exampleSession('work', { id: ptyId, ownerServer: 'here', doc }),
      { limit: 1000 },
    );
    await world.parts.recovery.start([two, one]);
    const pids = world.parts.registry.all().map(session => [session.name, session.live?.pty.pid]);
    expect(pids.toSorted()).toEqual([
      ['orphan-work', two.pid],
      ['work', one.pid],
    ]);
    expect(world.parts.registry.get(id)?.name).toBe('work');
  });
});

describe('with limits', () => {
  it.each(['maxSessions', 'maxSessionsPerServer'] as const)(
    'a lost session is not made anew above %s',
    async limit => {
      await world[Symbol.asyncDispose]();
      world = await SessionsWorld.open({ [limit]: 1 });
      const { id } = await world.lostRow();
      const session = onlySession();
      const userId = session.row.userId;
      const other = await world.parts.lifecycle.create(world.wanted({ name: 'other' }), userId);
      await expect.poll(() => session.record.flush()).toBe(true);
      await expect(world.parts.recreation.here(session, world.recreate())).rejects.toMatchObject({
        code: 'TOO_MANY_SESSIONS',
      });
      expect(session.info().state).toBe('lost');
      await world.database.update(other.id, {}, { state: 'exited' });
      expect(await world.parts.recreation.here(session, world.recreate())).toMatchObject({
        id,
        state: 'running',
      });
    },
  );
});
