import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { encodeControl, Peer, PROTOCOL } from '@triterm/core/protocol';
import { FaultProxy } from '@triterm/core/sandbox/fault-proxy';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { awakeMs } from '../../testing/awake-time.ts';
import { WebSocketDuplex, type WebSocketDuplexOptions } from './duplex.ts';

const MAX_MESSAGE_BYTES = 300_000;

describe('a byte stream over a WebSocket', () => {
  let server: WebSocketServer;
  let port: number;
  const clients: WebSocket[] = [];

  beforeEach(async () => {
    server = new WebSocketServer({ port: 0, host: '127.0.0.1', maxPayload: MAX_MESSAGE_BYTES });
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.terminate();
    for (const client of server.clients) client.terminate();
    await new Promise(resolve => server.close(resolve));
  });

  /** The server's stream, and the client's WebSocket. */
  async function pair(options: WebSocketDuplexOptions = {}, at = port) {
    const accepted = once(server, 'connection');
    const client = new WebSocket(`ws://127.0.0.1:${at}`, { perMessageDeflate: false });
    client.on('error', () => {});
    clients.push(client);
    const messages: Buffer[] = [];
    client.on('message', data => messages.push(data as Buffer));
    const [webSocket] = (await accepted) as [WebSocket];
    const stream = new WebSocketDuplex(webSocket, options);
    await (client.readyState === client.OPEN ? undefined : once(client, 'open'));
    return { client, messages, stream };
  }

  async function closed(client: WebSocket): Promise<{ code: number; reason: string }> {
    const [code, reason] = (await once(client, 'close')) as [number, Buffer];
    return { code, reason: String(reason) };
  }

  it('sends what is written corked as one message', async () => {
    const { messages, stream } = await pair();
    stream.cork();
    stream.write('head');
    stream.write('body');
    stream.uncork();
    stream.write('next');
    await vi.waitFor(() => expect(Buffer.concat(messages).toString()).toBe('headbodynext'));
    expect(String(messages[0])).toBe('headbody');
  });

  it('cuts long runs into messages, and keeps every byte', async () => {
    const { messages, stream } = await pair();
    const bytes = Buffer.from(Array.from({ length: 1_000_000 }, (_, i) => i % 251));
    stream.write(bytes);
    await vi.waitFor(() => expect(Buffer.concat(messages).equals(bytes)).toBe(true));
    expect(Math.max(...messages.map(({ length }) => length))).toBeLessThanOrEqual(128 * 1024);
  });

  it('carries requests of peers, whatever the messages are cut into', async () => {
    const { client, stream } = await pair();
    const accepting = new Peer(stream, { request: method => ({ method }) });
    const accepted = accepting.accept(PROTOCOL, 'server');
    const hello = encodeControl(0, { hello: { protocol: PROTOCOL, software: 'x', features: [] } });
    for (const byte of hello) client.send(Buffer.of(byte));
    expect(await accepted).toMatchObject({ software: 'x' });
  });

  it('stops reading from who is not read, and goes on when it is', async () => {
    const { client, stream } = await pair();
    const chunk = Buffer.alloc(64 * 1024);
    for (let i = 0; i < 400; i += 1) client.send(chunk);
    await once(stream, 'readable');
    await new Promise(resolve => setTimeout(resolve, 200));
    // What the systems' buffers do not hold stays with its sender.
    expect(stream.readableLength).toBeLessThan(1024 * 1024);
    expect(client.bufferedAmount).toBeGreaterThan(1024 * 1024);
    let received = 0;
    stream.on('data', (data: Buffer) => {
      received += data.length;
    });
    await vi.waitFor(() => expect(received).toBe(400 * chunk.length), 10_000);
  });

  it('tells that the other side is slow', async () => {
    const { client, stream } = await pair();
    client.pause();
    const chunk = Buffer.alloc(64 * 1024);
    let writes = 0;
    while (stream.write(chunk) || stream.writableLength < 1024 * 1024) {
      writes += 1;
      await new Promise(resolve => setImmediate(resolve));
      if (writes > 10_000) throw new Error('it takes everything');
    }
    expect(stream.writableNeedDrain).toBe(true);
    client.resume();
    await once(stream, 'drain');
    expect(stream.writableLength).toBe(0);
  });

  it('ends with a handshake, after what was written', async () => {
    const { client, messages, stream } = await pair();
    stream.resume();
    stream.write('goodbye');
    stream.end();
    expect(await closed(client)).toEqual({ code: 1000, reason: '' });
    expect(String(messages[0])).toBe('goodbye');
    if (!stream.closed) await once(stream, 'close');
  });

  it('ends with the code and reason that it was given', async () => {
    const { client, stream } = await pair();
    stream.partWith(4401, 'TOKEN_REVOKED');
    stream.end();
    expect(await closed(client)).toEqual({ code: 4401, reason: 'TOKEN_REVOKED' });
  });

  it('refuses at once, in front of what is queued', async () => {
    const { client, stream } = await pair();
    const received: Buffer[] = [];
    stream.on('data', data => received.push(data));
    const over = closed(client);
    const refusedMs = awakeMs();
    stream.refuse(4401, 'no more');
    for (let i = 0; i < 20; i += 1) client.send(Buffer.alloc(64 * 1024));
    expect(await over).toEqual({ code: 4401, reason: 'no more' });
    // The answer is read, behind all that came in front of it.
    expect(awakeMs() - refusedMs).toBeLessThan(2000);
    expect(stream.destroyed).toBe(true);
    expect(received).toEqual([]);
  });

  it('cuts the connection when it is destroyed', async () => {
    const { client, stream } = await pair();
    stream.destroy();
    expect(await closed(client)).toMatchObject({ code: 1006 });
  });

  it('ends when the other side closes, after the bytes that came before', async () => {
    const { client, stream } = await pair();
    client.send(Buffer.from('last'));
    client.close();
    await closed(client);
    // What is written now is no error: it goes nowhere, and the end is told in its turn.
    stream.write('too late');
    const received: Buffer[] = [];
    stream.on('data', data => received.push(data));
    await once(stream, 'close');
    expect(String(Buffer.concat(received))).toBe('last');
  });

  it('refuses text with 1003, and messages that are too large with 1009', async () => {
    const text = await pair();
    text.client.send('text');
    expect(await closed(text.client)).toMatchObject({ code: 1003 });
    const large = await pair();
    large.client.send(Buffer.alloc(MAX_MESSAGE_BYTES + 1));
    expect(await closed(large.client)).toMatchObject({ code: 1009 });
    expect(large.stream.destroyed).toBe(true);
  });

  it('does not take a side for dead that it does not listen to', async () => {
    const { client, stream } = await pair({ pingIntervalMs: 60, pongTimeoutMs: 40 });
    const sent = Buffer.alloc(8 * 1024 * 1024, 'x');
    for (let at = 0; at < sent.length; at += 65_536) client.send(sent.subarray(at, at + 65_536));
    await new Promise(resolve => setTimeout(resolve, 400));
    expect(stream.destroyed).toBe(false);
    let received = 0;
    stream.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    await vi.waitFor(() => expect(received).toBe(sent.length));
  });

  it.each([
    ['though it speaks', (stream: WebSocketDuplex) => void stream.resume()],
    ['though it is not listened to itself', () => {}],
  ])('cuts off who takes nothing of what waits, %s', async (_how, listen) => {
    const { client, stream } = await pair({ pingIntervalMs: 60, pongTimeoutMs: 40, stallTimeoutMs: 300 });
    listen(stream);
    client.pause();
    const talking = setInterval(() => client.send(Buffer.alloc(65_536)), 10);
    try {
      const beganMs = performance.now();
      stream.write(Buffer.alloc(16 * 1024 * 1024));
      const [error] = await once(stream, 'error');
      expect(error).toMatchObject({ code: 'CONNECTION_LOST' });
      expect(performance.now() - beganMs).toBeGreaterThan(300);
    } finally {
      clearInterval(talking);
    }
  });

  it('keeps who takes what waits, however slowly', async () => {
    const { client, messages, stream } = await pair({
      pingIntervalMs: 60,
      pongTimeoutMs: 40,
      stallTimeoutMs: 300,
    });
    // It is not listened to, so that its pongs don't count.
    client.send(Buffer.alloc(200_000));
    client.on('message', () => client.pause());
    const taking = setInterval(() => client.resume(), 15);
    try {
      for (let i = 0; i < 96; i += 1) stream.write(Buffer.alloc(128 * 1024));
      await vi.waitFor(() => expect(messages).toHaveLength(96), 10_000);
      expect(stream.destroyed).toBe(false);
    } finally {
      clearInterval(taking);
    }
  });

  it('ends when the other side has vanished without a word', async () => {
    await using proxy = await FaultProxy.start({ port });
    const { stream } = await pair({ pingIntervalMs: 60, pongTimeoutMs: 40 }, proxy.port);
    stream.resume();
    await new Promise(resolve => setTimeout(resolve, 200));
    expect(stream.destroyed).toBe(false);
    proxy.set({ kind: 'halfOpen' });
    const [error] = await once(stream, 'error');
    expect(error).toMatchObject({ code: 'CONNECTION_LOST' });
  });

  it('calls nobody dead who has answered while this process stood still', async () => {
    const accepted = once(server, 'connection');
    const elsewhere = new Worker(
      `const { WebSocket } = require('ws'); new WebSocket('ws://127.0.0.1:${port}', { perMessageDeflate: false });`,
      { eval: true },
    );
    const [webSocket] = (await accepted) as [WebSocket];
    const ping = webSocket.ping.bind(webSocket);
    let pings = 0;
    webSocket.ping = (...args: Parameters<typeof ping>) => {
      ping(...args);
      pings += 1;
      // What follows next are timers, and only then what has come.
      setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150));
    };
    const stream = new WebSocketDuplex(webSocket, { pingIntervalMs: 60, pongTimeoutMs: 40 });
    stream.resume();
    try {
      await vi.waitFor(() => expect(pings).toBe(4));
      expect(stream.destroyed).toBe(false);
    } finally {
      stream.destroy();
      await elsewhere.terminate();
    }
  });
});
