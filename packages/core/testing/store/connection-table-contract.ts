import { expect, it } from 'vitest';
import type { Opened } from './database-contract.ts';
import { exampleServer, LONG_MS } from './server-examples.ts';

export function connectionTable({ database, another }: Opened): void {
  const register = async (id: string) => {
    const { incarnation } = await database().registerServer(exampleServer(id), LONG_MS);
    return { serverId: id, incarnation };
  };
  const refused = { code: 'TOO_MANY_CONNECTIONS' };

  it('admits ten of 25 of a user that come at once to two servers, where ten are allowed', async () => {
    const [a, b] = [await register('a'), await register('b')];
    const second = await another();
    const asked = await Promise.allSettled(
      Array.from({ length: 25 }, (_, i) =>
        i % 2 === 0
          ? database().openConnection({ id: `c${i}`, userId: 'user', ...a }, 10)
          : second.openConnection({ id: `c${i}`, userId: 'user', ...b }, 10),
      ),
    );
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    for (const { reason } of asked.filter(result => result.status === 'rejected'))
      expect(reason).toMatchObject({ ...refused, details: { open: 10, limit: 10 } });
  });

  it('counts a user’s own, each once, until they are closed', async () => {
    const a = await register('a');
    const open = (id: string, userId = 'user') => database().openConnection({ id, userId, ...a }, 2);
    await open('c1');
    await open('c2');
    await open('c2');
    await expect(open('c3')).rejects.toMatchObject(refused);
    await open('c4', 'other');
    await (await another()).closeConnections(['c1', 'c4', 'unknown']);
    await database().closeConnections([]);
    await open('c3');
    await expect(open('c5')).rejects.toMatchObject(refused);
  });

  it('counts none of a server whose lease has lapsed, nor of an earlier incarnation', async () => {
    const [brief, a] = [await register('brief'), await register('a')];
    await database().openConnection({ id: 'c1', userId: 'user', ...brief }, 1);
    const second = { id: 'c2', userId: 'user', ...a };
    await expect(database().openConnection(second, 1)).rejects.toMatchObject(refused);
    await database().renewServer('brief', brief.incarnation, 50);
    await expect
      .poll(
        () =>
          database()
            .openConnection(second, 1)
            .then(
              () => true,
              () => false,
            ),
        { timeout: 5000 },
      )
      .toBe(true);
    const again = await register('a');
    await database().openConnection({ id: 'c3', userId: 'user', ...again }, 1);
    await expect(database().openConnection({ id: 'c4', userId: 'user', ...again }, 1)).rejects.toMatchObject(
      refused,
    );
  });

  it('takes over what a new incarnation has, and drops all else of that server', async () => {
    const [first, b] = [await register('a'), await register('b')];
    const of = (userId: string, id: string, server: typeof first) => ({ id, userId, ...server });
    for (const id of ['c1', 'c2']) await database().openConnection(of('user', id, first), 10);
    await database().openConnection(of('user', 'theirs', b), 10);
    const later = await register('a');
    const rows = [
      { id: 'c2', userId: 'user' },
      { id: 'c9', userId: 'user' },
    ];
    await database().replaceConnections('a', later.incarnation, rows);
    // Of the one before, late.
    await (await another()).replaceConnections('a', first.incarnation, [{ id: 'c1', userId: 'user' }]);
    await database().openConnection(of('user', 'c3', later), 4);
    await expect(database().openConnection(of('user', 'c4', later), 4)).rejects.toMatchObject(refused);
    await database().replaceConnections('a', later.incarnation, []);
    await database().openConnection(of('user', 'c5', later), 2);
    await expect(database().openConnection(of('user', 'c6', later), 2)).rejects.toMatchObject(refused);
  });

  it('forgets with the collection what does not count any more, and nothing that does', async () => {
    const [first, b] = [await register('a'), await register('b')];
    await database().openConnection({ id: 'c1', userId: 'user', ...first }, 10);
    await database().openConnection({ id: 'c2', userId: 'user', ...b }, 10);
    await register('a');
    await database().collect(0);
    await expect(database().openConnection({ id: 'c3', userId: 'user', ...b }, 1)).rejects.toMatchObject({
      ...refused,
      details: { open: 1 },
    });
  });
}
