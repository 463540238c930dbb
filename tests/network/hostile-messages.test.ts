import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { encodeControl, PROTOCOL } from '@triterm/core/protocol';
import { expect, it, vi } from 'vitest';
import { ListenerHarness, TOKEN } from '../../packages/daemon/src/server/ws/testing/listener-harness.ts';
import { FrameMutator } from '../support/frame-mutator.ts';

const MESSAGES = 2000;
const CLIENTS = 4;
/** Another one makes other messages. */
const SEED = 20_261_126;
/** What grows with the messages does not fit in it. */
const MEMORY_BYTES = 128 * 1024 * 1024;

it('a server that 2,000 hostile messages are sent to neither crashes nor grows, and answers others', async () => {
  await using harness = await ListenerHarness.start();
  const good = await harness.client();
  const mutator = new FrameMutator(SEED);
  const atFirstBytes = process.memoryUsage.rss();
  let mostBytes = atFirstBytes;
  let sent = 0;

  async function attack(): Promise<void> {
    const webSocket = harness.webSocket();
    const over = once(webSocket, 'close');
    await Promise.race([once(webSocket, 'open'), over]);
    webSocket.send(encodeControl(0, { hello: { protocol: PROTOCOL, software: 'hostile', features: [] } }));
    while (webSocket.readyState === webSocket.OPEN && sent < MESSAGES) {
      for (let i = 0; i < 10; i += 1) send(webSocket, mutator);
      sent += 10;
      await good.request('session.list', {});
      mostBytes = Math.max(mostBytes, process.memoryUsage.rss());
    }
    webSocket.terminate();
  }

  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (sent < MESSAGES) await attack();
    }),
  );
  expect(mostBytes - atFirstBytes).toBeLessThan(MEMORY_BYTES);
  await vi.waitFor(() => expect(harness.connections).toBe(1));
  expect(await good.request('session.list', {})).toEqual({ method: 'session.list' });
});

it('a server that something else than WebSocket frames is sent to closes the connection, and answers others', async () => {
  await using harness = await ListenerHarness.start();
  const good = await harness.client();
  for (let i = 0; i < 50; i += 1) {
    const socket = connect(harness.port, '127.0.0.1').resume();
    socket.on('error', () => {});
    socket.write(handshake());
    socket.write(i === 0 ? Buffer.from('\x81\x05hello', 'latin1') : randomBytes(2000));
    socket.end();
    await once(socket, 'close');
  }
  await vi.waitFor(() => expect(harness.connections).toBe(1));
  expect(harness.tokens.released).toBe(50);
  expect(await good.request('session.list', {})).toEqual({ method: 'session.list' });
});

/** RFC 6455, section 4.1. */
function handshake(): string {
  return [
    'GET / HTTP/1.1',
    'Host: 127.0.0.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Protocol: triterm.v1',
    `Authorization: Bearer ${TOKEN}`,
    '\r\n',
  ].join('\r\n');
}

/** Frames as they are, torn, joined, as text, as fragments, with pings between, and close frames. */
function send(webSocket: ReturnType<ListenerHarness['webSocket']>, mutator: FrameMutator): void {
  const frame = mutator.below(3) === 0 ? mutator.damaged() : mutator.wellFormed();
  const at = mutator.below(frame.length + 1);
  switch (mutator.below(40)) {
    case 0:
      webSocket.send(frame.toString('latin1'));
      break;
    case 1:
      webSocket.close(1000 + mutator.below(4));
      break;
    case 2:
    case 3:
    case 4:
      webSocket.send(frame.subarray(0, at), { fin: false });
      webSocket.ping(frame.subarray(0, Math.min(at, 125)));
      webSocket.send(frame.subarray(at), { fin: true });
      break;
    case 5:
      webSocket.pong(frame.subarray(0, Math.min(at, 125)));
      break;
    case 6:
      webSocket.send(Buffer.alloc(0));
      break;
    default:
      webSocket.send(frame.subarray(0, at));
      webSocket.send(frame.subarray(at));
  }
}
