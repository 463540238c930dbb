import type { Method } from '@triterm/core/protocol/messages';
import { describe, expect, it } from 'vitest';
import type { Connection } from './connection.ts';
import { type Handlers, type RequestContext, Router } from './router.ts';

const TOKEN = '0123456789abcdef0123456789abcdef';
const CONNECTION = {} as Connection;

/** A router whose handlers tell what they were given. */
function recording() {
  const calls: { method: string; params: unknown; context: RequestContext }[] = [];
  const handlers = new Proxy({} as Handlers, {
    get: (_target, method) => (params: unknown, context: RequestContext) => {
      calls.push({ method: String(method), params, context });
      return { ok: true };
    },
  });
  return { router: new Router(handlers), calls };
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
  it('hands a request to its handler with defaults filled in, and its result back', async () => {
    const { router, calls } = recording();
    const params = { target: 'main', format: 'text', later: 'ignored' };
    expect(await router.request(CONNECTION, 'session.capture', params, 7)).toEqual({ ok: true });
    expect(calls).toEqual([
      {
        method: 'session.capture',
        params: { target: 'main', format: 'text', scrollbackLines: 0 },
        context: { connection: CONNECTION, channel: 7 },
      },
    ]);
  });

  it.each([undefined, null])('takes missing parameters (%s) as none', async params => {
    const { router, calls } = recording();
    await router.request(CONNECTION, 'session.list', params, 0);
    expect(calls[0]?.params).toEqual({});
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
