import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { CLIENT_NOTIFICATIONS, DAEMON_NOTIFICATIONS, METHODS, type Method, type Params } from './messages.ts';
import { HOST_COMMANDS, HOST_METHODS, HOST_RECORDS } from './pty-host-messages.ts';

const TOKEN = '0123456789abcdef0123456789abcdef';
const CREATE: Params<'session.create'> = { cwd: '/', environment: {}, idempotencyKey: TOKEN };
const ATTACH: Params<'session.attach'> = {
  target: 'main',
  attachment: TOKEN,
  role: 'controller',
  window: { cols: 80, rows: 24 },
};

/** What JSON Schema says of a schema's input, as far as bounds go. */
interface Bounds {
  type?: string;
  maxLength?: number;
  pattern?: string;
  format?: string;
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  maxItems?: number;
  maxProperties?: number;
  items?: Bounds;
  properties?: Record<string, Bounds>;
  additionalProperties?: Bounds | boolean;
  propertyNames?: Bounds;
  anyOf?: Bounds[];
  oneOf?: Bounds[];
}

/** The places of a message that nothing but the frame bounds. */
function unbounded(schema: Bounds, path: string): string[] {
  const { type, properties = {}, anyOf = [], oneOf = [], items, propertyNames } = schema;
  const found = [
    ...[...anyOf, ...oneOf].flatMap(branch => unbounded(branch, path)),
    ...Object.entries(properties).flatMap(([name, member]) => unbounded(member, `${path}.${name}`)),
    ...(items === undefined ? [] : unbounded(items, `${path}[]`)),
  ];
  if (type === 'string') {
    const isFixed =
      schema.enum !== undefined || schema.const !== undefined || schema.pattern?.endsWith('{32}$');
    if (!isFixed && schema.maxLength === undefined) found.push(path);
  }
  if (type === 'array' && schema.maxItems === undefined) found.push(path);
  if (
    (type === 'integer' || type === 'number') &&
    (schema.minimum === undefined || schema.maximum === undefined)
  )
    found.push(path);
  if (propertyNames !== undefined) {
    if (schema.maxProperties === undefined) found.push(path);
    found.push(...unbounded(propertyNames, `${path} names`));
    if (typeof schema.additionalProperties === 'object')
      found.push(...unbounded(schema.additionalProperties, `${path}{}`));
  }
  return found;
}

function boundsOf(schema: z.ZodType, name: string): string[] {
  return unbounded(z.toJSONSchema(schema, { io: 'input' }) as Bounds, name);
}

function accepts<M extends Method>(method: M, params: unknown): boolean {
  return METHODS[method].params.safeParse(params).success;
}

describe('what a client sends', () => {
  it.each(Object.entries(METHODS))('is bounded in every place: %s', (method, { params }) => {
    // Typed bytes are bounded by the frame alone, and by what the program takes.
    const byFrame = method === 'session.send' ? ['session.send.data'] : [];
    expect(boundsOf(params, method)).toEqual(byFrame);
  });

  it('is bounded in every notification', () => {
    for (const [name, params] of Object.entries(CLIENT_NOTIFICATIONS))
      expect(boundsOf(params, name)).toEqual([]);
  });

  it('may have members of a later release, which are left out', () => {
    const parsed = METHODS['session.attach'].params.parse({
      ...ATTACH,
      window: { ...ATTACH.window, pixels: 4 },
      hologram: true,
    });
    expect(parsed.window).toEqual({ cols: 80, rows: 24 });
    expect(parsed).not.toHaveProperty('hologram');
  });

  it('has its defaults filled in', () => {
    expect(METHODS['session.attach'].params.parse(ATTACH)).toEqual({
      ...ATTACH,
      lossless: false,
      take: false,
      detachOthers: false,
      historyLines: 500,
      deviceName: '',
      environment: {},
      colours: {},
    });
    expect(METHODS['session.capture'].params.parse({ target: 'x', format: 'text' }).scrollbackLines).toBe(0);
  });

  it.each([0, -1, 1.5, 4097, 100_000, '80', null, Number.NaN])('has no window of %s columns', cols => {
    expect(accepts('session.attach', { ...ATTACH, window: { cols, rows: 24 } })).toBe(false);
    expect(accepts('session.create', { ...CREATE, size: { cols: 80, rows: cols } })).toBe(false);
    expect(CLIENT_NOTIFICATIONS['attachment.resize'].safeParse({ cols, rows: 24 }).success).toBe(false);
  });

  it.each([-1, 0.5, 2 ** 53, '0', null])('has no offset %s', offset => {
    expect(accepts('session.attach', { ...ATTACH, resume: { offset, sizeGeneration: 0 } })).toBe(false);
  });

  it('has offsets up to 2^53 - 1', () => {
    expect(accepts('session.attach', { ...ATTACH, resume: { offset: 2 ** 53 - 1, sizeGeneration: 0 } })).toBe(
      true,
    );
  });

  it.each(['', 'short', TOKEN.toUpperCase(), `${TOKEN}0`, `${TOKEN}\n`, '../../../../../../etc/passwd/xxx'])(
    'has no token %j',
    token => {
      expect(accepts('session.attach', { ...ATTACH, attachment: token })).toBe(false);
      expect(accepts('session.create', { ...CREATE, idempotencyKey: token })).toBe(false);
    },
  );

  it('has 64 labels and 4096 variables at most', () => {
    const record = (members: number) =>
      Object.fromEntries(Array.from({ length: members }, (_, i) => [`K${i}`, 'v']));
    expect(accepts('session.create', { ...CREATE, labels: record(64), environment: record(4096) })).toBe(
      true,
    );
    expect(accepts('session.create', { ...CREATE, labels: record(65) })).toBe(false);
    expect(accepts('session.create', { ...CREATE, environment: record(4097) })).toBe(false);
    expect(accepts('session.label', { target: 'x', set: record(65) })).toBe(false);
  });

  it('waits no longer than a timer can measure', () => {
    const wait = (idleMs: number, timeoutMs: number) =>
      accepts('session.wait', { target: 'x', condition: { kind: 'idle', idleMs }, timeoutMs });
    expect(wait(2 ** 31 - 1, 2 ** 31 - 1)).toBe(true);
    expect(wait(2 ** 31, 0)).toBe(false);
    expect(wait(1, 2 ** 31)).toBe(false);
    expect(accepts('session.wait', { target: 'x', condition: { kind: 'moon' }, timeoutMs: 0 })).toBe(false);
  });

  it('has base64 where bytes are typed', () => {
    const send = (data: unknown) => accepts('session.send', { target: 'x', data, idempotencyKey: TOKEN });
    expect(send('bHMK')).toBe(true);
    expect(send('')).toBe(true);
    for (const bad of ['bHMK=', 'ls\n', 'bHM_', 7]) expect(send(bad)).toBe(false);
  });

  it('does not reach the prototype of anything', () => {
    const hostile = JSON.parse(
      `{"cwd":"/","idempotencyKey":"${TOKEN}","environment":{"__proto__":"x","constructor":"y"},"__proto__":{"argv":["sh"]}}`,
    );
    const parsed = METHODS['session.create'].params.parse(hostile);
    expect(parsed.argv).toBeUndefined();
    expect(
      Object.getPrototypeOf(parsed.environment) === Object.prototype ||
        Object.getPrototypeOf(parsed.environment) === null,
    ).toBe(true);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

describe('what a daemon and its pty-host send each other', () => {
  it.each(Object.entries(HOST_METHODS))(
    'is bounded in every place of a request: %s',
    (method, { params }) => {
      expect(boundsOf(params, method)).toEqual([]);
    },
  );

  it('is bounded in every command', () => {
    // An answer is bounded by the frame alone, and by what the model answers.
    for (const [name, params] of Object.entries(HOST_COMMANDS))
      expect(boundsOf(params, name)).toEqual(name === 'answer' ? ['answer.data'] : []);
  });

  it('may have members of a later release', () => {
    const { params } = HOST_METHODS.resize;
    const resize = { handle: 1, cols: 80, rows: 24, sizeGeneration: 3 };
    expect(params.parse({ ...resize, pixels: 1 })).toEqual(resize);
    expect(HOST_RECORDS.gap.parse({ from: 1, to: 2, why: 'x' })).toEqual({ from: 1, to: 2 });
    expect(DAEMON_NOTIFICATIONS['daemon.leaving'].parse({ reason: 'stop', at: 1 })).toEqual({
      reason: 'stop',
      elsewhere: [],
    });
  });

  it('has handles and channels of 32 bits from 1', () => {
    for (const handle of [0, -1, 2 ** 32, 1.5])
      expect(HOST_METHODS.forget.params.safeParse({ handle }).success).toBe(false);
    expect(HOST_METHODS.forget.params.safeParse({ handle: 2 ** 32 - 1 }).success).toBe(true);
  });
});
