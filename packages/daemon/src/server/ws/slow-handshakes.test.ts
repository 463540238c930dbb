import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { awakeMs } from '@triterm/core/testing/awake-time';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type HarnessOptions, ListenerHarness, TOKEN } from './testing/listener-harness.ts';
import { UPGRADE } from './testing/raw-upgrade.ts';
import { endOf } from './testing/raw-websocket.ts';

const HANDSHAKE_MS = 800;
/** How late the slow ones may be cut off: the HTTP server looks for them every half a second. */
const CUT_WITHIN_MS = 5000;

describe('a handshake that does not go on', () => {
  let stack: AsyncDisposableStack;
  let harness: ListenerHarness;

  async function start(options: HarnessOptions = {}): Promise<void> {
    harness = stack.use(
      await ListenerHarness.start({ handshakeMs: HANDSHAKE_MS, maxHandshakesPerSecond: 50_000, ...options }),
    );
  }

  beforeEach(() => {
    stack = new AsyncDisposableStack();
  });
  afterEach(() => stack.disposeAsync());

  function dial(): Socket {
    const socket = connect(harness.port, '127.0.0.1');
    socket.on('error', () => {});
    stack.defer(() => {
      socket.destroy();
    });
    return socket.resume();
  }

  /** Resolves when it is cut off; meanwhile another client works undisturbed. */
  async function cutOff(...sockets: Socket[]): Promise<void> {
    const beganMs = performance.now();
    let left = sockets.length;
    for (const socket of sockets)
      socket.once('close', () => {
        left -= 1;
      });
    const peer = await harness.client();
    let slowestMs = 0;
    while (left > 0) {
      const askedMs = awakeMs();
      await peer.request('session.list', {});
      const newcomer = await harness.client();
      await newcomer.request('session.list', {});
      newcomer.destroy();
      slowestMs = Math.max(slowestMs, awakeMs() - askedMs);
      if (performance.now() - beganMs > CUT_WITHIN_MS) throw new Error('it is not cut off');
    }
    expect(slowestMs).toBeLessThan(HANDSHAKE_MS);
  }

  it('is cut off when nothing comes at all', async () => {
    await start();
    await cutOff(...Array.from({ length: 50 }, dial));
  });

  it('is cut off when TLS is not begun, or not ended', async () => {
    await start({ tls: true });
    const half = dial();
    // The begin of a ClientHello (RFC 8446, section 5.1).
    half.write(Buffer.from('1603010200010001fc0303', 'hex'));
    await cutOff(half, ...Array.from({ length: 20 }, dial));
  });

  it('is cut off when the HTTP headers do not end', async () => {
    await start();
    const sockets = Array.from({ length: 20 }, dial);
    const dripping = sockets.map(socket => {
      socket.write(`${UPGRADE}\r\n`);
      return setInterval(() => socket.write('X-More: 1\r\n'), 50);
    });
    stack.defer(() => {
      for (const timer of dripping) clearInterval(timer);
    });
    await cutOff(...sockets);
    expect(harness.tokens.seen.every(({ bearer }) => bearer === TOKEN)).toBe(true);
  });

  it('is cut off when the headers do not end inside TLS', async () => {
    await start({ tls: true });
    const socket = connectTls({
      port: harness.port,
      host: '127.0.0.1',
      ca: harness.certificates?.pem() ?? '',
    });
    socket.on('error', () => {});
    await once(socket, 'secureConnect');
    socket.write(UPGRADE);
    await cutOff(socket.resume());
  });

  it('is told so when its token cannot be looked up in time, and lets nobody in later', async () => {
    await start();
    let lookedUp: () => void = () => {};
    harness.tokens.delay = new Promise(resolve => {
      lookedUp = resolve;
    });
    const webSocket = harness.webSocket();
    expect(await endOf(webSocket)).toMatchObject({ closeCode: 1013, code: 'STORE_UNAVAILABLE' });
    lookedUp();
    await vi.waitFor(() => expect(harness.tokens.released).toBe(1));
    expect(harness.server.clients).toBe(0);
  });

  it('goes on no further while its token is looked up', async () => {
    await start({ handshakeMs: 5000 });
    let lookedUp: () => void = () => {};
    harness.tokens.delay = new Promise(resolve => {
      lookedUp = resolve;
    });
    const webSocket = harness.webSocket();
    await vi.waitFor(() => expect(harness.tokens.seen).toHaveLength(1));
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(webSocket.readyState).toBe(webSocket.CONNECTING);
    lookedUp();
    await once(webSocket, 'open');
  });

  it('is told so with 4408 when its hello does not come', async () => {
    await start();
    const webSocket = harness.webSocket();
    await once(webSocket, 'open');
    expect(await endOf(webSocket)).toMatchObject({ closeCode: 4408, code: 'TIMEOUT' });
  }, 10_000);
});

describe('a flood of handshakes', () => {
  it('is refused beyond the rate, and then cut off; who stays connected works on', async () => {
    await using harness = await ListenerHarness.start({ maxHandshakesPerSecond: 20 });
    const peer = await harness.client();
    const ends = await Promise.all(
      Array.from({ length: 60 }, async () => {
        const webSocket = harness.webSocket();
        const open = once(webSocket, 'open').then(
          () => ({ isOpen: true }),
          () => ({ closeCode: 1006 }),
        );
        return Promise.race([open, endOf(webSocket)]);
      }),
    );
    expect(await peer.request('session.list', {})).toEqual({ method: 'session.list' });
    const opened = ends.filter(end => 'isOpen' in end);
    const told = ends.filter(end => 'status' in end);
    // A quarter of the rate from one address; four times that much is answered.
    expect(opened.length).toBeGreaterThanOrEqual(4);
    expect(opened.length).toBeLessThanOrEqual(10);
    expect(told.every(end => 'code' in end && end.code === 'TOO_MANY_HANDSHAKES')).toBe(true);
    expect(told.length).toBeGreaterThanOrEqual(8);
    expect(ends.length - opened.length - told.length).toBeGreaterThan(30);
    await expect(
      vi.waitFor(async () => (await harness.client()).request('session.list', {}), {
        timeout: 3000,
        interval: 200,
      }),
    ).resolves.toBeDefined();
  });

  it('is none when servers of the fleet come for many clients', async () => {
    await using harness = await ListenerHarness.start({
      maxHandshakesPerSecond: 20,
      isServer: bearer => bearer === TOKEN,
    });
    const ends = Array.from({ length: 15 }, () => once(harness.webSocket(), 'open'));
    await Promise.all(ends);
    expect(harness.connections).toBe(15);
  });
});
