import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FaultProxy } from './fault-proxy.ts';

describe('the fault proxy', () => {
  let server: Server;
  let proxy: FaultProxy;
  const sockets: Socket[] = [];
  beforeEach(async () => {
    server = createServer(socket => {
      socket.on('error', () => {});
      socket.pipe(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    proxy = await FaultProxy.start({
      port,
      rewrite: (chunk, direction) =>
        direction === 'toClient' ? Buffer.from(chunk.toString().replace('old', 'new')) : chunk,
    });
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await proxy.dispose();
    server.close();
  });

  const dial = async (): Promise<Socket> => {
    const socket = connect(proxy.port, proxy.host);
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  };
  const echo = async (socket: Socket, text: string): Promise<string> => {
    socket.write(text);
    let heard = '';
    while (heard.length < text.length) heard += String((await once(socket, 'data'))[0]);
    return heard;
  };
  const errorOf = async (socket: Socket): Promise<string> => {
    const [error] = await once(socket, 'error');
    return error.code;
  };

  it('passes bytes both ways, rewritten where that is asked', async () => {
    expect(await echo(await dial(), 'an old text')).toBe('an new text');
    expect(proxy.connections).toEqual({ open: 1, accepted: 1 });
  });

  it('cuts with a reset, and takes new connections', async () => {
    const socket = await dial();
    await echo(socket, 'x');
    proxy.cut();
    expect(await errorOf(socket)).toBe('ECONNRESET');
    expect(await echo(await dial(), 'y')).toBe('y');
  });

  it('refuses until it is healed', async () => {
    await proxy.refuse();
    const refused = connect(proxy.port, proxy.host);
    expect(await errorOf(refused)).toBe('ECONNREFUSED');
    await proxy.heal();
    expect(await echo(await dial(), 'y')).toBe('y');
  });

  it('delays each direction by itself, and keeps the order', async () => {
    const socket = await dial();
    proxy.set({ kind: 'delay', ms: 80, jitterMs: 20, direction: 'toServer' });
    const beganMs = performance.now();
    socket.write('a');
    socket.write('b');
    expect(await echo(socket, 'cd')).toMatch(/^ab?/);
    expect(performance.now() - beganMs).toBeGreaterThan(75);
    proxy.set({ kind: 'delay', ms: 80 });
    const both = await dial();
    const againMs = performance.now();
    await echo(both, 'x');
    expect(performance.now() - againMs).toBeGreaterThan(155);
  });

  it('swallows silently when half open, hides that the server closed, and resets when healed', async () => {
    const socket = await dial();
    await echo(socket, 'x');
    proxy.set({ kind: 'halfOpen' });
    let heard = 0;
    socket.on('data', chunk => {
      heard += chunk.length;
    });
    let isClosed = false;
    socket.on('close', () => {
      isClosed = true;
    });
    const pending = errorOf(socket);
    socket.write('lost');
    const probe = await dial();
    probe.end();
    await once(server, 'connection');
    expect({ heard, isClosed }).toEqual({ heard: 0, isClosed: false });
    await proxy.heal();
    expect(await pending).toBe('ECONNRESET');
    expect(heard).toBe(0);
  });

  it('sends a byte at a time', async () => {
    const socket = await dial();
    proxy.set({ kind: 'byteSlow', ms: 2, direction: 'toClient' });
    const chunks: number[] = [];
    socket.on('data', chunk => chunks.push(chunk.length));
    await echo(socket, 'slowly');
    expect(Math.max(...chunks)).toBeLessThan(6);
  });
});
