import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeControl, Peer, PROTOCOL, VERSION } from '@triterm/core/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { listenUnix } from './listener.ts';
import type { RequestContext } from './router.ts';
import { ProtocolServer, THROUGH_SOCKET } from './server.ts';
import { answeringRouter } from './testing/answering-router.ts';

describe('the protocol server', () => {
  let root: string;
  let path: string;
  let server: ProtocolServer;
  let onRequest: (method: string, context: RequestContext) => unknown;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'triterm-server-'));
    path = join(root, 's');
    onRequest = method => ({ method });
    server = new ProtocolServer(answeringRouter((method, context) => onRequest(method, context)));
    server.addListener(await listenUnix(path, socket => server.accept(socket, THROUGH_SOCKET)));
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await server.close('stop');
    rmSync(root, { recursive: true, force: true });
  });

  async function dial(): Promise<Socket> {
    const socket = connect(path);
    socket.on('error', () => {});
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  }

  async function client(told: string[] = []): Promise<Peer> {
    const peer = new Peer(await dial(), {
      notification: (method, params) => told.push(`${method} ${JSON.stringify(params)}`),
    });
    await peer.open(PROTOCOL, 'test 1.0');
    return peer;
  }

  it('says what it is and serves requests', async () => {
    const peer = new Peer(await dial(), {});
    expect(await peer.open(PROTOCOL, 'test 1.0')).toEqual({
      protocol: PROTOCOL.max,
      software: `tritermd ${VERSION}`,
      features: [`pid:${process.pid}`],
    });
    expect(await peer.request('session.list', {})).toEqual({ method: 'session.list' });
    await expect(peer.request('session.show', {})).rejects.toMatchObject({ code: 'BAD_MESSAGE' });
    await expect(peer.request('no.such', {})).rejects.toMatchObject({ code: 'UNKNOWN_METHOD' });
  });

  it('turns a client of no common protocol away with advice, and keeps the others', async () => {
    const good = await client();
    const strange = new Peer(await dial(), {});
    await expect(strange.open({ min: 99, max: 99 }, 'triterm 99')).rejects.toMatchObject({
      code: 'PROTOCOL_MISMATCH',
      hint: expect.stringContaining('triterm daemon restart'),
    });
    await vi.waitFor(() => expect(server.clients).toBe(1));
    expect(await good.request('session.list', {})).toEqual({ method: 'session.list' });
  });

  it('counts who is connected, until they have gone', async () => {
    const first = await client();
    await client();
    expect(server.clients).toBe(2);
    first.close();
    await vi.waitFor(() => expect(server.clients).toBe(1));
  });

  it('drops a client that sends garbage, and no other', async () => {
    const good = await client();
    const bad = await dial();
    bad.write(Buffer.alloc(1000, 0xff));
    await once(bad.resume(), 'close');
    expect(await good.request('session.list', {})).toEqual({ method: 'session.list' });
  });

  it('aborts what a client waits for when it goes', async () => {
    const aborted = new Promise<void>(resolve => {
      onRequest = (_method, { connection }) => {
        connection.gone.addEventListener('abort', () => resolve());
        return new Promise(() => {});
      };
    });
    const peer = await client();
    peer.request('session.list', {}).catch(() => {});
    await peer.request('events.subscribe', {}, { timeoutMs: 20 }).catch(() => {});
    peer.destroy();
    await aborted;
  });

  it('tells everybody that it leaves, and has left when they know', async () => {
    const told: string[][] = [[], [], []];
    const peers = await Promise.all(told.map(client));
    await server.close('restart');
    expect(told).toEqual([1, 2, 3].map(() => ['daemon.leaving {"reason":"restart"}']));
    expect(peers.every(peer => peer.closed)).toBe(true);
    expect(server.clients).toBe(0);
    await expect(dial()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('answers what was asked before it leaves', async () => {
    const peer = await client();
    const asked = peer.request('session.list', {});
    await asked;
    const closing = server.close('stop');
    await expect(peer.request('session.list', {})).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await closing;
  });

  it('does not wait for a client that does not read its goodbye', async () => {
    const deaf = await dial();
    deaf.allowHalfOpen = true;
    deaf.write(encodeControl(0, { hello: { protocol: PROTOCOL, software: 'deaf', features: [] } }));
    await vi.waitFor(() => expect(server.clients).toBe(1));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const closing = server.close('stop');
      vi.advanceTimersByTime(500);
      await closing;
    } finally {
      vi.useRealTimers();
    }
    expect(deaf.destroyed).toBe(false);
  });
});
