import { expect, it } from 'vitest';
import type { Opened } from './database-contract.ts';
import { exampleServer, LONG_MS } from './server-examples.ts';
import { exampleSession } from './session-examples.ts';

const LOST = { code: 'LEASE_LOST' };
const STALE = { code: 'STALE_REVISION' };

export function leaseGuards({ database, another }: Opened): void {
  const register = async (id: string) =>
    (await database().registerServer(exampleServer(id), LONG_MS)).incarnation;
  const make = (name: string, incarnation: number) =>
    database().create(exampleSession(name), { limit: 1000, incarnation });

  it('let a server with its lease write', async () => {
    const incarnation = await register('server-1');
    const row = await make('work', incarnation);
    const guard = { ownerEpoch: row.ownerEpoch, incarnation };
    expect(await database().update(row.id, guard, { name: 'play' })).toMatchObject({ name: 'play' });
    const claimed = await database().claim(row.id, { incarnation }, 'server-1', {});
    const gone = await database().delete(row.id, { ownerEpoch: claimed.ownerEpoch, incarnation });
    expect(gone).toMatchObject({ deleted: true });
    expect(await database().delete(row.id, { incarnation })).toBeUndefined();
  });

  it('let no server write whose lease has lapsed, or was ended, or who never was', async () => {
    const brief = await register('server-1');
    const row = await make('work', brief);
    await database().renewServer('server-1', brief, 50);
    const refusing = async (incarnation: number) => {
      await expect(make('new', incarnation)).rejects.toMatchObject(LOST);
      const guard = { ownerEpoch: row.ownerEpoch, incarnation };
      await expect(database().update(row.id, guard, { name: 'late' })).rejects.toMatchObject(LOST);
      await expect(database().claim(row.id, guard, 'server-1', {})).rejects.toMatchObject(LOST);
      await expect(database().delete(row.id, guard)).rejects.toMatchObject(LOST);
      expect(await database().get(row.id)).toEqual(row);
    };
    await expect
      .poll(async () => (await database().listServers())[0]?.leaseLeftMs, { timeout: 5000 })
      .toBeLessThanOrEqual(0);
    await refusing(brief);
    const ended = await register('server-1');
    await database().releaseServer('server-1', ended);
    await refusing(ended);
    await refusing(ended + 1000);
    expect(await database().list()).toHaveLength(1);
    expect(await database().getByName('user', 'new')).toBeUndefined();
  });

  it('let no earlier incarnation write, and the later one', async () => {
    const earlier = await register('server-1');
    const row = await make('work', earlier);
    const later = await register('server-1');
    const second = await another();
    const guard = { ownerEpoch: row.ownerEpoch };
    const late = second.update(row.id, { ...guard, incarnation: earlier }, { name: 'late' });
    await expect(late).rejects.toMatchObject({ ...LOST, details: { serverId: 'server-1' } });
    await expect(make('new', earlier)).rejects.toMatchObject(LOST);
    await second.update(row.id, { ...guard, incarnation: later }, { name: 'mine' });
  });

  it('are the claimant’s in a claim, and the owner’s else', async () => {
    const [one, two] = [await register('server-1'), await register('server-2')];
    const row = await make('work', one);
    const claim = (incarnation: number) =>
      database().claim(row.id, { rev: row.rev, incarnation }, 'server-2', {});
    await expect(claim(one)).rejects.toMatchObject({ ...LOST, details: { serverId: 'server-2' } });
    const { ownerEpoch } = await claim(two);
    await expect(database().update(row.id, { ownerEpoch, incarnation: one }, {})).rejects.toMatchObject({
      ...LOST,
      details: { serverId: 'server-2' },
    });
    await database().update(row.id, { ownerEpoch, incarnation: two }, { name: 'theirs' });
  });

  it('say to who was superseded that he was, whatever his lease', async () => {
    const [one, two] = [await register('server-1'), await register('server-2')];
    const row = await make('work', one);
    await database().claim(row.id, { incarnation: two }, 'server-2', {});
    const guard = { ownerEpoch: row.ownerEpoch, incarnation: one };
    await expect(database().update(row.id, guard, { name: 'late' })).rejects.toMatchObject(STALE);
    await database().releaseServer('server-1', one);
    await expect(database().update(row.id, guard, { name: 'late' })).rejects.toMatchObject(STALE);
    await expect(database().delete(row.id, guard)).rejects.toMatchObject(STALE);
    await expect(database().update('000000000000', { incarnation: one }, {})).rejects.toMatchObject({
      code: 'SESSION_NOT_FOUND',
    });
  });

  it('let nobody claim what a server has that is alive, and everybody what a dead one had', async () => {
    const { incarnation } = await database().registerServer(
      exampleServer('server-1', { stateDir: '/elsewhere' }),
      LONG_MS,
    );
    const two = await register('server-2');
    const row = await make('work', incarnation);
    const claim = () => database().claim(row.id, { rev: row.rev, incarnation: two }, 'server-2', {});
    await expect(claim()).rejects.toMatchObject({ code: 'OWNER_ALIVE', details: { server: 'server-1' } });
    expect(await database().get(row.id)).toEqual(row);
    // Who read an older row, or has no lease, is told so.
    await expect(
      database().claim(row.id, { rev: row.rev - 1, incarnation: two }, 'server-2', {}),
    ).rejects.toMatchObject(STALE);
    await expect(database().claim(row.id, { incarnation: two + 1 }, 'server-2', {})).rejects.toMatchObject(
      LOST,
    );
    await database().releaseServer('server-1', incarnation);
    expect(await claim()).toMatchObject({ ownerServer: 'server-2' });
    const unknown = await database().create(exampleSession('old', { ownerServer: 'gone' }), { limit: 9 });
    expect(await database().claim(unknown.id, { incarnation: two }, 'server-2', {})).toMatchObject({
      ownerServer: 'server-2',
    });
  });

  it('let a server claim what it had under an earlier id, whose lease has not lapsed', async () => {
    const row = await make('work', await register('server-1'));
    const incarnation = await register('renamed');
    expect(await database().claim(row.id, { incarnation }, 'renamed', {})).toMatchObject({
      ownerServer: 'renamed',
    });
  });

  it('let one claim of many win, or none when the owner comes back meanwhile', async () => {
    const servers = await Promise.all([another(), another(), another(), another()]);
    const old = exampleServer('server-1', { stateDir: '/elsewhere' });
    for (let round = 0; round < 5; round += 1) {
      const { incarnation } = await database().registerServer(old, LONG_MS);
      const row = await make(`work-${round}`, incarnation);
      await database().releaseServer('server-1', incarnation);
      const returning = servers[0]?.registerServer(old, LONG_MS);
      const claims = await Promise.allSettled(
        servers.map((server, at) => server.claim(row.id, { rev: row.rev }, `claimant-${at}`, {})),
      );
      await returning;
      const won = claims.filter(({ status }) => status === 'fulfilled');
      const refused = claims.flatMap(claim => (claim.status === 'rejected' ? [claim.reason.code] : []));
      expect(won.length).toBeLessThanOrEqual(1);
      expect(refused).toEqual(
        expect.not.arrayContaining([expect.not.stringMatching(/^(?:STALE_REVISION|OWNER_ALIVE)$/)]),
      );
      // From when it is back, what it reads is what holds.
      const present = await database().get(row.id);
      expect(present?.ownerServer === 'server-1').toBe(won.length === 0);
    }
  });

  it('return what a repeated creation has made, though the lease is lost since', async () => {
    const incarnation = await register('server-1');
    const options = { limit: 10, incarnation, idempotencyKey: 'key-1' };
    const row = await database().create(exampleSession('work'), options);
    await database().releaseServer('server-1', incarnation);
    expect(await database().create(exampleSession('work'), options)).toEqual(row);
  });
}
