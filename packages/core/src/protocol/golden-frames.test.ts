import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  decodeAck,
  decodeControl,
  decodeData,
  encodeAck,
  encodeControl,
  encodeDataHeader,
  type Frame,
  FrameDecoder,
  FrameKind,
} from './frame-codec.ts';
import { parseHello, parseWelcome } from './handshake.ts';
import { CLIENT_NOTIFICATIONS, DAEMON_NOTIFICATIONS, METHODS } from './messages.ts';
import { HOST_COMMANDS, HOST_METHODS, HOST_RECORDS } from './pty-host-messages.ts';

/** A frame as a release has once sent it. `scripts/add-golden-frames.mjs` adds; nothing here is ever changed. */
type Golden = { name: string; from: string; hex: string } & (
  | { kind: 'control'; channel: number; message: Message }
  | { kind: 'output' | 'input' | 'snapshot'; channel: number; offset: number; bytes: string }
  | { kind: 'ack'; channel: number; offset: number; snapshots: number }
  | { kind: 'unknown' }
);

interface Message {
  id?: number;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: unknown;
}

interface Protocol {
  readonly file: string;
  readonly methods: Record<string, { params: z.ZodType; result: z.ZodType }>;
  /** Notifications by their kind in the fixtures' names. */
  readonly told: Record<string, Record<string, z.ZodType>>;
}

const PROTOCOLS: Protocol[] = [
  {
    file: 'client.json',
    methods: METHODS,
    told: { notification: { ...CLIENT_NOTIFICATIONS, ...DAEMON_NOTIFICATIONS } },
  },
  { file: 'pty-host.json', methods: HOST_METHODS, told: { command: HOST_COMMANDS, record: HOST_RECORDS } },
];

function readGolden(file: string): Golden[] {
  return JSON.parse(readFileSync(new URL(`./fixtures/v1/${file}`, import.meta.url), 'utf8'));
}

function decode(hex: string): Frame[] {
  return new FrameDecoder().push(Buffer.from(hex, 'hex'));
}

/** Today's bytes of the same frame. */
function encode(golden: Exclude<Golden, { kind: 'unknown' }>): Buffer {
  if (golden.kind === 'control') return encodeControl(golden.channel, golden.message);
  if (golden.kind === 'ack') return encodeAck(golden.channel, golden.offset, golden.snapshots);
  const bytes = Buffer.from(golden.bytes, 'hex');
  return Buffer.concat([
    encodeDataHeader(FrameKind[golden.kind], golden.channel, golden.offset, bytes.length),
    bytes,
  ]);
}

/** A value as a peer of the next release might send it: more members in every object that is no dictionary. */
function fromTheFuture(schema: z.core.$ZodType, value: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return value === undefined || value === null ? value : fromTheFuture(schema.def.innerType, value);
  if (schema instanceof z.ZodArray)
    return (value as unknown[]).map(item => fromTheFuture(schema.def.element, item));
  if (schema instanceof z.ZodUnion) {
    const branch = schema.def.options.find(option => z.safeParse(option, value).success);
    return branch === undefined ? value : fromTheFuture(branch, value);
  }
  if (!(schema instanceof z.ZodObject)) return value;
  const more: Record<string, unknown> = { fromTheFuture: { nested: [1] } };
  for (const [name, member] of Object.entries(value as object)) {
    const known = schema.def.shape[name];
    more[name] = known === undefined ? member : fromTheFuture(known, member);
  }
  return more;
}

/** The schema of what a message says, by the fixture's name. */
function schemaOf({ methods, told }: Protocol, { name }: Golden): z.ZodType | undefined {
  const [what = '', method = ''] = name.split(' ');
  if (what === 'request') return methods[method]?.params;
  if (what === 'reply') return methods[method]?.result;
  return told[what]?.[method];
}

function contentOf(golden: Golden): unknown {
  if (golden.kind !== 'control') return undefined;
  return golden.name.startsWith('reply') ? golden.message.result : golden.message.params;
}

describe.each(PROTOCOLS)('the golden frames of protocol 1 in $file', protocol => {
  const all = readGolden(protocol.file);
  const titled = all.map(golden => [`${golden.from}: ${golden.name}`, golden] as const);

  it.each(titled)('are decoded for ever: %s', (_title, golden) => {
    const frames = decode(golden.hex);
    if (golden.kind === 'unknown') {
      expect(frames).toEqual([]);
      return;
    }
    const [frame, ...others] = frames;
    expect(others).toEqual([]);
    if (frame === undefined) throw new Error('no frame');
    expect(frame).toMatchObject({ kind: FrameKind[golden.kind], flags: 0, channel: golden.channel });
    if (golden.kind === 'control') {
      expect(decodeControl(frame)).toEqual(golden.message);
    } else if (golden.kind === 'ack') {
      expect(decodeAck(frame)).toEqual({ offset: golden.offset, snapshots: golden.snapshots });
    } else {
      const { offset, bytes } = decodeData(frame);
      expect([offset, bytes.toString('hex')]).toEqual([golden.offset, golden.bytes]);
    }
  });

  it.each(titled.filter(([, { kind }]) => kind !== 'unknown'))(
    'are what is sent today: %s',
    (_title, golden) => {
      if (golden.kind !== 'unknown') expect(encode(golden).toString('hex')).toBe(golden.hex);
    },
  );

  const messages = titled.filter(([, golden]) => schemaOf(protocol, golden) !== undefined);

  it.each(messages)('say what today’s schema understands: %s', (_title, golden) => {
    const schema = schemaOf(protocol, golden);
    const content = contentOf(golden);
    expect(schema?.parse(content)).toMatchObject(content as object);
  });

  it.each(messages)('are understood with members of a later release: %s', (_title, golden) => {
    const schema = schemaOf(protocol, golden);
    if (schema === undefined) throw new Error('no schema');
    const content = contentOf(golden);
    const later = fromTheFuture(schema, content);
    expect(JSON.stringify(later)).toContain('fromTheFuture');
    expect(schema.parse(later)).toEqual(schema.parse(content));
  });

  it('hold every message of both directions', () => {
    const names = new Set(all.map(({ name }) => name));
    const wanted = [
      ...Object.keys(protocol.methods).flatMap(method => [`request ${method}`, `reply ${method}`]),
      ...Object.entries(protocol.told).flatMap(([what, told]) =>
        Object.keys(told).map(name => `${what} ${name}`),
      ),
      'hello',
      'welcome',
      'reject',
      'reply with an error',
    ];
    expect(wanted.filter(name => !names.has(name))).toEqual([]);
  });

  it('hold every kind of frame', () => {
    const kinds = new Set<string>(all.map(({ kind }) => kind));
    expect([...Object.keys(FrameKind), 'unknown'].filter(kind => !kinds.has(kind))).toEqual([]);
  });

  it('begin a connection', () => {
    const message = (name: string): unknown => {
      const golden = all.find(one => one.name === name);
      return golden?.kind === 'control' ? golden.message : undefined;
    };
    expect(parseHello(message('hello')).protocol).toEqual({ min: 1, max: 1 });
    expect(parseWelcome(message('welcome')).protocol).toBe(1);
    expect(() => parseWelcome(message('reject'))).toThrow(
      expect.objectContaining({ code: 'PROTOCOL_MISMATCH' }),
    );
  });

  it('are decoded as one stream', () => {
    const stream = Buffer.from(all.map(({ hex }) => hex).join(''), 'hex');
    expect(new FrameDecoder().push(stream)).toHaveLength(all.filter(({ kind }) => kind !== 'unknown').length);
  });
});
