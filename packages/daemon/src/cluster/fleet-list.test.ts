import { type Principal, type SessionInfo, SOCKET_OWNER } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { ListedSession, SocketRow } from '@triterm/core/store';
import { describe, expect, it } from 'vitest';
import type { Session } from '../session/session.ts';
import { SessionRegistry } from '../session/session-registry.ts';
import { FleetList } from './fleet-list.ts';
import { there } from './testing/relayed-client.ts';

const ADA: Principal = { ...SOCKET_OWNER, userId: 'ada', scope: 'use' };

function row(id: string, ownerServer: string, userId = 'ada'): ListedSession {
  return {
    id,
    name: id,
    ownerServer,
    userId,
    state: 'running',
    doc: { command: 'cat', labels: {} },
    createdAt: Number(id.replace(/\D/g, '')),
    updatedAt: 5,
    lastActivityAt: 7,
  } as unknown as ListedSession;
}

/** The list of server `a`, which has `a1` and `a3`; `b` lives and `c` is gone. */
function list(rows: ListedSession[], sockets: string[] = [], fails = false) {
  const registry = new SessionRegistry();
  for (const own of [row('a1', 'a'), row('a3', 'a', 'bob')]) {
    const { id, userId } = own;
    const info = { id, createdAt: new Date(own.createdAt).toISOString(), command: 'live' } as SessionInfo;
    registry.add({ id, userId, row: own, info: () => info } as unknown as Session);
  }
  const asked: string[] = [];
  const gone = { alive: false, unreachableSince: 0 };
  return {
    asked,
    list: new FleetList({
      registry,
      store: {
        list: async userId => {
          asked.push(`list ${userId}`);
          if (fails) throw new TermError('STORE_UNAVAILABLE', 'It is away.');
          return rows.filter(each => userId === undefined || each.userId === userId);
        },
      },
      sockets: {
        listSockets: async () => sockets.map(terminalId => ({ terminalId }) as SocketRow),
      },
      directory: {
        hasOthers: true,
        find: async id => (id === 'x' ? undefined : there(id, id === 'c' ? gone : {}).server),
      },
    }),
  };
}

const ids = (sessions: readonly SessionInfo[]) => sessions.map(({ id }) => id);

describe('the list of all servers', () => {
  it('has own sessions as they are, and others’ as they were stored, with their clients', async () => {
    const { list: fleet } = list([row('a1', 'a'), row('b2', 'b')], ['b2', 'b2', 'a1']);
    const [own, other] = await fleet.everywhere(ADA);
    expect(own?.command).toBe('live');
    expect(other).toMatchObject({
      id: 'b2',
      server: 'b',
      command: 'cat',
      clients: 2,
      reachable: true,
      unreachableSince: null,
      lastActivityAt: '1970-01-01T00:00:00.007Z',
    });
  });

  it('says of which servers nothing is heard, and since when', async () => {
    const { list: fleet } = list([row('a1', 'a'), row('c4', 'c'), row('x5', 'x')]);
    const [, gone, unknown] = await fleet.everywhere(ADA);
    expect(gone).toMatchObject({ reachable: false, unreachableSince: '1970-01-01T00:00:00.000Z' });
    expect(unknown).toMatchObject({ reachable: false, unreachableSince: null });
  });

  it('has what the database has not yet, in its place', async () => {
    const { list: fleet } = list([row('b0', 'b'), row('b2', 'b')]);
    expect(ids(await fleet.everywhere(ADA))).toEqual(['b0', 'a1', 'b2']);
  });

  it('shows everybody their own, and an admin all', async () => {
    const { list: fleet, asked } = list([row('b2', 'b'), row('b4', 'b', 'bob'), row('b5', 'b')]);
    expect(ids(await fleet.everywhere(ADA))).toEqual(['a1', 'b2', 'b5']);
    expect(ids(await fleet.everywhere({ ...ADA, sessionId: 'b2' }))).toEqual(['b2']);
    expect(ids(await fleet.everywhere({ ...ADA, scope: 'admin' }))).toEqual(['a1', 'b2', 'a3', 'b4', 'b5']);
    expect(asked).toEqual(['list ada', 'list ada', 'list undefined']);
  });

  it('fails while the database is away, and the list of this server does not', async () => {
    const { list: fleet } = list([], [], true);
    await expect(fleet.everywhere(ADA)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(ids(fleet.here(ADA))).toEqual(['a1']);
    expect(ids(fleet.here({ ...ADA, userId: 'bob' }))).toEqual(['a3']);
  });
});
