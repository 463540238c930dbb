import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type HarnessOptions, ListenerHarness, TOKEN } from './testing/listener-harness.ts';
import { message, messageHeader, RawClient, upgradeWith } from './testing/raw-upgrade.ts';
import { endOf } from './testing/raw-websocket.ts';

const MAX_NOT_ADMITTED = 64;

describe('who is not let in, or not yet', () => {
  let stack: AsyncDisposableStack;
  let harness: ListenerHarness;
  let lookedUp: () => void;

  async function start(options: HarnessOptions = {}): Promise<void> {
    harness = stack.use(await ListenerHarness.start(options));
  }

  function lookUpLater(): void {
    harness.tokens.delay = new Promise(resolve => {
      lookedUp = resolve;
    });
    stack.defer(() => lookedUp());
  }

  function dial(): RawClient {
    return stack.use(new RawClient(harness.port));
  }

  beforeEach(() => {
    stack = new AsyncDisposableStack();
  });
  afterEach(() => stack.disposeAsync());

  it('is cut off at once when it sends more than a little after it was refused', async () => {
    await start();
    const client = dial();
    client.socket.write(upgradeWith('bad'));
    await vi.waitFor(() => expect(client.received).toContain('TOKEN_REFUSED'));
    client.socket.write(messageHeader(2 * 1024 * 1024));
    expect(await client.ended()).toBeLessThan(800);
  });

  it('is cut off after a second when it does not answer the close frame', async () => {
    await start();
    const client = dial();
    client.socket.write(upgradeWith('bad'));
    expect(await client.ended()).toBeGreaterThan(900);
    expect(await client.ended()).toBeLessThan(2500);
    expect(client.received).toContain('101 Switching Protocols');
    await vi.waitFor(() => expect(harness.connections).toBe(0));
  });

  it('loses nothing that it sent while its token was looked up', async () => {
    const sent = Buffer.from(Array.from({ length: 1024 * 1024 }, (_, i) => i % 251));
    const received: Buffer[] = [];
    await start({ accept: stream => stream.on('data', (chunk: Buffer) => received.push(chunk)) });
    lookUpLater();
    const { socket } = dial();
    socket.write(Buffer.concat([Buffer.from(upgradeWith(TOKEN)), message(sent.subarray(0, 1000))]));
    await vi.waitFor(() => expect(harness.tokens.seen).toHaveLength(1));
    socket.write(message(sent.subarray(1000, 2000)));
    socket.write(message(sent.subarray(2000)));
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(received).toEqual([]);
    lookedUp();
    await vi.waitFor(() => expect(Buffer.concat(received).equals(sent)).toBe(true));
  });

  it('gives the admission back when it leaves while its token is looked up, or was no WebSocket', async () => {
    await start();
    lookUpLater();
    const client = dial();
    client.socket.write(upgradeWith(TOKEN));
    dial().socket.write(upgradeWith(TOKEN).replace('dGhlIHNhbXBsZSBub25jZQ==', 'short'));
    await vi.waitFor(() => expect(harness.tokens.seen).toHaveLength(2));
    client.socket.resetAndDestroy();
    await vi.waitFor(() => expect(harness.connections).toBe(1));
    lookedUp();
    await vi.waitFor(() => expect(harness.tokens.released).toBe(2));
    await vi.waitFor(() => expect(harness.connections).toBe(0));
  });

  it('is told to come later when too many tokens are being looked up, unless it is a server of the fleet', async () => {
    await start({ isServer: bearer => bearer === 'a-server' });
    const peer = await harness.client();
    lookUpLater();
    const waiting = Array.from({ length: MAX_NOT_ADMITTED }, () => harness.webSocket());
    await vi.waitFor(() => expect(harness.tokens.seen).toHaveLength(1 + MAX_NOT_ADMITTED));
    expect(await endOf(harness.webSocket())).toEqual({ status: 429, code: 'TOO_MANY_HANDSHAKES' });
    const server = endOf(harness.webSocket({ token: 'a-server' }));
    await vi.waitFor(() => expect(harness.tokens.seen.at(-1)).toMatchObject({ bearer: 'a-server' }));
    expect(await peer.request('session.list', {})).toEqual({ method: 'session.list' });
    lookedUp();
    await vi.waitFor(() => expect(waiting.every(({ readyState, OPEN }) => readyState === OPEN)).toBe(true));
    expect(await server).toMatchObject({ closeCode: 4401 });
    await harness.client();
  });

  it('gets no WebSocket behind a request that was answered', async () => {
    await start();
    const client = dial();
    client.socket.write(`GET /nothing HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n${upgradeWith(TOKEN)}`);
    await client.ended();
    expect(client.received).toMatch(/^HTTP\/1\.1 404 /);
    expect(client.received.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(harness.tokens.seen).toEqual([]);
  });
});
