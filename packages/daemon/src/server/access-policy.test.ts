import { includesScope, type Principal, SCOPES, type Scope, SOCKET_OWNER } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { METHOD_ACCESS } from '@triterm/core/protocol';
import { METHODS, type Method, type Params } from '@triterm/core/protocol/messages';
import type { SessionRow } from '@triterm/core/store';
import { describe, expect, it } from 'vitest';
import type { Located } from '../cluster/cluster.ts';
import type { Session } from '../session/session.ts';
import type { Connection } from './connection.ts';
import { type Handlers, type Relay, Router } from './router.ts';

const KEY = '0123456789abcdef0123456789abcdef';
const target = 'mine';
const common = { target, environment: {}, idempotencyKey: KEY };
const attach = { target, attachment: KEY, role: 'controller', window: { cols: 80, rows: 24 } } as const;

/** Parameters of every method: one that has none here does not compile. */
const SAMPLES: { readonly [M in Method]: Params<M> } = {
  ping: {},
  'session.create': { cwd: '/', environment: {}, idempotencyKey: KEY },
  'session.recreate': common,
  'session.list': {},
  'session.show': { target },
  'session.rename': { target, name: 'other' },
  'session.label': { target },
  'session.resize': { target, size: { cols: 80, rows: 24 } },
  'session.policy': { target },
  'session.kill': { target },
  'session.detach': { target },
  'session.take': { target },
  'session.request': { target },
  'session.grant': { target },
  'session.attach': attach,
  'attachment.detach': {},
  'session.send': { target, data: '', idempotencyKey: KEY },
  'session.capture': { target, format: 'text' },
  'session.wait': { target, condition: { kind: 'exit' }, timeoutMs: 0 },
  'session.run': { target, argv: ['true'], timeoutMs: 0, idempotencyKey: KEY },
  'session.search': { target, pattern: 'x' },
  'events.subscribe': {},
  'token.create': {},
  'token.list': {},
  'token.revoke': { id: '01234567' },
  'daemon.status': {},
  'daemon.shutdown': { reason: 'stop' },
  'daemon.drain': {},
  'daemon.reload': {},
  'daemon.log': {},
  'redis.status': {},
  'cache.stats': {},
  'cache.show': { target: 'none' },
  'cache.invalidate': { target: 'none' },
  'locks.list': {},
  'locks.show': { target: 'none' },
  'sockets.list': {},
  'servers.list': {},
  'db.status': {},
  'db.migrate': {},
  'db.export': { file: '/tmp/x' },
  'db.import': { file: '/tmp/x' },
  'db.backup': { file: '/tmp/x' },
  'drill.break': { kind: 'down', lapseMs: 1000 },
  'drill.restore': {},
};
const OF_STORE = { 'cache.show': true, 'cache.invalidate': true, 'locks.show': true };
const ALL_METHODS = Object.keys(METHODS) as Method[];

const NOTHING_ELSEWHERE: Relay = {
  request: () => Promise.reject(new Error('nothing is elsewhere')),
};

/** `mine` is the user's first session, `second` his other one, `foreign` somebody else's. */
const SESSIONS: Readonly<Record<string, Located>> = {
  mine: located('id-of-mine', 'ann'),
  second: located('id-of-second', 'ann'),
  foreign: located('id-of-foreign', 'bob'),
};

function located(id: string, userId: string): Located {
  return { where: 'here', session: { id, row: { id, userId } as SessionRow } as Session };
}

function principal(scope: Scope, more: Partial<Principal> = {}): Principal {
  return { ...SOCKET_OWNER, userId: 'ann', scope, tokenId: '01234567', ...more };
}

/** What comes of a call: `done`, with the target that its handler got, or the code. */
async function verdict(
  method: Method,
  caller: Principal,
  { params = SAMPLES[method], remote = true }: { params?: object; remote?: boolean } = {},
): Promise<string> {
  let reached: string | undefined;
  const handlers = new Proxy({} as Handlers, {
    get: () => (given: { target?: string }) => {
      reached = ['done', given.target].filter(word => word !== undefined).join(' ');
      return {};
    },
  });
  const router = new Router({
    handlers,
    locator: {
      locate: async (_principal, wanted) => {
        const found = Object.values(SESSIONS).find(
          session => session.where === 'here' && session.session.id === wanted,
        );
        const session = SESSIONS[wanted] ?? found;
        if (session === undefined) throw new TermError('SESSION_NOT_FOUND', `There is no session ${wanted}.`);
        return session;
      },
    },
    relay: NOTHING_ELSEWHERE,
    absent: {},
  });
  const connection = {
    ...{ principal: caller, remote, gone: new AbortController().signal, drained: async () => {} },
    attaching: (_channel, attach) => attach(),
  } as Connection;
  try {
    await router.request(connection, method, params, 0);
  } catch (thrown) {
    return TermError.from(thrown).code;
  }
  return reached ?? 'not handled';
}

describe('access to methods', () => {
  it('is decided for every method, and each is sampled here', () => {
    expect(Object.keys(METHOD_ACCESS).sort()).toEqual([...ALL_METHODS].sort());
    expect(Object.keys(SAMPLES).sort()).toEqual([...ALL_METHODS].sort());
  });

  it.each(ALL_METHODS.filter(isTargeted))(
    'to %s can be limited to a session, because it names one',
    method => {
      expect(METHODS[method].params.shape).toHaveProperty('target');
      expect(METHODS[method].params.safeParse({ ...SAMPLES[method], target: undefined }).success).toBe(false);
    },
  );

  it.each(SCOPES.flatMap(scope => ALL_METHODS.map(method => [scope, method] as const)))(
    'with the scope %s to %s is what the table says',
    async (scope, method) => {
      const { scope: needed, on } = METHOD_ACCESS[method];
      const isIncluded = includesScope(scope, needed === 'controller' ? 'use' : needed);
      // What the store keeps may be of a session that is gone, and is nobody's to find.
      const done = method in OF_STORE ? 'done none' : isTargeted(method) ? 'done id-of-mine' : 'done';
      const remotely = on === 'host' ? 'NOT_REMOTELY' : done;
      expect(await verdict(method, principal(scope))).toBe(isIncluded ? remotely : 'SCOPE_REFUSED');
      const locally = await verdict(method, principal(scope), { remote: false });
      expect(locally).toBe(isIncluded ? done : 'SCOPE_REFUSED');
    },
  );

  it('with the scope view looks on, and no more', async () => {
    const open = [];
    for (const method of ALL_METHODS)
      if ((await verdict(method, principal('view'))).startsWith('done')) open.push(method);
    expect(open.sort()).toEqual([
      'attachment.detach',
      'events.subscribe',
      'ping',
      'session.capture',
      'session.list',
      'session.search',
      'session.show',
      'session.wait',
    ]);
  });

  it.each([
    [{}, 'done id-of-mine'],
    [{ take: true }, 'SCOPE_REFUSED'],
    [{ detachOthers: true }, 'SCOPE_REFUSED'],
    [{ lossless: true }, 'SCOPE_REFUSED'],
    [{ role: 'controller' }, 'SCOPE_REFUSED'],
  ])('with the scope view attaches a viewer that changes nothing for others: %j', async (more, expected) => {
    const params = { ...attach, role: 'viewer', ...more };
    expect(await verdict('session.attach', principal('view'), { params })).toBe(expected);
    expect(await verdict('session.attach', principal('use'), { params })).toBe('done id-of-mine');
  });

  it('says which scope is needed', async () => {
    const router = new Router({
      handlers: {} as Handlers,
      locator: { locate: () => Promise.reject(new Error('not asked')) },
      relay: NOTHING_ELSEWHERE,
      absent: {},
    });
    const connection = { principal: principal('view'), remote: true } as Connection;
    await expect(router.request(connection, 'session.kill', { target }, 0)).rejects.toMatchObject({
      code: 'SCOPE_REFUSED',
      message: 'session.kill needs the scope use; you have view.',
    });
  });
});

describe('access to sessions', () => {
  const targeted = ALL_METHODS.filter(method => isTargeted(method) || method === 'events.subscribe');

  it.each(targeted)(
    'of somebody else is none by %s: it looks as if there were no such session',
    async method => {
      const params = { ...SAMPLES[method], target: 'foreign' };
      expect(await verdict(method, principal('use'), { params })).toBe(
        includesScope('use', neededBy(method)) ? 'SESSION_NOT_FOUND' : 'SCOPE_REFUSED',
      );
      expect(await verdict(method, principal('admin'), { params })).toBe('done id-of-foreign');
    },
  );

  it.each(SCOPES.flatMap(scope => ALL_METHODS.map(method => [scope, method] as const)))(
    'ends, for a token of one session with the scope %s, at that session: %s',
    async (scope, method) => {
      const only = principal(scope, { sessionId: 'id-of-mine' });
      const { on } = METHOD_ACCESS[method];
      const isOpen = ['session', 'attachment'].includes(on) || LISTS.has(method);
      if (!isOpen) {
        expect(await verdict(method, only)).toBe('SCOPE_REFUSED');
        return;
      }
      if (!includesScope(scope, neededBy(method))) return;
      if (targeted.includes(method)) {
        for (const other of ['second', 'foreign'])
          expect(await verdict(method, only, { params: { ...SAMPLES[method], target: other } })).toBe(
            'SESSION_NOT_FOUND',
          );
        expect(await verdict(method, only)).toBe('done id-of-mine');
      }
    },
  );

  it('gives a token of one session the events of that one, although it asks for all', async () => {
    const only = principal('admin', { sessionId: 'id-of-mine' });
    expect(await verdict('events.subscribe', only, { params: { all: true } })).toBe('done id-of-mine');
  });
});

function isTargeted(method: Method): boolean {
  return ['session', 'here'].includes(METHOD_ACCESS[method].on);
}

const LISTS: ReadonlySet<Method> = new Set(['ping', 'session.list', 'events.subscribe']);

function neededBy(method: Method): Scope {
  const { scope } = METHOD_ACCESS[method];
  return scope === 'controller' ? 'use' : scope;
}
