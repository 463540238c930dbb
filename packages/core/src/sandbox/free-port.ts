import { createServer } from 'node:net';

/** Below the range from which the system takes ports of outgoing connections: a server finds its port free again. */
const FIRST_PORT = 20_000;
const PORTS = 12_000;
const ATTEMPTS = 50;

/** A port of loopback that nobody listens on now, among so many from the first one on. */
export async function freePort(first = FIRST_PORT, count = PORTS): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = first + Math.floor(Math.random() * count);
    const probe = createServer();
    const isFree = await new Promise<boolean>(resolve => {
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
  throw new Error('no port is free');
}
