import type { LockInfo, ServerRow, SocketRegistry } from '@triterm/core/store';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { listLocks, showLock } from './lock-report.ts';
import { listServers } from './server-report.ts';
import { listSockets } from './socket-report.ts';
import { ID, socket, storeSources } from './testing/sources.ts';

afterEach(() => {
  vi.useRealTimers();
});

const hanging = () => new Promise<never>(() => {});
const lock = (known: Partial<LockInfo> = {}): LockInfo => ({
  name: `session:${ID}`,
  holder: 'a',
  tokenPrefix: 'abcd',
  ageMs: 5,
  ttlMs: 9000,
  waiters: 1,
  ...known,
});
const withLocks = (...held: LockInfo[]) =>
  storeSources({
    locks: {
      list: async limit => held.slice(0, limit),
      show: async name => held.find(one => one.name === name),
    },
  });

describe('locks', () => {
  it('are listed from the oldest on, with their sessions and fences', async () => {
    const held = [lock(), lock({ name: 'drain:outbox', ageMs: 70, ttlMs: -3 })];
    expect(await listLocks(withLocks(...held), 10)).toEqual({
      locks: [
        expect.objectContaining({ name: 'drain:outbox', session: null, fence: null, ttlMs: 0 }),
        {
          name: `session:${ID}`,
          session: ID,
          sessionName: 'work',
          holder: 'a',
          tokenPrefix: 'abcd',
          ageMs: 5,
          ttlMs: 9000,
          waiters: 1,
          fence: 3,
        },
      ],
      truncated: false,
      troubles: [],
    });
  });

  it('that are too many are cut, and said to be', async () => {
    const { locks, truncated } = await listLocks(
      withLocks(lock(), lock({ name: 'x:1' }), lock({ name: 'x:2' })),
      2,
    );
    expect([locks.length, truncated]).toEqual([2, true]);
  });

  it('are none where there is no lock manager', async () => {
    expect(await listLocks(storeSources(), 10)).toEqual({ locks: [], truncated: false, troubles: [] });
  });

  it('that nobody can list are a trouble, not a wait', async () => {
    vi.useFakeTimers();
    const answer = listLocks(storeSources({ locks: { list: hanging, show: hanging } }), 10);
    await vi.advanceTimersByTimeAsync(2000);
    expect(await answer).toEqual({
      locks: [],
      truncated: false,
      troubles: ['Locks: no answer within 2000 ms.'],
    });
  });

  it('are shown by session or by name, held or not', async () => {
    expect(await showLock(withLocks(lock()), 'work')).toMatchObject({ lock: { holder: 'a', fence: 3 } });
    expect(await showLock(withLocks(lock()), `session:${ID}`)).toMatchObject({ lock: { holder: 'a' } });
    expect(await showLock(withLocks(), 'work')).toEqual({ name: `session:${ID}`, lock: null });
    await expect(showLock(withLocks(), 'nope')).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  });
});

function registry(known: Partial<SocketRegistry>): SocketRegistry {
  return known as SocketRegistry;
}
const registered = (socketId: string, connectedAt: number, terminalId = ID) => ({
  ...socket({ socketId, connectedAt, terminalId }),
  incarnation: 1,
  lastPingAt: 5000,
});

describe('sockets', () => {
  it('are those of the registry, in their order, with the primary one', async () => {
    const sources = storeSources({
      registry: registry({
        getTerminalsForUser: async () => [ID, 'other'],
        getSocketsForTerminal: async id =>
          id === ID ? [registered('s2', 2000)] : [registered('s1', 1000, 'other')],
        getPrimarySocket: async id => (id === ID ? 's2' : undefined),
      }),
    });
    const { sockets, source, truncated } = await listSockets(sources, undefined, 10);
    expect(sockets.map(({ id, terminalName, primary }) => [id, terminalName, primary])).toEqual([
      ['s1', null, false],
      ['s2', 'work', true],
    ]);
    expect(sockets[0]).toMatchObject({
      connectedAt: '1970-01-01T00:00:01.000Z',
      lastPingAt: '1970-01-01T00:00:05.000Z',
    });
    expect([source, truncated]).toEqual(['database', false]);
    expect((await listSockets(sources, 'work', 10)).sockets.map(({ id }) => id)).toEqual(['s2']);
    expect(await listSockets(sources, undefined, 1)).toMatchObject({
      truncated: true,
      sockets: [{ id: 's1' }],
    });
  });

  it('are those of every user whom the database or this server knows, each once', async () => {
    const asked: string[] = [];
    const registryOf = registry({
      getTerminalsForUser: async user => {
        asked.push(user);
        return user === 'bob' ? ['shared', 'bobs'] : ['shared'];
      },
      getSocketsForTerminal: async id => [registered(`on ${id}`, 1000, id)],
      getPrimarySocket: async () => undefined,
    });
    const users = { attachedUsers: async () => ['bob', 'local', 'bob'] };
    const sources = {
      ...storeSources({ registry: registryOf, ...users }),
      localSockets: () => [socket({ userId: 'ada' })],
    };
    const { sockets, truncated } = await listSockets(sources, undefined, 10);
    expect(sockets.map(({ id }) => id).toSorted()).toEqual(['on bobs', 'on shared']);
    expect(truncated).toBe(false);
    expect(asked.toSorted()).toEqual(['ada', 'bob', 'local']);
    const away = { ...sources, attachedUsers: () => Promise.reject(new Error('It is away.')) };
    expect(await listSockets(away, undefined, 10)).toMatchObject({
      sockets: [{ id: 'on shared' }],
      truncated: true,
      troubles: ['Database: It is away.'],
    });
  });

  it("are this server's own where there is no registry", async () => {
    const sources = storeSources({ localSockets: () => [socket(), socket({ terminalId: 'other' })] });
    expect((await listSockets(sources, undefined, 10)).sockets).toHaveLength(2);
    expect(await listSockets(sources, 'work', 10)).toMatchObject({
      sockets: [{ terminal: ID }],
      source: 'server',
      troubles: [],
    });
  });

  it("are this server's own, and that is said, when the registry hangs", async () => {
    vi.useFakeTimers();
    const sources = storeSources({
      registry: registry({ getTerminalsForUser: hanging }),
      localSockets: () => [socket()],
    });
    const answer = listSockets(sources, undefined, 10);
    await vi.advanceTimersByTimeAsync(2000);
    expect(await answer).toMatchObject({
      sockets: [{ id: 's1' }],
      source: 'server',
      troubles: ['Registry: no answer within 2000 ms.'],
    });
  });

  it('are those that came when the registry hangs in the middle', async () => {
    vi.useFakeTimers();
    const sources = storeSources({
      registry: registry({
        getTerminalsForUser: async () => [ID, 'other'],
        getSocketsForTerminal: async id => (id === ID ? [registered('s2', 2000)] : hanging()),
        getPrimarySocket: async () => undefined,
      }),
    });
    const answer = listSockets(sources, undefined, 10);
    await vi.advanceTimersByTimeAsync(2000);
    expect(await answer).toMatchObject({ sockets: [{ id: 's2' }], truncated: true, source: 'database' });
  });
});

const server = (id: string, leaseLeftMs: number): ServerRow => ({
  id,
  hostId: 'h',
  bootId: 'b',
  stateDir: '/s',
  advertiseUrl: null,
  incarnation: 4,
  leaseLeftMs,
  draining: id === 'b',
});

describe('servers', () => {
  it('are alive while their lease runs; the one that answers is marked', async () => {
    const sources = storeSources();
    const { servers } = await listServers({
      ...sources,
      database: { ...sources.database, listServers: async () => [server('a', 9000), server('b', -5)] },
      registry: registry({ getStats: async () => ({ sockets: 3, terminals: 1, byServer: { a: 3 } }) }),
    });
    expect(
      servers.map(({ id, state, sockets, self, draining }) => [id, state, sockets, self, draining]),
    ).toEqual([
      ['a', 'alive', 3, true, false],
      ['b', 'lapsed', null, false, true],
    ]);
  });

  it('are at least this one, when none registers or the database hangs', async () => {
    vi.useFakeTimers();
    const sources = storeSources({ localSockets: () => [socket()] });
    for (const listServersOf of [undefined, hanging]) {
      const answer = listServers({
        ...sources,
        database: { ...sources.database, listServers: listServersOf },
      });
      await vi.advanceTimersByTimeAsync(2000);
      expect((await answer).servers).toEqual([
        {
          id: 'a',
          host: 'host',
          incarnation: null,
          state: 'alive',
          leaseLeftMs: null,
          sockets: 1,
          advertiseUrl: null,
          draining: null,
          stateDir: '/s',
          self: true,
        },
      ]);
    }
  });
});
