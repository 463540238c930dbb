import { type Principal, SOCKET_OWNER } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { Method } from '@triterm/core/protocol/messages';
import type { SessionRow } from '@triterm/core/store';
import { describe, expect, it } from 'vitest';
import type { Located } from '../cluster/cluster.ts';
import type { Session } from '../session/session.ts';
import type { Connection } from './connection.ts';
import { type AbsentHandlers, type Handlers, type Relay, type RequestContext, Router } from './router.ts';

const TOKEN = '0123456789abcdef0123456789abcdef';
const CONNECTION = connectionOf(SOCKET_OWNER);

function connectionOf(principal: Principal, remote = false): Connection {
  return {
    ...{ principal, remote, gone: new AbortController().signal, drained: async () => {} },
    attaching: (_channel, attach) => attach(),
  } as Connection;
}

function row(id: string, userId = 'local'): SessionRow {
  return { id, userId, name: `name-${id}`, ownerServer: 'server-2' } as SessionRow;
}

function here(id: string, userId?: string): Located {
  return { where: 'here', session: { id, row: row(id, userId) } as Session };
}

function there(id: string, userId?: string): Located {
  return { where: 'there', row: row(id, userId), server: undefined };
}

interface Surroundings {
  /** By what they are asked for. */
  readonly sessions?: Readonly<Record<string, Located>>;
  readonly relay?: (method: string, params: unknown) => unknown;
  readonly absent?: AbsentHandlers;
}

/** A router whose handlers tell what they were given. */
function recording({ sessions = {}, relay, absent = {} }: Surroundings = {}) {
  const calls: { method: string; params: unknown; context: RequestContext }[] = [];
  const handlers = new Proxy({} as Handlers, {
    get: (_target, method) => (params: unknown, context: RequestContext) => {
      calls.push({ method: String(method), params, context });
      return { ok: true };
    },
  });
  const router = new Router({
    handlers,
    locator: {
      locate: async (_principal, target, pty) => {
        const located = (pty === undefined ? undefined : sessions[pty]) ?? sessions[target];
        if (located === undefined) throw new TermError('SESSION_NOT_FOUND', `There is no session ${target}.`);
        return located;
      },
    },
    relay: {
      request: async (_connection, _located, method, params) => relay?.(method, params),
    } as Relay,
    absent,
  });
  return { router, calls };
}

async function refusal(method: string, params: unknown) {
  const { router, calls } = recording();
  const error: unknown = await router.request(CONNECTION, method, params, 0).then(
    () => undefined,
    thrown => thrown,
  );
  expect(calls).toEqual([]);
  return error;
}

describe('the router', () => {
  it('finds the session of a client that comes back by its PTY too, wherever its target leads', async () => {
    const { router, calls } = recording({ sessions: { a1b2: there('a1b2'), mine: here('c3d4') } });
    const params = { target: 'a1b2', attachment: TOKEN, role: 'viewer', window: { cols: 80, rows: 24 } };
    const resume = { offset: 7, sizeGeneration: 0, pty: 'mine' };
    await router.request(CONNECTION, 'session.attach', { ...params, resume }, 1);
    expect(calls).toMatchObject([{ method: 'session.attach', params: { target: 'c3d4', resume } }]);
  });

  it('hands a request to its handler with defaults filled in, and its result back', async () => {
    const main = here('a1b2');
    const { router, calls } = recording({ sessions: { main } });
    const params = { target: 'main', format: 'text', later: 'ignored' };
    expect(await router.request(CONNECTION, 'session.capture', params, 7)).toEqual({ ok: true });
    expect(calls).toEqual([
      {
        method: 'session.capture',
        params: { target: 'a1b2', format: 'text', scrollbackLines: 0 },
        context: { connection: CONNECTION, channel: 7, principal: SOCKET_OWNER, located: main },
      },
    ]);
  });

  it.each([undefined, null])('takes missing parameters (%s) as none', async params => {
    const { router, calls } = recording();
    await router.request(CONNECTION, 'session.list', params, 0);
    expect(calls[0]?.params).toEqual({ all: false });
  });

  it.each(['', 'session', 'Session.list', 'toString', '__proto__', 'constructor', 'hasOwnProperty'])(
    'knows no method %j',
    async method => {
      expect(await refusal(method, {})).toMatchObject({
        code: 'UNKNOWN_METHOD',
        message: `Unknown method ${method}.`,
      });
    },
  );

  it('does not repeat an endless method', async () => {
    expect(await refusal('x'.repeat(1_000_000), {})).toMatchObject({
      message: `Unknown method ${'x'.repeat(64)}.`,
    });
  });

  it.each<[Method, unknown, string]>([
    ['session.show', {}, 'session.show: target: '],
    ['session.show', { target: '' }, 'session.show: target: '],
    ['session.show', 'main', 'session.show: params: '],
    ['session.show', [], 'session.show: params: '],
    ['session.label', { target: 'x', set: { a: 1 } }, 'session.label: set.a: '],
    [
      'session.run',
      { target: 'x', argv: ['a', 2], timeoutMs: 0, idempotencyKey: TOKEN },
      'session.run: argv.1: ',
    ],
    [
      'session.wait',
      { target: 'x', condition: { kind: 'moon' }, timeoutMs: 0 },
      'session.wait: condition.kind: ',
    ],
    [
      'session.create',
      { cwd: '/', environment: { rows: 5 }, idempotencyKey: TOKEN },
      'session.create: environment.rows: ',
    ],
  ])('answers BAD_MESSAGE with the place: %s %j', async (method, params, start) => {
    const error = await refusal(method, params);
    expect(error).toMatchObject({ code: 'BAD_MESSAGE', message: expect.stringContaining(start) });
    expect((error as Error).message.length).toBeGreaterThan(start.length);
  });

  it.each([
    ['session.resize', { target: 'x', size: { cols: 0, rows: 24 } }, 'size.cols'],
    ['session.resize', { target: 'x', size: { cols: 100_000, rows: 100_000 } }, 'size.cols'],
    ['session.resize', { target: 'x', size: { cols: 80 } }, 'size.rows'],
    [
      'session.attach',
      { target: 'x', attachment: TOKEN, role: 'viewer', window: { cols: 80, rows: -1 } },
      'window.rows',
    ],
  ])('answers BAD_SIZE for a size that is none: %s %j', async (method, params, place) => {
    expect(await refusal(method, params)).toMatchObject({
      code: 'BAD_SIZE',
      message: expect.stringContaining(place),
    });
  });

  it('keeps its complaint short whatever it is sent', async () => {
    const error = await refusal('session.label', { target: 'x', set: { ['k'.repeat(100_000)]: 1 } });
    expect(error).toMatchObject({ code: 'BAD_MESSAGE' });
    expect((error as Error).message.length).toBeLessThanOrEqual(300);
  });
});

const ATTACH = { attachment: TOKEN, role: 'viewer', window: { cols: 80, rows: 24 } };

describe('where a request goes', () => {
  it('hands what another server owns to the relay, with the id; a process id stays on the host that it means something on', async () => {
    const asked: unknown[] = [];
    const { router, calls } = recording({
      sessions: { far: there('f1f2'), near: here('n1n2') },
      relay: (method, params) => {
        asked.push([method, params]);
        return { relayed: true };
      },
    });
    const remote = connectionOf(SOCKET_OWNER, true);
    const answer = await router.request(remote, 'session.attach', { ...ATTACH, target: 'far', pid: 42 }, 3);
    expect(answer).toEqual({ relayed: true });
    expect(asked).toEqual([['session.attach', expect.objectContaining({ target: 'f1f2' })]]);
    await router.request(CONNECTION, 'session.attach', { ...ATTACH, target: 'far', pid: 42 }, 3);
    expect(asked).toHaveLength(2);
    for (const each of asked) expect(each).not.toHaveProperty('1.pid');
    await router.request(remote, 'session.attach', { ...ATTACH, target: 'near', pid: 42 }, 3);
    expect(calls[0]?.params).not.toHaveProperty('pid');
    await router.request(CONNECTION, 'session.attach', { ...ATTACH, target: 'near', pid: 42 }, 3);
    expect(calls[1]?.params).toHaveProperty('pid', 42);
  });

  it('answers what is asked of this server here, whoever owns the session', async () => {
    const { router, calls } = recording({ sessions: { far: there('f1f2') } });
    const params = { target: 'far', environment: {}, idempotencyKey: TOKEN };
    await router.request(CONNECTION, 'session.recreate', params, 0);
    expect(calls[0]).toMatchObject({ params: { target: 'f1f2' }, context: { located: there('f1f2') } });
  });

  it('never relays what was relayed to it', async () => {
    const { router } = recording({ sessions: { far: there('f1f2') }, relay: () => ({}) });
    const relayed = connectionOf({ ...SOCKET_OWNER, relayedBy: 'server-1' }, true);
    await expect(router.request(relayed, 'session.show', { target: 'far' }, 0)).rejects.toMatchObject({
      code: 'SESSION_MOVED',
      details: { server: 'server-2' },
    });
  });

  it('answers for a server that can’t be reached where something is known, and only then', async () => {
    const unreachable = new TermError('SERVER_UNREACHABLE', 'Server server-2 is away.');
    let thrown: TermError = unreachable;
    const { router } = recording({
      sessions: { far: there('f1f2') },
      relay: () => {
        throw thrown;
      },
      absent: {
        'session.kill': ({ force }, { row: { id } }, { reason }) => {
          if (!force) throw reason;
          return { session: { id } } as never;
        },
      },
    });
    const kill = (force: boolean) => router.request(CONNECTION, 'session.kill', { target: 'far', force }, 0);
    expect(await kill(true)).toEqual({ session: { id: 'f1f2' } });
    await expect(kill(false)).rejects.toBe(unreachable);
    await expect(router.request(CONNECTION, 'session.show', { target: 'far' }, 0)).rejects.toBe(unreachable);
    thrown = new TermError('OUTCOME_UNKNOWN', 'It may have been killed.');
    await expect(kill(true)).rejects.toBe(thrown);
  });

  it('finds a session of this server before the next turn of the loop', async () => {
    const { router, calls } = recording({ sessions: { main: here('a1b2') } });
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    await router.request(CONNECTION, 'session.show', { target: 'main' }, 0);
    expect([calls.length, turned]).toEqual([1, false]);
  });

  it('lets a connection attach only as often as that allows, here and elsewhere', async () => {
    const { router, calls } = recording({
      sessions: { near: here('a1b2'), far: there('f1f2') },
      relay: (method, params) => calls.push({ method, params } as (typeof calls)[0]),
    });
    const channels: number[] = [];
    const attaching: Connection['attaching'] = async channel => {
      channels.push(channel);
      throw new TermError('TOO_MANY_CLIENTS', 'It has enough.');
    };
    const full = { ...CONNECTION, attaching } as Connection;
    for (const [channel, target] of ['near', 'far'].entries())
      await expect(
        router.request(full, 'session.attach', { ...ATTACH, target }, channel),
      ).rejects.toMatchObject({ code: 'TOO_MANY_CLIENTS' });
    expect([channels, calls]).toEqual([[0, 1], []]);
    await router.request(full, 'session.show', { target: 'near' }, 0);
    expect(calls).toHaveLength(1);
  });
});
