import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { newToken } from '@triterm/core/domain';
import { encodeControl, PROTOCOL } from '@triterm/core/protocol';
import { Certificates } from '@triterm/core/sandbox/certificates';
import { freePort } from '@triterm/core/sandbox/free-port';
import { ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import { awakeMs } from '@triterm/core/testing/awake-time';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  endOf,
  type RawWebSocketOptions,
  rawWebSocket,
} from '../../packages/daemon/src/server/ws/testing/raw-websocket.ts';
import { DaemonProcess } from '../support/daemon-process.ts';

/** The daemon's own deadline for each stage of a handshake, and how late it may be with it. */
const HANDSHAKE_MS = 5000;
const LATE_MS = 2500;
/** A client that is let in never waits so long for an answer, whatever is refused beside it. */
const UNDISTURBED_MS = 1000;
const REVOKED_WITHIN_MS = 1000;

describe('a daemon on a network', () => {
  let stack: AsyncDisposableStack;
  let daemon: DaemonProcess;
  let certificates: Certificates;
  let port: number;
  let url: string;
  /** Users' tokens, by what they may. */
  const tokens = { use: '', view: '', admin: '', other: '', oneSession: '' };
  const secrets: string[] = [];
  let mine: string;
  let second: string;
  const slowestMs: number[] = [];
  let isOver = false;
  let undisturbed: Promise<void>;

  beforeAll(async () => {
    stack = new AsyncDisposableStack();
    certificates = new Certificates();
    stack.defer(() => certificates.dispose());
    port = await freePort();
    url = `wss://127.0.0.1:${port}`;
    daemon = new DaemonProcess({
      TRITERM_LISTEN: url,
      TRITERM_TLS_CERT: certificates.certFile,
      TRITERM_TLS_KEY: certificates.keyFile,
      TRITERM_ALLOWED_ORIGINS: 'https://app.example',
      TRITERM_MAX_HANDSHAKES_PER_SECOND: '2000',
    });
    stack.defer(() => daemon.dispose());
    await daemon.start();
    tokens.use = await token({ user: 'ada', scope: 'use' });
    tokens.view = await token({ user: 'ada', scope: 'view' });
    tokens.admin = await token({ user: 'root', scope: 'admin' });
    tokens.other = await token({ user: 'bob', scope: 'use' });
    const ada = await client(tokens.use);
    [mine, second] = await Promise.all([session(ada, 'mine'), session(ada, 'second')]);
    tokens.oneSession = await token({ user: 'ada', scope: 'use', session: mine });

    undisturbed = (async () => {
      while (!isOver) {
        const askedMs = awakeMs();
        await ada.request('session.show', { target: mine });
        slowestMs.push(awakeMs() - askedMs);
        await new Promise(resolve => setTimeout(resolve, 20));
      }
    })();
  }, 60_000);

  afterAll(async () => {
    isOver = true;
    await undisturbed;
    await stack.disposeAsync();
  });

  async function token(params: {
    user: string;
    scope: 'view' | 'use' | 'admin';
    session?: string;
    expiresInMs?: number;
  }): Promise<string> {
    const { token } = await daemon.request('token.create', params);
    secrets.push(token);
    return token;
  }

  async function client(bearer: string): Promise<ProtocolClient> {
    const opened = await ProtocolClient.connectTo(url, { token: bearer, ca: certificates.pem() });
    stack.defer(() => opened.close());
    return opened;
  }

  async function session(owner: ProtocolClient, name: string): Promise<string> {
    const { session } = await owner.request('session.create', {
      name,
      argv: ['/bin/cat'],
      cwd: '/',
      environment: { PATH: process.env.PATH ?? '' },
      idempotencyKey: newToken(),
    });
    return session.id;
  }

  const raw = (options: RawWebSocketOptions = {}, path = '/v1') =>
    rawWebSocket(`${url}${path}`, { ca: certificates.pem(), ...options });

  it('lets nobody in without a token, or with a wrong one', async () => {
    expect(await endOf(raw())).toMatchObject({ closeCode: 4401, code: 'TOKEN_REQUIRED' });
    const [, id = ''] = /^trt_([0-9a-f]{8})_/.exec(tokens.use) ?? [];
    const secret = 'A'.repeat(43);
    for (const wrong of [
      'x',
      `trt_${id}_${secret}`,
      `trt_00000000_${secret}`,
      `${tokens.use}x`,
      tokens.use.slice(0, -1),
    ])
      expect(await endOf(raw({ token: wrong }))).toMatchObject({ closeCode: 4401, code: 'TOKEN_REFUSED' });
  });

  it('lets nobody in whose token has expired', async () => {
    const expired = await token({ user: 'ada', scope: 'use', expiresInMs: 1 });
    expect(await endOf(raw({ token: expired }))).toMatchObject({ closeCode: 4401, code: 'TOKEN_EXPIRED' });
  });

  it('ends connections when their token is revoked, and lets nobody in with it again', async () => {
    const { token: revoked, info } = await daemon.request('token.create', { user: 'ada' });
    secrets.push(revoked);
    const webSocket = raw({ token: revoked });
    await once(webSocket, 'open');
    webSocket.send(encodeControl(0, { hello: { protocol: PROTOCOL, software: 'raw', features: [] } }));
    await once(webSocket, 'message');
    const over = endOf(webSocket);
    const revokedMs = awakeMs();
    await daemon.request('token.revoke', { id: info.id });
    expect(await over).toMatchObject({ closeCode: 4401, reason: expect.stringContaining('TOKEN_REVOKED') });
    expect(awakeMs() - revokedMs).toBeLessThan(REVOKED_WITHIN_MS);
    expect(await endOf(raw({ token: revoked }))).toMatchObject({ closeCode: 4401, code: 'TOKEN_REVOKED' });
  });

  it('does for nobody what their scope does not include', async () => {
    const viewer = await client(tokens.view);
    const show = { target: mine };
    await viewer.request('session.show', show);
    const refused = { code: 'SCOPE_REFUSED' };
    await expect(viewer.request('session.kill', show)).rejects.toMatchObject(refused);
    await expect(viewer.attach(mine, { role: 'controller' })).rejects.toMatchObject(refused);
    const user = await client(tokens.use);
    await expect(user.request('token.list', {})).rejects.toMatchObject(refused);
    await expect(user.request('token.create', { scope: 'admin' })).rejects.toMatchObject(refused);
    await expect(user.request('daemon.shutdown', { reason: 'stop' })).rejects.toMatchObject(refused);
    const admin = await client(tokens.admin);
    await admin.request('daemon.status', {});
    await expect(admin.request('db.backup', { file: '/tmp/stolen' })).rejects.toMatchObject({
      code: 'NOT_REMOTELY',
    });
  });

  it('shows nobody the sessions of others', async () => {
    const bob = await client(tokens.other);
    for (const target of ['mine', mine, mine.slice(0, 8)]) {
      await expect(bob.request('session.show', { target })).rejects.toMatchObject({
        code: 'SESSION_NOT_FOUND',
      });
      await expect(bob.attach(target, {})).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
    }
    expect(await bob.request('session.list', {})).toEqual({ sessions: [], next: null });
    const guest = await client(tokens.oneSession);
    await guest.request('session.show', { target: mine });
    await expect(guest.request('session.show', { target: second })).rejects.toMatchObject({
      code: 'SESSION_NOT_FOUND',
    });
    expect((await guest.request('session.list', {})).sessions.map(({ id }) => id)).toEqual([mine]);
  });

  it('turns away pages of other origins, other host names, and tokens in URLs', async () => {
    const good = { token: tokens.use };
    const refused = { status: 403, code: 'ORIGIN_REFUSED' };
    expect(await endOf(raw({ ...good, origin: 'https://evil.example' }))).toEqual(refused);
    expect(await endOf(raw({ ...good, headers: { Host: 'rebound.example' } }))).toEqual(refused);
    expect(await endOf(raw(good, `/v1?token=${tokens.use}`))).toEqual({ status: 400, code: 'BAD_MESSAGE' });
    const allowed = raw({ ...good, origin: 'https://app.example' });
    await once(allowed, 'open');
    allowed.terminate();
  });

  it('reads no message and no headers that are too large', async () => {
    const large = raw({ token: tokens.use });
    await once(large, 'open');
    large.send(Buffer.alloc(5 * 1024 * 1024 + 11));
    expect(await endOf(large)).toMatchObject({ closeCode: 1009 });
    expect(
      await endOf(raw({ token: tokens.use, headers: { 'X-Padding': 'x'.repeat(20_000) } })),
    ).toMatchObject({ status: 431 });
  });

  it('speaks no plain text where TLS is required', async () => {
    await expect(
      ProtocolClient.connectTo(`ws://127.0.0.1:${port}`, { token: tokens.use }),
    ).rejects.toMatchObject({
      code: 'DAEMON_UNREACHABLE',
    });
    await expect(ProtocolClient.connectTo('ws://192.0.2.1:1', { token: tokens.use })).rejects.toMatchObject({
      code: 'TLS_REQUIRED',
    });
    await expect(ProtocolClient.connectTo(url, { token: tokens.use })).rejects.toMatchObject({
      code: 'CERTIFICATE_REFUSED',
    });
  });

  it('cuts off handshakes that do not go on, and serves others meanwhile', async () => {
    const beganMs = awakeMs();
    const sockets = Array.from({ length: 100 }, () => connectTcp(port, '127.0.0.1').resume());
    const secure = Array.from({ length: 10 }, () => {
      const socket = connectTls({ port, host: '127.0.0.1', ca: certificates.pem() });
      // Held back until TLS is there.
      socket.write('GET /v1 HTTP/1.1\r\nHost: 127.0.0.1\r\n');
      return socket.resume();
    });
    for (const socket of [...sockets, ...secure]) socket.on('error', () => {});
    const silent = endOf(raw({ token: tokens.use }));
    const cut = Promise.all([...sockets, ...secure].map(socket => once(socket, 'close')));
    for (let i = 0; i < 20; i += 1) await (await client(tokens.use)).close();
    expect(await silent).toMatchObject({ closeCode: 4408, code: 'TIMEOUT' });
    await cut;
    expect(awakeMs() - beganMs).toBeLessThan(HANDSHAKE_MS + LATE_MS);
  });

  it('has served who was let in all the while, and logged no secret', async () => {
    expect(Math.max(...slowestMs)).toBeLessThan(UNDISTURBED_MS);
    expect(slowestMs.length).toBeGreaterThan(50);
    const log = daemon.log();
    expect(log).toContain('TOKEN_REFUSED');
    for (const secret of secrets) expect(log).not.toContain(secret);
    for (const secret of secrets) expect(log).not.toContain(secret.slice(-20));
  });
});
