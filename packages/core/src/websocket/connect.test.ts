import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import tls from 'node:tls';
import { TermError } from '@triterm/core/errors';
import { Certificates } from '@triterm/core/sandbox/certificates';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { type ConnectOptions, connectWebSocket } from './connect.ts';

const TIMEOUT_MS = 5000;

describe('connecting to a server', () => {
  let stack: AsyncDisposableStack;
  beforeEach(() => {
    stack = new AsyncDisposableStack();
  });
  afterEach(() => stack.disposeAsync());

  async function listening(server: Server): Promise<number> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    stack.defer(() => {
      server.close();
      server.closeAllConnections();
    });
    return (server.address() as AddressInfo).port;
  }

  /** A server that takes everybody, and remembers with which headers they came. */
  async function serve(server: Server = createHttpServer()) {
    const webSockets = new WebSocketServer({ server });
    stack.defer(() => {
      for (const client of webSockets.clients) client.terminate();
    });
    const requests: IncomingMessage[] = [];
    webSockets.on('connection', (webSocket, request) => {
      requests.push(request);
      webSocket.on('message', data => webSocket.send(data as Buffer));
    });
    return { port: await listening(server), requests };
  }

  async function connect(options: Partial<ConnectOptions> & { url: string }) {
    const stream = await connectWebSocket({ bearer: undefined, timeoutMs: TIMEOUT_MS, ...options });
    stack.defer(() => {
      stream.destroy();
    });
    return stream;
  }

  async function failure(options: Partial<ConnectOptions> & { url: string }): Promise<TermError> {
    const error: unknown = await connect(options).then(
      () => undefined,
      thrown => thrown,
    );
    if (!(error instanceof TermError)) throw new Error(`expected a TermError, got ${String(error)}`);
    return error;
  }

  it('carries bytes both ways, and shows the token in the header only', async () => {
    const { port, requests } = await serve();
    const stream = await connect({
      url: `ws://127.0.0.1:${port}`,
      bearer: 'S3CRET',
      headers: { 'Triterm-Principal': 'x' },
    });
    stream.write('hello');
    const [data] = await once(stream, 'data');
    expect(String(data)).toBe('hello');
    expect(requests[0]).toMatchObject({
      url: '/',
      headers: {
        authorization: 'Bearer S3CRET',
        'triterm-principal': 'x',
        'sec-websocket-protocol': 'triterm.v1',
      },
    });
    expect(requests[0]?.headers).not.toHaveProperty('sec-websocket-extensions');
    expect(requests[0]?.headers).not.toHaveProperty('origin');
  });

  it('hands over what the server says first, also when it hangs up at once', async () => {
    const server = createHttpServer();
    const webSockets = new WebSocketServer({ server });
    webSockets.on('connection', webSocket => {
      webSocket.send(Buffer.from('no'));
      webSocket.close(4401, 'TOKEN_REFUSED');
    });
    const stream = await connect({ url: `ws://127.0.0.1:${await listening(server)}` });
    stream.write('who reads this?');
    await new Promise(resolve => setTimeout(resolve, 50));
    const received: Buffer[] = [];
    stream.on('data', chunk => received.push(chunk));
    await once(stream, 'close');
    expect(String(Buffer.concat(received))).toBe('no');
  });

  it('verifies the certificate', async () => {
    const [certificates, other, elsewhere] = [
      new Certificates(),
      new Certificates(),
      new Certificates(['DNS:elsewhere']),
    ];
    for (const made of [certificates, other, elsewhere]) stack.defer(() => made.dispose());
    const secure = ({ certFile, keyFile }: Certificates) =>
      createHttpsServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
    const { port } = await serve(secure(certificates));
    const url = `wss://127.0.0.1:${port}`;
    await connect({ url, ca: certificates.pem() });
    await connect({ url: `wss://localhost:${port}`, ca: certificates.pem() });

    expect(await failure({ url, ca: other.pem() })).toMatchObject({
      code: 'CERTIFICATE_REFUSED',
      message: expect.stringMatching(/127\.0\.0\.1:\d+ is not accepted: self-signed certificate/),
    });
    expect(await failure({ url })).toMatchObject({ code: 'CERTIFICATE_REFUSED' });
    expect(await failure({ url, ca: 'rubbish' })).toMatchObject({ code: 'CERTIFICATE_REFUSED' });
    const { port: wrongName } = await serve(secure(elsewhere));
    expect(await failure({ url: `wss://127.0.0.1:${wrongName}`, ca: elsewhere.pem() })).toMatchObject({
      code: 'CERTIFICATE_REFUSED',
      message: expect.stringContaining("IP: 127.0.0.1 is not in the cert's list"),
    });
  });

  it('verifies the certificate whatever the environment says', async () => {
    const certificates = new Certificates();
    stack.defer(() => certificates.dispose());
    const { certFile, keyFile } = certificates;
    const { port } = await serve(
      createHttpsServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }),
    );
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    stack.defer(() => {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    });
    expect(await failure({ url: `wss://localhost:${port}` })).toMatchObject({ code: 'CERTIFICATE_REFUSED' });
  });

  it('speaks no TLS 1.1, whatever the process would', async () => {
    const certificates = new Certificates();
    stack.defer(() => certificates.dispose());
    const { DEFAULT_CIPHERS, DEFAULT_MIN_VERSION } = tls;
    stack.defer(() => {
      Object.assign(tls, { DEFAULT_CIPHERS, DEFAULT_MIN_VERSION });
    });
    Object.assign(tls, { DEFAULT_CIPHERS: 'DEFAULT:@SECLEVEL=0', DEFAULT_MIN_VERSION: 'TLSv1.1' });
    const { certFile, keyFile } = certificates;
    const files = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
    const { port } = await serve(createHttpsServer({ ...files, maxVersion: 'TLSv1.1' }));
    const error = await failure({ url: `wss://127.0.0.1:${port}`, ca: certificates.pem() });
    expect(error.code).toBe('SERVER_UNREACHABLE');
    expect(error.message).toMatch(/version|protocol/i);
  });

  it.each<[string, Partial<ConnectOptions> & { url: string }, string]>([
    ['plain text to another machine', { url: 'ws://10.0.0.1:1' }, 'TLS_REQUIRED'],
    ['a password in the URL', { url: 'wss://a:b@127.0.0.1:1' }, 'USAGE'],
    ['a token that can be none', { url: 'ws://127.0.0.1:1', bearer: 'a\r\nX: y' }, 'TOKEN_REFUSED'],
  ])('is refused for %s', async (_what, options, code) => {
    expect((await failure(options)).code).toBe(code);
  });

  it('tells what a server answers instead of an upgrade', async () => {
    const answer = (_request: IncomingMessage, response: ServerResponse) =>
      response
        .writeHead(429)
        .end(JSON.stringify({ error: { code: 'TOO_MANY_HANDSHAKES', message: 'Slower.', hint: 'Wait.' } }));
    const port = await listening(createHttpServer(answer));
    expect(await failure({ url: `ws://127.0.0.1:${port}` })).toMatchObject({
      code: 'TOO_MANY_HANDSHAKES',
      message: 'Slower.',
      hint: 'Wait.',
    });
  });

  it.each([
    ['an HTML page', (response: ServerResponse) => response.writeHead(502).end('<h1>Bad gateway</h1>')],
    [
      'a redirect',
      (response: ServerResponse) => response.writeHead(302, { Location: 'ws://evil.example' }).end(),
    ],
    ['endless text', (response: ServerResponse) => response.writeHead(500).end('x'.repeat(10_000_000))],
  ])('is not fooled by %s', async (_what, answer) => {
    const port = await listening(createHttpServer((_request, response) => answer(response)));
    expect(await failure({ url: `ws://127.0.0.1:${port}`, unreachable: 'DAEMON_UNREACHABLE' })).toMatchObject(
      {
        code: 'DAEMON_UNREACHABLE',
        message: expect.stringMatching(
          /^Cannot connect to 127\.0\.0\.1:\d+: it answers with HTTP status \d+$/,
        ),
      },
    );
  });

  it('says that nobody listens, with the next step that it was given', async () => {
    const server = createHttpServer();
    const port = await listening(server);
    server.close();
    expect(await failure({ url: `ws://127.0.0.1:${port}`, hint: 'Do this.' })).toMatchObject({
      code: 'SERVER_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED'),
      hint: 'Do this.',
    });
    expect((await failure({ url: `ws://localhost:${port}` })).message).toContain('ECONNREFUSED');
    expect((await failure({ url: 'wss://nowhere.invalid' })).code).toBe('SERVER_UNREACHABLE');
  });

  it('gives up a server that does not answer, at the deadline and on request', async () => {
    const sockets: Socket[] = [];
    const silent = createServer(socket => sockets.push(socket.on('error', () => {})));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    stack.defer(() => {
      silent.close();
      for (const socket of sockets) socket.destroy();
    });
    const { port } = silent.address() as AddressInfo;
    for (const scheme of ['ws', 'wss'])
      expect(await failure({ url: `${scheme}://127.0.0.1:${port}`, timeoutMs: 100 })).toMatchObject({
        code: 'SERVER_UNREACHABLE',
        message: expect.stringContaining('no answer within 100 ms'),
      });
    const controller = new AbortController();
    const asked = failure({ url: `ws://127.0.0.1:${port}`, signal: controller.signal });
    controller.abort();
    expect((await asked).code).toBe('ABORTED');
    expect((await failure({ url: `ws://127.0.0.1:${port}`, signal: controller.signal })).code).toBe(
      'ABORTED',
    );
    await Promise.all(sockets.map(socket => (socket.closed ? undefined : once(socket.resume(), 'close'))));
  });
});
