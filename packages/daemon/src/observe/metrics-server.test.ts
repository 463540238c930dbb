import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { execaSync } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MetricsServer, serveMetrics } from './metrics-server.ts';

const TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const metrics = async () => ({ contentType: TYPE, body: 'up 1\n' });

let dir: string;
let socket: string;
let servers: MetricsServer[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'triterm-metrics-'));
  chmodSync(dir, 0o700);
  socket = join(dir, 'metrics.sock');
  servers = [];
});
afterEach(() => {
  for (const server of servers) server.close();
  rmSync(dir, { recursive: true, force: true });
});

async function serve(
  settings: Partial<Parameters<typeof serveMetrics>[0]> = {},
  text: Parameters<typeof serveMetrics>[1] = metrics,
): Promise<MetricsServer> {
  const server = await serveMetrics({ socket, tcp: undefined, ...settings }, text);
  servers.push(server);
  return server;
}

async function ask(path = '/metrics', method = 'GET') {
  const sent = request({ socketPath: socket, path, method, agent: false }).end();
  const [response] = await once(sent, 'response');
  return { status: response.statusCode, headers: response.headers, body: await readAll(response) };
}

async function connected(): Promise<Socket> {
  const connection = connect(socket);
  connection.on('error', () => {});
  await once(connection, 'connect');
  return connection;
}

/** Also after a reset. */
function closed(connection: Socket): Promise<void> {
  return new Promise(resolve => connection.resume().once('close', () => resolve()));
}

describe('the metrics server', () => {
  it('answers on a socket that is nobody else’s', async () => {
    const { addresses } = await serve();
    expect(addresses).toEqual([socket]);
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    const { status, headers, body } = await ask();
    expect({ status, body }).toEqual({ status: 200, body: 'up 1\n' });
    expect(headers).toMatchObject({ 'content-type': TYPE, connection: 'close' });
    expect((await ask('/metrics?x=1')).status).toBe(200);
  });

  it('answers on loopback TCP when it is told to', async () => {
    const { addresses } = await serve({ socket: undefined, tcp: { host: '127.0.0.1', port: 0 } });
    expect(existsSync(socket)).toBe(false);
    const [address = ''] = addresses;
    const response = await fetch(address);
    expect(await response.text()).toBe('up 1\n');
    expect(response.headers.get('content-type')).toBe(TYPE);
  });

  it('knows one page and one method', async () => {
    await serve();
    for (const path of ['/', '/metrics/', '/metrics2', '/../metrics', '//metrics'])
      expect((await ask(path)).status).toBe(404);
    const { status, headers } = await ask('/metrics', 'POST');
    expect({ status, allow: headers.allow }).toEqual({ status: 405, allow: 'GET' });
  });

  it('says so when there are none', async () => {
    await serve({}, () => Promise.reject(new Error('secret')));
    const { status, body } = await ask();
    expect(status).toBe(500);
    expect(body).not.toContain('secret');
  });

  it('refuses what is no HTTP, and what is too long', async () => {
    await serve();
    for (const junk of ['\0\x01\x02\r\n\r\n', `GET /metrics HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`]) {
      const connection = await connected();
      connection.write(junk);
      expect(await readAll(connection)).toMatch(/^HTTP\/1.1 4\d\d /);
    }
    expect((await ask()).status).toBe(200);
  });

  it('replaces a socket that nobody answers any more', async () => {
    execaSync(
      process.execPath,
      [
        '-e',
        'require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))',
        socket,
      ],
      { reject: false },
    );
    expect(statSync(socket).isSocket()).toBe(true);
    await serve();
    expect((await ask()).status).toBe(200);
  });

  it('leaves a socket alone that another process answers', async () => {
    await serve();
    await expect(serve()).rejects.toThrow(/Another process answers/);
    expect((await ask()).status).toBe(200);
  });

  it('leaves alone what is no socket', async () => {
    symlinkSync('/etc/passwd', socket);
    await expect(serve()).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  });

  it('opens nothing when one of its addresses is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(serve({ tcp: { host: '127.0.0.1', port } })).rejects.toThrow(/EADDRINUSE/);
    expect(existsSync(socket)).toBe(false);
    taken.close();
  });

  it('takes few connections at once, and takes others again later', async () => {
    await serve();
    const held: Socket[] = [];
    for (let i = 0; i < 16; i += 1) held.push(await connected());
    const refused = await connected();
    const startedAt = performance.now();
    await closed(refused);
    expect(performance.now() - startedAt).toBeLessThan(5000);
    for (const connection of held) connection.destroy();
    await expect.poll(async () => (await ask().catch(() => undefined))?.status).toBe(200);
  });

  it('cuts off who does not finish a question in time', async () => {
    servers.push(await serveMetrics({ socket, tcp: undefined }, metrics, 200));
    const connection = await connected();
    connection.write('GET /metrics HTTP/1.1\r\nHost: x\r\n');
    const startedAt = performance.now();
    await closed(connection);
    expect(performance.now() - startedAt).toBeGreaterThan(150);
  });

  it('ends at once, whatever is open', async () => {
    let began = (): void => {};
    const asked = new Promise<void>(resolve => {
      began = resolve;
    });
    const server = await serve({}, () => {
      began();
      return new Promise(() => {});
    });
    const idle = closed(await connected());
    const waiting = ask().catch((error: unknown) => error);
    await asked;
    const startedAt = performance.now();
    server.close();
    await idle;
    expect(await waiting).toBeInstanceOf(Error);
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(existsSync(socket)).toBe(false);
  });
});
