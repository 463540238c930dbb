import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { TermError } from '../errors/index.ts';
import {
  decodeControl,
  decodeData,
  encodeControl,
  encodeDataHeader,
  encodeFrame,
  type Frame,
  FrameDecoder,
  FrameKind,
} from './frame-codec.ts';
import { Peer, type PeerHandlers } from './peer.ts';

const VERSIONS = { min: 1, max: 2 };
const HELLO = { hello: { protocol: VERSIONS, software: 'raw 1.0', features: [] } };
const MIB = 1024 * 1024;

const dir = mkdtempSync(join(tmpdir(), 'triterm-peer-'));
const path = join(dir, 's');
let server: Server;
let accepted: (socket: Socket) => void = () => {};
const sockets: Socket[] = [];

beforeAll(async () => {
  server = createServer(socket => accepted(socket));
  server.listen(path);
  await once(server, 'listening');
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(() => {
  server.close();
  rmSync(dir, { recursive: true, force: true });
});

/** The two ends of a unix socket. */
async function socketPair(): Promise<{ near: Socket; far: Socket }> {
  const incoming = new Promise<Socket>(resolve => {
    accepted = resolve;
  });
  const near = connect(path);
  const far = await incoming;
  for (const socket of [near, far]) socket.on('error', () => {});
  sockets.push(near, far);
  return { near, far };
}

/** What a test promises and fulfils by hand. */
function deferred<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>(fulfil => {
    resolve = fulfil;
  });
  return { promise, resolve };
}

/** Handlers that remember why the connection was closed. */
function watched(handlers: PeerHandlers = {}) {
  const closed = deferred<TermError | undefined>();
  let closes = 0;
  return {
    handlers: {
      ...handlers,
      close(error: TermError | undefined) {
        closes += 1;
        handlers.close?.(error);
        closed.resolve(error);
      },
    },
    /** Why. */
    closed: closed.promise,
    timesClosed: () => closes,
  };
}

/** Two peers that have shaken hands: `near` opened, `far` accepted. */
async function peerPair(far: PeerHandlers = {}, near: PeerHandlers = {}) {
  const ends = await socketPair();
  const nearSide = watched(near);
  const farSide = watched(far);
  const nearPeer = new Peer(ends.near, nearSide.handlers);
  const farPeer = new Peer(ends.far, farSide.handlers);
  const [welcome, hello] = await Promise.all([
    nearPeer.open(VERSIONS, 'near 1.0', ['a']),
    farPeer.accept({ min: 2, max: 3 }, 'far 2.0', ['b']),
  ]);
  return { near: nearPeer, far: farPeer, welcome, hello, nearSide, farSide, ends };
}

/** A peer that accepted, and the bare socket of what claims to be a client. */
async function accepting(handlers: PeerHandlers = {}, shakeHands = true) {
  const ends = await socketPair();
  const side = watched(handlers);
  const peer = new Peer(ends.far, side.handlers);
  const admitted = peer.accept(VERSIONS, 'far 1.0');
  admitted.catch(() => {});
  if (shakeHands) {
    ends.near.write(encodeControl(0, HELLO));
    await admitted;
  }
  return { peer, raw: ends.near, socket: ends.far, side, admitted };
}

/** Everything that a bare socket gets to read until the other side ends. */
async function readFrames(raw: Socket): Promise<Frame[]> {
  const chunks: Buffer[] = [];
  raw.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (!raw.closed) await once(raw, 'close');
  return new FrameDecoder().push(Buffer.concat(chunks));
}

/** Resolves with the first frames that satisfy the condition. */
function framesUntil(raw: Socket, satisfied: (frames: readonly Frame[]) => boolean): Promise<Frame[]> {
  const decoder = new FrameDecoder();
  const frames: Frame[] = [];
  return new Promise((resolve, reject) => {
    raw.on('close', () => reject(new Error('the connection was closed')));
    raw.on('data', (chunk: Buffer) => {
      frames.push(...decoder.push(Buffer.from(chunk)));
      if (satisfied(frames)) resolve(frames);
    });
  });
}

function code(thrown: unknown): string {
  return TermError.from(thrown).code;
}

describe('the handshake of two peers', () => {
  it('tells each what the other is, and takes the highest common version', async () => {
    const { welcome, hello } = await peerPair();
    expect(welcome).toEqual({ protocol: 2, software: 'far 2.0', features: ['b'] });
    expect(hello).toEqual({ protocol: VERSIONS, software: 'near 1.0', features: ['a'], version: 2 });
  });

  it('without a common version ends with the same error on both sides, with advice', async () => {
    const { near, far } = await socketPair();
    const opening = new Peer(near, {}).open({ min: 1, max: 1 }, 'old 1.0');
    const admitting = new Peer(far, {}).accept({ min: 2, max: 3 }, 'new 2.0');
    const [opened, admitted] = await Promise.allSettled([opening, admitting]);
    for (const outcome of [opened, admitted]) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'PROTOCOL_MISMATCH' } });
      expect((outcome as PromiseRejectedResult).reason.hint).toContain('triterm daemon restart');
    }
  });

  it('tells the reason for which a peer is not admitted', async () => {
    const { near, far } = await socketPair();
    const opening = new Peer(near, {}).open(VERSIONS, 'near');
    const admitting = new Peer(far, {}).accept(VERSIONS, 'far', [], () => {
      throw new TermError('TOO_MANY_CLIENTS', 'The house is full.');
    });
    admitting.catch(() => {});
    await expect(opening).rejects.toMatchObject({ code: 'TOO_MANY_CLIENTS', message: 'The house is full.' });
    await expect(admitting).rejects.toMatchObject({ code: 'TOO_MANY_CLIENTS' });
  });

  it('delivers the reason to a client that is still sending', async () => {
    const { raw, admitted } = await accepting({}, false);
    raw.write(
      encodeControl(0, { hello: { protocol: { min: 8, max: 9 }, software: 'eager 9', features: [] } }),
    );
    const noise = encodeFrame(FrameKind.input, 1, Buffer.alloc(60_000));
    for (let i = 0; i < 30; i += 1) raw.write(noise);
    await expect(admitted).rejects.toMatchObject({ code: 'PROTOCOL_MISMATCH' });
    raw.end();
    const [reject] = await readFrames(raw);
    expect(reject && decodeControl(reject)).toMatchObject({ reject: { code: 'PROTOCOL_MISMATCH' } });
  });

  it('cuts off a rejected client that does not leave', async () => {
    const { near, far } = await socketPair();
    near.allowHalfOpen = true;
    const admitting = new Peer(far, {}).accept(VERSIONS, 'far');
    admitting.catch(() => {});
    near.write(encodeControl(0, { hello: { protocol: { min: 9, max: 9 } } }));
    await expect(admitting).rejects.toMatchObject({ code: 'PROTOCOL_MISMATCH' });
    await once(far, 'close');
  });

  it('has a deadline on both sides', async () => {
    const silent = await socketPair();
    const accepted = new Peer(silent.far, {}).accept(VERSIONS, 'far', [], () => {}, 30);
    await expect(accepted).rejects.toMatchObject({ code: 'TIMEOUT' });
    const deaf = await socketPair();
    const opened = new Peer(deaf.near, {}).open(VERSIONS, 'near', [], 30);
    await expect(opened).rejects.toMatchObject({ code: 'TIMEOUT' });
    await once(deaf.far.resume(), 'close');
  });

  it('fails when the other side leaves in the middle of it', async () => {
    const { near, far } = await socketPair();
    const opened = new Peer(near, {}).open(VERSIONS, 'near');
    far.destroy();
    await expect(opened).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });

  it('refuses an answer in a version that was not offered', async () => {
    const { near, far } = await socketPair();
    const opened = new Peer(near, {}).open(VERSIONS, 'near');
    far.write(encodeControl(0, { welcome: { protocol: 3, software: 'liar 1', features: [] } }));
    await expect(opened).rejects.toMatchObject({ code: 'PROTOCOL_MISMATCH' });
  });

  it.each([
    ['another frame', encodeFrame(FrameKind.input, 0, Buffer.alloc(8)), 'BAD_MESSAGE'],
    ['no JSON', encodeFrame(FrameKind.control, 0, Buffer.from('{')), 'BAD_FRAME'],
    ['no hello', encodeControl(0, { id: 1, method: 'session.list', params: {} }), 'BAD_MESSAGE'],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'), 'BAD_FRAME'],
  ])('refuses a client that begins with %s', async (_what, bytes, expected) => {
    const { raw, side, admitted } = await accepting({}, false);
    raw.write(bytes);
    await expect(admitted).rejects.toMatchObject({ code: expected });
    expect(code(await side.closed)).toBe(expected);
    await readFrames(raw);
  });

  it('holds what comes on top of the hello until that is judged, in order', async () => {
    const seen: string[] = [];
    const { raw } = await accepting(
      {
        request: method => ({ seen: seen.push(method) }),
        notification: method => seen.push(method),
        data: frame => seen.push(decodeData(frame).bytes.toString()),
      },
      false,
    );
    raw.write(
      Buffer.concat([
        encodeControl(0, HELLO),
        encodeControl(1, { id: 1, method: 'first', params: {} }),
        encodeDataHeader(FrameKind.input, 1, 0, 6),
        Buffer.from('second'),
        encodeControl(1, { method: 'third', params: {} }),
      ]),
    );
    const [welcome, reply] = await framesUntil(raw, frames => frames.length === 2);
    expect(welcome && decodeControl(welcome)).toMatchObject({ welcome: { protocol: 2 } });
    expect(reply && decodeControl(reply)).toEqual({ id: 1, result: { seen: 1 } });
    expect(seen).toEqual(['first', 'second', 'third']);
  });

  it('acts on nothing that a client sent on top of a hello that is refused', async () => {
    const seen: string[] = [];
    const { raw, admitted } = await accepting({ request: method => seen.push(method) }, false);
    raw.write(
      Buffer.concat([
        encodeControl(0, { hello: { protocol: { min: 7, max: 7 } } }),
        encodeControl(0, { id: 1, method: 'session.kill', params: {} }),
      ]),
    );
    await expect(admitted).rejects.toMatchObject({ code: 'PROTOCOL_MISMATCH' });
    await readFrames(raw);
    expect(seen).toEqual([]);
  });

  it('drops a client that sends too much on top of it', async () => {
    const { raw, side } = await accepting({}, false);
    const frame = encodeControl(0, { method: 'x' });
    raw.write(Buffer.concat([encodeControl(0, HELLO), ...Array.from({ length: 100 }, () => frame)]));
    expect(code(await side.closed)).toBe('BAD_MESSAGE');
  });
});

describe('a request', () => {
  it('gets its own reply, whatever the order of the answers', async () => {
    const { near } = await peerPair({
      request: async (method, params, channel) => {
        if (method === 'slow') await new Promise(resolve => setImmediate(resolve));
        return { method, params, channel };
      },
    });
    const replies = await Promise.all([
      near.request('slow', { a: 1 }, { channel: 7 }),
      near.request('quick', { b: [2] }),
    ]);
    expect(replies).toEqual([
      { method: 'slow', params: { a: 1 }, channel: 7 },
      { method: 'quick', params: { b: [2] }, channel: 0 },
    ]);
  });

  it('may go both ways', async () => {
    const { near, far } = await peerPair({ request: () => 'far' }, { request: () => 'near' });
    expect(await Promise.all([near.request('m', {}), far.request('m', {})])).toEqual(['far', 'near']);
  });

  it('without a result is answered with an empty one', async () => {
    const { near } = await peerPair({ request: () => undefined });
    expect(await near.request('m', {})).toEqual({});
  });

  it('fails with the error that the handler threw, its hint and details', async () => {
    const { near } = await peerPair({
      request() {
        throw new TermError('NAME_TAKEN', 'It is taken.', { hint: 'Take another.', details: { name: 'x' } });
      },
    });
    await expect(near.request('m', {})).rejects.toMatchObject({
      code: 'NAME_TAKEN',
      message: 'It is taken.',
      hint: 'Take another.',
      details: { name: 'x' },
    });
  });

  it('fails with INTERNAL when the handler threw something else', async () => {
    const { near, far } = await peerPair({ request: () => Promise.reject(new RangeError('oops')) });
    await expect(near.request('m', {})).rejects.toMatchObject({ code: 'INTERNAL', message: 'oops' });
    expect(far.closed).toBe(false);
  });

  it('fails with UNKNOWN_METHOD when nobody takes requests', async () => {
    const { near } = await peerPair();
    await expect(near.request('m', {})).rejects.toMatchObject({ code: 'UNKNOWN_METHOD' });
  });

  it('fails with INTERNAL, and the connection goes on, when its result is no JSON', async () => {
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    const { near } = await peerPair({
      request(method) {
        if (method === 'error') throw new TermError('USAGE', 'm', { details: cyclic });
        return method === 'bigint' ? { n: 1n } : cyclic;
      },
    });
    await expect(near.request('cyclic', {})).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(near.request('bigint', {})).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(near.request('error', {})).rejects.toMatchObject({ code: 'USAGE', details: undefined });
  });

  it('fails with TOO_LARGE, and the connection goes on, when it or its answer fits in no frame', async () => {
    const { near } = await peerPair({
      request: method => (method === 'much' ? { text: 'x'.repeat(6 * MIB) } : { ok: true }),
    });
    await expect(near.request('m', { text: 'x'.repeat(6 * MIB) })).rejects.toMatchObject({
      code: 'TOO_LARGE',
    });
    await expect(near.request('much', {})).rejects.toMatchObject({
      code: 'TOO_LARGE',
      hint: 'Ask for less at once.',
    });
    expect(await near.request('m', {})).toEqual({ ok: true });
  });

  it('has a deadline, and its late reply disturbs nobody', async () => {
    const late = deferred();
    const { near } = await peerPair({
      request: method => (method === 'slow' ? late.promise : { ok: true }),
    });
    await expect(near.request('slow', {}, { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: 'No answer to slow within 20 ms.',
    });
    late.resolve();
    expect(await near.request('quick', {})).toEqual({ ok: true });
  });

  it('is told of its reply before anything that was sent behind it', async () => {
    const order: string[] = [];
    const { near, ends } = await peerPair({}, { notification: method => order.push(method) });
    const replied = (isError: boolean) => order.push(isError ? 'error' : 'reply');
    const requests = Promise.allSettled([
      near.request('good', {}, { replied }),
      near.request('bad', {}, { replied }),
    ]);
    ends.far.write(
      Buffer.concat([
        encodeControl(0, { id: 1, result: {} }),
        encodeControl(0, { method: 'between', params: {} }),
        encodeControl(0, { id: 2, error: { code: 'INTERNAL', message: 'no' } }),
        encodeControl(0, { method: 'behind', params: {} }),
      ]),
    );
    await requests;
    expect(order).toEqual(['reply', 'between', 'error', 'behind']);
  });

  it('without a deadline waits as long as the connection lives', async () => {
    const { near, far } = await peerPair({ request: () => new Promise(() => {}) });
    const waiting = near.request('m', {}, { timeoutMs: 0 });
    far.close();
    await expect(waiting).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });

  it('fails whatever the other side answers in place of an error', async () => {
    const { near, far } = await socketPair();
    const peer = new Peer(near, {});
    const opened = peer.open(VERSIONS, 'near');
    far.write(encodeControl(0, { welcome: { protocol: 1 } }));
    await opened;
    const errors = [null, 0, 'no', [], {}, { code: 1, message: {} }];
    const asked = errors.map(() => peer.request('m', {}));
    errors.forEach((error, i) => {
      far.write(encodeControl(0, { id: i + 1, error }));
    });
    for (const outcome of await Promise.allSettled(asked))
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'INTERNAL' } });
  });

  it('that nobody made is not missed by its answer', async () => {
    const { peer, raw } = await accepting({ request: () => ({ ok: true }) });
    raw.write(encodeControl(0, { id: 99, result: {} }));
    raw.write(encodeControl(0, { id: 99, error: { code: 'USAGE', message: 'm' } }));
    raw.write(encodeControl(0, { id: 1, method: 'm' }));
    const frames = await framesUntil(raw, all => all.length === 2);
    expect(frames[1] && decodeControl(frames[1])).toEqual({ id: 1, result: { ok: true } });
    expect(peer.closed).toBe(false);
  });

  it('is refused while 256 others are under way', async () => {
    const gate = deferred();
    let begun = 0;
    const { near } = await peerPair({
      request: async () => {
        begun += 1;
        await gate.promise;
      },
    });
    const waiting = Array.from({ length: 256 }, () => near.request('wait', {}));
    await expect(near.request('one more', {})).rejects.toMatchObject({
      code: 'TOO_MANY_WAITING',
      retryable: true,
    });
    expect(begun).toBe(256);
    gate.resolve();
    await Promise.all(waiting);
    expect(await near.request('again', {})).toEqual({});
  });
});

describe('what makes no sense', () => {
  it.each([
    ['bytes that are no frame', Buffer.from('\x00\x00\x00\x01garbage'), 'BAD_FRAME'],
    ['a frame of 4 GiB', Buffer.from('ffffffff010000000000', 'hex'), 'BAD_FRAME'],
    ['an unknown kind', Buffer.from('00000006630000000000', 'hex'), 'BAD_FRAME'],
    ['control that is no JSON', encodeFrame(FrameKind.control, 0, Buffer.from('nope')), 'BAD_FRAME'],
    ['control that is no object', encodeControl(0, 'text'), 'BAD_MESSAGE'],
    ['control that is null', encodeControl(0, null), 'BAD_MESSAGE'],
    ['neither method nor id', encodeControl(0, { params: {} }), 'BAD_MESSAGE'],
    ['an id that is no number', encodeControl(0, { id: '1', result: {} }), 'BAD_MESSAGE'],
  ])('ends the connection, not the process: %s', async (_what, bytes, expected) => {
    const { raw, side, socket } = await accepting();
    raw.write(bytes);
    expect(code(await side.closed)).toBe(expected);
    await readFrames(raw);
    expect(socket.destroyed).toBe(true);
    expect(side.timesClosed()).toBe(1);
  });

  it('fails the requests under way', async () => {
    const { peer, raw } = await accepting();
    const asked = peer.request('m', {});
    raw.write(Buffer.alloc(10));
    await expect(asked).rejects.toMatchObject({ code: 'BAD_FRAME' });
  });

  it('ends the connection when a handler says so', async () => {
    const refuse = () => {
      throw new TermError('BAD_SIZE', 'too small');
    };
    const told = await accepting({ notification: refuse });
    told.raw.write(encodeControl(1, { method: 'attachment.resize', params: {} }));
    expect(code(await told.side.closed)).toBe('BAD_SIZE');
    const fed = await accepting({ data: frame => void decodeData(frame) });
    fed.raw.write(encodeFrame(FrameKind.input, 1, Buffer.alloc(3)));
    expect(code(await fed.side.closed)).toBe('BAD_FRAME');
  });

  it('acts on nothing that follows', async () => {
    const seen: string[] = [];
    const { raw, side } = await accepting({ notification: method => seen.push(method) });
    raw.write(
      Buffer.concat([
        encodeControl(0, { method: 'before' }),
        encodeControl(0, []),
        encodeControl(0, { method: 'after' }),
      ]),
    );
    await side.closed;
    await readFrames(raw);
    expect(seen).toEqual(['before']);
  });
});

describe('data frames', () => {
  it('go both ways with channel, offset and bytes', async () => {
    const got: unknown[] = [];
    const done = deferred();
    const { near, far } = await peerPair(
      {
        data(frame) {
          got.push([frame.kind, frame.channel, decodeData(frame)]);
          far.writeAck(3, 2 ** 40, 5);
        },
      },
      {
        data(frame) {
          got.push([frame.kind, frame.channel, frame.payload.toString('hex')]);
          done.resolve();
        },
      },
    );
    near.writeData(FrameKind.input, 3, 2 ** 40, Buffer.from('ls\r'));
    await done.promise;
    expect(got).toEqual([
      [FrameKind.input, 3, { offset: 2 ** 40, bytes: Buffer.from('ls\r') }],
      [FrameKind.ack, 3, '0000010000000000' + '00000005'],
    ]);
  });

  it('may be larger from the side that accepted than from the one that opened', async () => {
    const screen = Buffer.alloc(6 * MIB, 'x');
    const painted = deferred<number>();
    const { near, far, farSide } = await peerPair(
      {},
      { data: frame => painted.resolve(decodeData(frame).bytes.length) },
    );
    far.writeData(FrameKind.snapshot, 1, 0, screen);
    expect(await painted.promise).toBe(screen.length);
    near.writeData(FrameKind.input, 1, 0, screen);
    expect(code(await farSide.closed)).toBe('BAD_FRAME');
  });

  it('are sent on as they came', async () => {
    const received: Frame[] = [];
    const { near, far } = await peerPair({ data: frame => received.push(frame) });
    const payload = Buffer.from('12345678 and bytes');
    near.forward({ kind: FrameKind.input, flags: 1, channel: 7, payload });
    payload.fill(0);
    await expect.poll(() => received.length).toBe(1);
    expect(received[0]).toMatchObject({ kind: FrameKind.input, flags: 1, channel: 7 });
    expect(received[0]?.payload.toString()).toBe('12345678 and bytes');
    far.destroy();
    await expect.poll(() => near.closed).toBe(true);
    expect(near.forward({ kind: FrameKind.input, flags: 0, channel: 7, payload })).toBe(false);
  });

  it('are ignored when nobody takes them', async () => {
    const { near } = await peerPair({ request: () => 'alive' });
    near.writeData(FrameKind.input, 1, 0, Buffer.from('x'));
    expect(await near.request('m', {})).toBe('alive');
  });
});

describe('the end of a connection', () => {
  it('comes after what was sent before', async () => {
    const told: string[] = [];
    const { near, far, nearSide, farSide } = await peerPair(
      {},
      { notification: method => told.push(method) },
    );
    for (let i = 0; i < 100; i += 1) far.notify(`n${i}`, { text: 'x'.repeat(10_000) });
    far.close();
    expect(code(await nearSide.closed)).toBe('CONNECTION_LOST');
    expect(told).toHaveLength(100);
    expect(await farSide.closed).toBeUndefined();
    expect(near.closed && far.closed).toBe(true);
    expect([nearSide.timesClosed(), farSide.timesClosed()]).toEqual([1, 1]);
  });

  it('is final: nothing is sent, nothing waits', async () => {
    const { near, far } = await peerPair();
    near.close();
    near.close();
    near.destroy();
    expect(near.notify('m', {})).toBe(false);
    expect(near.writeData(FrameKind.input, 1, 0, Buffer.from('x'))).toBe(false);
    expect(near.writeAck(1, 0, 0)).toBe(false);
    await expect(near.request('m', {})).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await vi.waitFor(() => expect(far.closed).toBe(true));
  });

  it('is at once, and frees the socket, when it is destroyed', async () => {
    const { near, far, ends, farSide } = await peerPair();
    const asked = far.request('m', {}, { timeoutMs: 0 });
    near.destroy();
    expect(ends.near.destroyed).toBe(true);
    await expect(asked).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(code(await farSide.closed)).toBe('CONNECTION_LOST');
    far.destroy(new TermError('SHUTTING_DOWN', 'bye'));
    expect(farSide.timesClosed()).toBe(1);
  });

  it('gives its reason to the requests under way', async () => {
    const { near } = await peerPair({ request: () => new Promise(() => {}) });
    const asked = near.request('m', {});
    near.destroy(new TermError('SHUTTING_DOWN', 'bye'));
    await expect(asked).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  });

  it('does not wait for ever for a side that does not read', async () => {
    const { peer, socket } = await accepting();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      while (peer.notify('n', { text: 'x'.repeat(100_000) }));
      peer.close();
      expect(socket.destroyed).toBe(false);
      vi.advanceTimersByTime(5000);
      expect(socket.destroyed).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a side that does not read', () => {
  it('is noticed, and the queue is told to have run empty when it reads again', async () => {
    const drained = deferred();
    const { peer, raw } = await accepting({ drain: () => drained.resolve() });
    while (peer.notify('n', { text: 'x'.repeat(100_000) }));
    expect(peer.queuedBytes).toBeGreaterThan(0);
    raw.resume();
    await drained.promise;
    expect(peer.queuedBytes).toBe(0);
  });

  it('is not served on while it does not read its answers, and gets every one of them when it does', async () => {
    const REQUESTS = 200;
    const answer = { text: 'x'.repeat(MIB) };
    let served = 0;
    const { raw, peer } = await accepting({
      request: () => {
        served += 1;
        return answer;
      },
    });
    let sent = 0;
    const sendMore = async (): Promise<void> => {
      while (sent < REQUESTS) {
        sent += 1;
        const isQueued = raw.write(
          encodeControl(0, { id: sent, method: 'm', params: { pad: 'x'.repeat(60_000) } }),
        );
        if (!isQueued) await once(raw, 'drain');
      }
    };
    const sending = sendMore();
    await vi.waitFor(() => expect(peer.queuedBytes).toBeGreaterThan(16 * MIB), { timeout: 20_000 });
    for (let turn = 0; turn < 50; turn += 1) await new Promise(resolve => setImmediate(resolve));
    expect(served).toBeLessThan(30);
    const frames = await framesUntil(raw, all => all.length === REQUESTS + 1);
    await sending;
    const ids = frames.slice(1).map(frame => (decodeControl(frame) as { id: number }).id);
    expect(ids).toEqual(Array.from({ length: REQUESTS }, (_, i) => i + 1));
  }, 60_000);

  it('is dropped when it leaves in the midst of that', async () => {
    const { raw, peer, side } = await accepting({ request: () => ({ text: 'x'.repeat(4 * MIB) }) });
    for (let id = 1; id <= 20; id += 1) raw.write(encodeControl(0, { id, method: 'm' }));
    await vi.waitFor(() => expect(peer.queuedBytes).toBeGreaterThan(16 * MIB), { timeout: 20_000 });
    raw.destroy();
    expect(code(await side.closed)).toBe('CONNECTION_LOST');
  });

  it('is dropped when it is told more and more', async () => {
    const { peer, side } = await accepting();
    const params = { text: 'x'.repeat(4 * MIB) };
    let told = 0;
    while (!peer.closed && told < 100) {
      peer.notify('n', params);
      told += 1;
    }
    expect(told).toBeLessThan(20);
    expect(code(await side.closed)).toBe('CONNECTION_LOST');
  });
});
