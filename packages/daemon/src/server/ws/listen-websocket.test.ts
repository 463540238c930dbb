import { once } from 'node:events';
import { request } from 'node:http';
import { SOCKET_OWNER } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { encodeControl, PROTOCOL, VERSION } from '@triterm/core/protocol';
import { FaultProxy } from '@triterm/core/sandbox/fault-proxy';
import { connectWebSocket } from '@triterm/core/websocket';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { type HarnessOptions, ListenerHarness, TOKEN } from './testing/listener-harness.ts';
import { endOf } from './testing/raw-websocket.ts';

const HELLO = encodeControl(0, { hello: { protocol: PROTOCOL, software: 'raw 1.0', features: [] } });

describe('the WebSocket listener', () => {
  let stack = new AsyncDisposableStack();
  afterEach(async () => {
    await stack.disposeAsync();
    stack = new AsyncDisposableStack();
  });

  async function start(options: HarnessOptions = {}): Promise<ListenerHarness> {
    return stack.use(await ListenerHarness.start(options));
  }

  async function open(webSocket: WebSocket): Promise<WebSocket> {
    await once(webSocket, 'open');
    return webSocket;
  }

  it.each([{ tls: false }, { tls: true }])('serves who has a token: %o', async options => {
    const harness = await start({ ...options, endpoints: ['wss://b', 'wss://c'] });
    harness.answer = (_method, { connection }) => ({
      user: connection.principal.userId,
      remote: connection.remote,
    });
    const stream = await connectWebSocket({
      url: harness.url,
      bearer: TOKEN,
      timeoutMs: 5000,
      ...(harness.certificates === undefined ? {} : { ca: harness.certificates.pem() }),
    });
    stream.destroy();
    const peer = await harness.client();
    expect(await peer.request('session.list', {})).toEqual({ user: 'ada', remote: true });
    expect(harness.tokens.seen.at(-1)).toEqual({
      bearer: TOKEN,
      onBehalfOf: undefined,
    });
  });

  it('tells of other servers, and nothing of its own processes', async () => {
    const endpoints = Array.from({ length: 20 }, (_, i) => `wss://server-${i}`);
    const harness = await start({ endpoints });
    const webSocket = await open(harness.webSocket());
    webSocket.send(HELLO);
    const [data] = (await once(webSocket, 'message')) as [Buffer];
    expect(JSON.parse(data.subarray(10).toString())).toEqual({
      welcome: {
        protocol: PROTOCOL.max,
        software: `tritermd ${VERSION}`,
        features: endpoints.slice(0, 16).map(url => `endpoint:${url}`),
      },
    });
    expect(webSocket.protocol).toBe('triterm.v1');
    expect(webSocket.extensions).toBe('');
  });

  it('takes a browser’s token from its subprotocols, and does not send it back', async () => {
    const harness = await start({ origins: ['https://term.example'] });
    const webSocket = await open(
      harness.webSocket({
        protocols: ['triterm.v1', `triterm.bearer.${TOKEN}`],
        origin: 'https://term.example',
        token: undefined,
      }),
    );
    webSocket.send(HELLO);
    await once(webSocket, 'message');
    expect(webSocket.protocol).toBe('triterm.v1');
    expect(harness.tokens.seen[0]?.bearer).toBe(TOKEN);
  });

  it('passes on for whom another server speaks', async () => {
    const harness = await start();
    await harness.client({ headers: { 'Triterm-Principal': 'e30' } });
    expect(harness.tokens.seen[0]?.onBehalfOf).toBe('e30');
  });

  it.each([
    ['a strange host name', { headers: { Host: 'evil.example' } }, 403, 'ORIGIN_REFUSED'],
    ['a strange origin', { origin: 'https://evil.example' }, 403, 'ORIGIN_REFUSED'],
    [
      'an origin of another scheme',
      { origin: 'ftp://localhost', headers: { Host: 'localhost' } },
      403,
      'ORIGIN_REFUSED',
    ],
    ['an origin that hides', { origin: 'null' }, 403, 'ORIGIN_REFUSED'],
    ['a token in the URL', { path: '/?token=good-token' }, 400, 'BAD_MESSAGE'],
    ['another path', { path: '/metrics' }, 404, 'BAD_MESSAGE'],
    ['no subprotocol', { protocols: [] }, 400, 'BAD_MESSAGE'],
    ['another subprotocol', { protocols: ['mqtt'] }, 400, 'BAD_MESSAGE'],
  ])('refuses %s before the upgrade', async (_what, options, status, code) => {
    const harness = await start();
    expect(await endOf(harness.webSocket(options))).toEqual({ status, code });
    expect(harness.tokens.seen).toEqual([]);
    expect(JSON.stringify(harness.logged)).toContain(code);
    expect(JSON.stringify(harness.logged)).not.toContain(TOKEN);
  });

  it('admits hosts and origins that are allowed, and its own', async () => {
    const harness = await start({ hosts: ['term.example'], origins: ['https://app.example'] });
    for (const { origin, host } of [
      { origin: 'https://app.example', host: 'term.example:8443' },
      { origin: 'http://term.example:8443', host: 'term.example:8443' },
      { origin: `http://localhost:${harness.port}`, host: `localhost:${harness.port}` },
    ])
      await open(harness.webSocket({ origin, headers: { Host: host } }));
    expect(harness.connections).toBe(3);
  });

  it.each([
    ['GET', '/', 426],
    ['GET', '/v1', 426],
    ['GET', '/secret', 404],
    ['POST', '/', 404],
    ['GET', '/?token=x', 400],
  ])('answers plain HTTP: %s %s with %i', async (method, path, status) => {
    const { port } = await start();
    const asked = request({ host: '127.0.0.1', port, method, path, agent: false }).end();
    const [response] = await once(asked, 'response');
    let body = '';
    for await (const chunk of response) body += String(chunk);
    expect(response.statusCode).toBe(status);
    expect(JSON.parse(body)).toMatchObject({ error: { code: 'BAD_MESSAGE' } });
  });

  it.each([
    ['TOKEN_REFUSED', 4401],
    ['TOKEN_REVOKED', 4401],
    ['TOKEN_EXPIRED', 4401],
    ['SCOPE_REFUSED', 4403],
    ['TOO_MANY_CONNECTIONS', 4429],
    ['STORE_UNAVAILABLE', 1013],
  ] as const)('tells who is not let in why: %s, closed with %i', async (code, closeCode) => {
    const harness = await start();
    harness.tokens.refusal = new TermError(code, 'Not you.');
    const webSocket = harness.webSocket({ token: 'bad' });
    expect(await endOf(webSocket)).toEqual({ closeCode, code, reason: `${code}: Not you.` });
    await expect(harness.client({ bearer: 'bad' })).rejects.toMatchObject({ code });
    await vi.waitFor(() => expect(harness.connections).toBe(0));
    expect(JSON.stringify(harness.logged)).not.toContain('bad');
  });

  it('asks who has no token for one', async () => {
    const harness = await start();
    expect(await endOf(harness.webSocket({ token: undefined }))).toMatchObject({
      closeCode: 4401,
      code: 'TOKEN_REQUIRED',
    });
  });

  it('ends a connection at once, with the reason, when its token is revoked', async () => {
    const harness = await start();
    const webSocket = await open(harness.webSocket());
    webSocket.send(HELLO);
    await once(webSocket, 'message');
    const over = endOf(webSocket);
    harness.tokens.revokeAll(new TermError('TOKEN_REVOKED', 'Somebody took it back.'));
    await vi.waitFor(() => expect(harness.server.clients).toBe(0));
    expect(await over).toEqual({ closeCode: 4401, reason: 'TOKEN_REVOKED: Somebody took it back.' });
    expect(harness.tokens.released).toBe(1);
  });

  it('gives an admission back when the client has gone', async () => {
    const harness = await start();
    const peer = await harness.client();
    expect(harness.tokens.released).toBe(0);
    peer.close();
    await vi.waitFor(() => expect(harness.tokens.released).toBe(1));
  });

  it('takes no more connections than it may have, and then again', async () => {
    const harness = await start({ maxConnections: 2 });
    const first = await open(harness.webSocket());
    await open(harness.webSocket());
    expect(await endOf(harness.webSocket())).toEqual({ status: 503, code: 'TOO_MANY_CONNECTIONS' });
    first.close();
    await vi.waitFor(() => expect(harness.connections).toBe(1));
    await open(harness.webSocket());
  });

  it('follows a change of its limits, and keeps who is there', async () => {
    const harness = await start({ maxConnections: 2 });
    const webSockets = [await open(harness.webSocket()), await open(harness.webSocket())];
    const limits = { hosts: [], origins: [], maxHandshakesPerSecond: 1000 };
    harness.setLimits({ ...limits, maxConnections: 1 });
    expect(await endOf(harness.webSocket())).toEqual({ status: 503, code: 'TOO_MANY_CONNECTIONS' });
    expect(webSockets.map(({ readyState, OPEN }) => readyState === OPEN)).toEqual([true, true]);
    harness.setLimits({ ...limits, maxConnections: 4, origins: ['https://term.example.org'] });
    await open(harness.webSocket({ origin: 'https://term.example.org' }));
    harness.setLimits({ ...limits, maxConnections: 5 });
    expect(await endOf(harness.webSocket({ origin: 'https://term.example.org' }))).toMatchObject({
      code: 'ORIGIN_REFUSED',
    });
    harness.setLimits({ ...limits, maxConnections: 5, maxHandshakesPerSecond: 4 });
    await open(harness.webSocket());
    expect(await endOf(harness.webSocket())).toEqual({ status: 429, code: 'TOO_MANY_HANDSHAKES' });
  });

  it('turns away who speaks no common protocol, text, or too much at once', async () => {
    const harness = await start();
    const strange = await open(harness.webSocket());
    const rejected = endOf(strange);
    strange.send(
      encodeControl(0, { hello: { protocol: { min: 99, max: 99 }, software: 'x', features: [] } }),
    );
    expect(await rejected).toMatchObject({ closeCode: 1008, code: 'PROTOCOL_MISMATCH' });
    const text = await open(harness.webSocket());
    text.send('hello');
    expect(await endOf(text)).toMatchObject({ closeCode: 1003 });
    const large = await open(harness.webSocket());
    large.send(Buffer.alloc(6 * 1024 * 1024));
    expect(await endOf(large)).toMatchObject({ closeCode: 1009 });
    expect(await (await harness.client()).request('session.list', {})).toEqual({ method: 'session.list' });
  });

  it('says goodbye when it leaves', async () => {
    const harness = await start();
    const told: string[] = [];
    await harness.client({}, told);
    const webSocket = await open(harness.webSocket());
    webSocket.send(HELLO);
    await once(webSocket, 'message');
    const over = once(webSocket, 'close');
    harness.closeListener();
    await harness.server.close('restart');
    expect((await over)[0]).toBe(1001);
    expect(told).toEqual(['daemon.leaving {"reason":"restart"}']);
    await expect(harness.client()).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' });
  });

  it('lets nobody in who was being looked up when it left', async () => {
    const harness = await start();
    let lookedUp: () => void = () => {};
    harness.tokens.delay = new Promise(resolve => {
      lookedUp = resolve;
    });
    const over = endOf(harness.webSocket());
    await vi.waitFor(() => expect(harness.tokens.seen).toHaveLength(1));
    harness.closeListener();
    lookedUp();
    expect(await over).toMatchObject({ closeCode: 1013, code: 'SHUTTING_DOWN' });
    expect(harness.tokens.released).toBe(1);
  });

  it('drops a client that has vanished without a word', async () => {
    const harness = await start({ heartbeat: { pingIntervalMs: 60, pongTimeoutMs: 40 } });
    await using proxy = await FaultProxy.start({ port: harness.port });
    const webSocket = await open(harness.webSocket({}, proxy.port));
    webSocket.send(HELLO);
    await once(webSocket, 'ping');
    expect(harness.server.clients).toBe(1);
    proxy.set({ kind: 'halfOpen' });
    await vi.waitFor(() => expect(harness.connections).toBe(0));
    expect(harness.server.clients).toBe(0);
  });

  it('does not start where something else listens', async () => {
    const { port } = await start();
    const taken = import('./listen-websocket.ts').then(({ listenWebSocket }) =>
      listenWebSocket({
        address: { host: '127.0.0.1', port, tls: undefined },
        hosts: [],
        origins: [],
        maxConnections: 1,
        maxHandshakesPerSecond: 1,
        authenticator: { authenticate: () => Promise.reject(new Error()), close: () => {} },
        accept: () => {},
        log: { info: () => {}, warn: () => {}, error: () => {} },
      }),
    );
    await expect(taken).rejects.toMatchObject({
      code: 'DAEMON_START_FAILED',
      message: expect.stringContaining(`ws://127.0.0.1:${port}`),
    });
  });

  it('is the unix socket’s owner for nobody', async () => {
    const harness = await start();
    harness.answer = (_method, { principal }) => principal;
    const principal = await (await harness.client()).request('session.list', {});
    expect(principal).not.toMatchObject({ userId: SOCKET_OWNER.userId });
  });
});
