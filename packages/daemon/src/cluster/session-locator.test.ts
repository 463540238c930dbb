import { type Principal, SOCKET_OWNER } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { ListedSession } from '@triterm/core/store';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Session } from '../session/session.ts';
import { SessionRegistry } from '../session/session-registry.ts';
import type { Located } from './cluster.ts';
import { FleetLocator } from './session-locator.ts';
import { there } from './testing/relayed-client.ts';

const user = (userId: string, more: Partial<Principal> = {}): Principal => ({
  ...SOCKET_OWNER,
  userId,
  scope: 'use',
  ...more,
});

/** What the database has, what this server (`a`) has, and what is asked. */
let rows: ListedSession[];
let cached: ListedSession[] | undefined;
let asked: string[];
let registry: SessionRegistry;
let isAway: boolean;
let lease: { held: boolean; comesBack: boolean };
let hasOthers: boolean;
let isOneOfSeveral: boolean;
let ownIds: Set<string>;
/** What the next reading of the servers finds. */
let refreshed: () => void;
let locator: FleetLocator;

beforeEach(() => {
  rows = [];
  cached = undefined;
  asked = [];
  registry = new SessionRegistry();
  isAway = false;
  lease = { held: true, comesBack: false };
  hasOthers = true;
  isOneOfSeveral = false;
  ownIds = new Set(['a', 'a-before']);
  refreshed = () => {};
  const read = <T>(what: string, from: () => T): Promise<T> => {
    asked.push(what);
    return isAway
      ? Promise.reject(new TermError('STORE_UNAVAILABLE', 'It is away.'))
      : Promise.resolve(from());
  };
  const known = () => cached ?? rows;
  locator = new FleetLocator({
    registry,
    store: {
      get: async id => {
        if (cached === undefined) return read('get', () => rows.find(row => row.id === id));
        asked.push('cache');
        return cached.find(row => row.id === id);
      },
      getByName: (userId, name) =>
        read('getByName', () => known().find(row => row.userId === userId && row.name === name)),
      list: userId =>
        read('list', () => known().filter(row => userId === undefined || row.userId === userId)),
    },
    database: { get: id => read('database', () => rows.find(row => row.id === id)) },
    directory: {
      get hasOthers() {
        return hasOthers;
      },
      get mayHaveOthers() {
        return hasOthers || isOneOfSeveral;
      },
      isOwn: id => ownIds.has(id),
      refresh: async () => refreshed(),
      find: async id => (id === 'gone' ? undefined : there(id).server),
    },
    lease: {
      get held() {
        return lease.held;
      },
      ensure: async () => {
        lease.held = lease.comesBack;
        return lease.held;
      },
    },
  });
});

function row(id: string, name: string, ownerServer: string, userId = 'ada'): ListedSession {
  return { id, name, ownerServer, userId } as ListedSession;
}

/** A session of this server, in the database too. */
function here(id: string, name: string, userId = 'ada', identity = `pty-of-${id}`): void {
  const own = row(id, name, 'a', userId);
  rows.push(own);
  registry.add({
    ...{ id, name, userId, row: own },
    live: { identity },
    record: { isOwned: true },
  } as unknown as Session);
}

const placeOf = (located: Located) =>
  located.where === 'here' ? `here ${located.session.id}` : `${located.row.ownerServer} ${located.row.id}`;
const locate = async (target: string, principal = user('ada')) =>
  placeOf(await locator.locate(principal, target));

describe('a client that comes back', () => {
  it('gets to the session that has its PTY, where its own is another one now', async () => {
    rows.push(row('0a0a0a0a0a0a', 'work', 'b'));
    here('0b0b0b0b0b0b', 'orphan-work', 'ada', 'mine');
    expect(await locator.locate(user('ada'), '0a0a0a0a0a0a', 'mine')).toMatchObject({
      where: 'here',
      session: { id: '0b0b0b0b0b0b' },
      isInstead: true,
    });
    expect(placeOf(await locator.locate(user('ada'), '0a0a0a0a0a0a', 'unknown'))).toBe('b 0a0a0a0a0a0a');
    expect(await locator.locate(user('ada'), '0b0b0b0b0b0b', 'mine')).toMatchObject({ isInstead: false });
  });

  it('gets to no session that it may not see', async () => {
    rows.push(row('0a0a0a0a0a0a', 'work', 'b'));
    here('0b0b0b0b0b0b', 'orphan-work', 'ada', 'mine');
    const asked = (principal: Principal) => locator.locate(principal, '0a0a0a0a0a0a', 'mine').then(placeOf);
    expect(await asked(user('ada', { sessionId: '0a0a0a0a0a0a' }))).toBe('b 0a0a0a0a0a0a');
    await expect(asked(user('eve'))).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  });
});

describe('a session of this server', () => {
  it('is found by name and by id without the store', async () => {
    here('0a0a0a0a0a0a', 'work');
    expect(await locate('work')).toBe('here 0a0a0a0a0a0a');
    expect(await locate('0a0a0a0a0a0a')).toBe('here 0a0a0a0a0a0a');
    expect(asked).toEqual([]);
  });

  it('is found by the beginning of its id, without the store where there are no others', async () => {
    here('0a0a0a0a0a0a', 'work');
    expect(await locate('0a0a')).toBe('here 0a0a0a0a0a0a');
    expect(asked).toContain('list');
    asked = [];
    hasOthers = false;
    expect(await locate('0a0a')).toBe('here 0a0a0a0a0a0a');
    expect(asked).toEqual([]);
    await expect(locate('0a0')).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  });

  it('does not hide a session elsewhere that is called as its id begins', async () => {
    here('0a0a0a0a0a0a', 'work');
    rows.push(row('0b0b0b0b0b0b', '0a0a', 'b'));
    expect(await locate('0a0a')).toBe('b 0b0b0b0b0b0b');
  });

  it('is ambiguous when its id begins as another one elsewhere', async () => {
    here('0a0a0a0a0a0a', 'work');
    rows.push(row('0a0a0b0b0b0b', 'other', 'b'));
    await expect(locate('0a0a')).rejects.toMatchObject({ code: 'AMBIGUOUS_SESSION' });
  });

  it('is found while the database is away, as far as this server knows', async () => {
    here('0a0a0a0a0a0a', 'work');
    isAway = true;
    expect(await locate('work')).toBe('here 0a0a0a0a0a0a');
    expect(await locate('0a0a')).toBe('here 0a0a0a0a0a0a');
    await expect(locate('nowhere')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    hasOthers = false;
    await expect(locate('wrok')).rejects.toMatchObject({
      code: 'SESSION_NOT_FOUND',
      message: 'There is no session wrok. Did you mean work?',
    });
  });

  it('is on its way when the database has it here and the server not yet', async () => {
    rows.push(row('0a0a0a0a0a0a', 'work', 'a-before'));
    await expect(locate('work')).rejects.toMatchObject({ code: 'PTY_HOST_UNAVAILABLE' });
  });

  it('is another server’s when that has taken an id which this one had before', async () => {
    rows.push(row('0a0a0a0a0a0a', 'work', 'a-before'));
    refreshed = () => ownIds.delete('a-before');
    expect(await locate('work')).toBe('a-before 0a0a0a0a0a0a');
  });
});

describe('a session of another server', () => {
  beforeEach(() => {
    rows.push(row('0b0b0b0b0b0b', 'work', 'b'), row('0c0c0c0c0c0c', 'lost', 'gone'));
  });

  it.each(['work', '0b0b0b0b0b0b', '0b0b'])('is found by %s', async target => {
    expect(await locate(target)).toBe('b 0b0b0b0b0b0b');
  });

  it('comes with its server, if that is known', async () => {
    expect(await locator.locate(user('ada'), 'work')).toMatchObject({ where: 'there', server: { id: 'b' } });
    expect(await locator.locate(user('ada'), 'lost')).toMatchObject({ where: 'there', server: undefined });
  });

  it('is looked for past the cache where that says that it is ours', async () => {
    cached = [row('0b0b0b0b0b0b', 'work', 'a')];
    expect(await locate('work')).toBe('b 0b0b0b0b0b0b');
  });

  it('is found by id while the database is away, if a cache has it', async () => {
    cached = [...rows];
    isAway = true;
    expect(await locate('0b0b0b0b0b0b')).toBe('b 0b0b0b0b0b0b');
    expect(asked).toEqual(['cache']);
  });

  it('is located again by id, past the cache', async () => {
    expect(placeOf(await locator.locateAgain('0b0b0b0b0b0b'))).toBe('b 0b0b0b0b0b0b');
    expect(asked).toEqual(['database']);
    await expect(locator.locateAgain('0d0d0d0d0d0d')).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  });

  it('is suggested to who mistypes its name', async () => {
    await expect(locate('wrok')).rejects.toMatchObject({
      code: 'SESSION_NOT_FOUND',
      details: { suggestion: 'work' },
    });
  });
});

describe('whose session it is', () => {
  beforeEach(() => {
    here('0a0a0a0a0a0a', 'work', 'ada');
    here('0b0b0b0b0b0b', 'secret', 'bob');
    rows.push(row('0c0c0c0c0c0c', 'work', 'c', 'cyd'), row('0d0d0d0d0d0d', 'secret', 'd', 'dan'));
  });

  it('decides which of those with one name is meant', async () => {
    expect(await locate('work', user('cyd'))).toBe('c 0c0c0c0c0c0c');
    expect(await locate('work', user('ada', { scope: 'admin' }))).toBe('here 0a0a0a0a0a0a');
  });

  it.each(['secret', '0b0b0b0b0b0b', '0b0b', '0d0d0d0d0d0d'])(
    'hides %s from others, and does not suggest it',
    async target => {
      await expect(locate(target)).rejects.toMatchObject({
        code: 'SESSION_NOT_FOUND',
        message: `There is no session ${target}.`,
      });
    },
  );

  it('shows an admin everybody’s, by name when there is one only', async () => {
    const admin = user('local', { scope: 'admin' });
    expect(await locate('0b0b', admin)).toBe('here 0b0b0b0b0b0b');
    expect(await locate('0d0d0d0d0d0d', admin)).toBe('d 0d0d0d0d0d0d');
    await expect(locate('secret', admin)).rejects.toMatchObject({ code: 'AMBIGUOUS_SESSION' });
    rows.pop();
    expect(await locate('secret', admin)).toBe('here 0b0b0b0b0b0b');
  });

  it('is of no help to a token of another session', async () => {
    const token = user('ada', { sessionId: '0f0f0f0f0f0f' });
    for (const target of ['work', '0a0a0a0a0a0a', '0a0a'])
      await expect(locate(target, token)).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  });
});

describe('while the lease is lost', () => {
  beforeEach(() => {
    here('0a0a0a0a0a0a', 'work');
    lease.held = false;
  });

  it('a session by name may be somebody else’s by now, one by id is meant as it is here', async () => {
    await expect(locate('work')).rejects.toMatchObject({ code: 'OWNERSHIP_UNVERIFIED' });
    expect(await locate('0a0a0a0a0a0a')).toBe('here 0a0a0a0a0a0a');
  });

  it('nothing changes where there are no others, and none can be expected', async () => {
    hasOthers = false;
    expect(await locate('work')).toBe('here 0a0a0a0a0a0a');
    lease.comesBack = true;
    isAway = true;
    expect(await locate('work')).toBe('here 0a0a0a0a0a0a');
  });

  it('others may have come since they were last looked for, to a server that is one of several', async () => {
    hasOthers = false;
    isOneOfSeveral = true;
    await expect(locate('work')).rejects.toMatchObject({ code: 'OWNERSHIP_UNVERIFIED' });
    expect(await locate('0a0a0a0a0a0a')).toBe('here 0a0a0a0a0a0a');
  });

  it('the database is believed, where it answers, though no others were seen', async () => {
    hasOthers = false;
    lease.comesBack = true;
    rows[0] = row('0a0a0a0a0a0a', 'work', 'b');
    expect(await locate('work')).toBe('b 0a0a0a0a0a0a');
  });

  it('an admin is not let into somebody else’s by name either', async () => {
    isAway = true;
    const admin = user('local', { scope: 'admin' });
    await expect(locate('work', admin)).rejects.toMatchObject({ code: 'OWNERSHIP_UNVERIFIED' });
    expect(await locate('0a0a', admin)).toBe('here 0a0a0a0a0a0a');
  });

  it('it is asked for, and then the database says whose the session is', async () => {
    lease.comesBack = true;
    expect(await locate('work')).toBe('here 0a0a0a0a0a0a');
    lease.held = false;
    rows[0] = row('0a0a0a0a0a0a', 'work', 'b');
    expect(await locate('work')).toBe('b 0a0a0a0a0a0a');
    lease.held = false;
    isAway = true;
    await expect(locate('work')).rejects.toMatchObject({ code: 'OWNERSHIP_UNVERIFIED' });
  });
});
