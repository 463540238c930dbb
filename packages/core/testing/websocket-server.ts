import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { TermError } from '../src/errors/index.ts';
import type { Certificates } from '../src/sandbox/certificates.ts';
import { WebSocketDuplex } from '../src/websocket/index.ts';

export interface ServedWebSockets extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** Cuts every connection; new ones may come. */
  hangUp(): void;
}

export interface ServeOptions {
  admit?(request: IncomingMessage): void;
  readonly port?: number;
  /** For TLS. */
  readonly certificates?: Certificates;
}

/**
 * A WebSocket server on the loopback interface that hands out byte streams. `admit` may throw a TermError, which is the answer then.
 * `port`: an earlier one's, to come back at its address.
 */
export async function serveWebSockets(
  accept: (stream: WebSocketDuplex, request: IncomingMessage) => void,
  { admit = () => {}, port = 0, certificates }: ServeOptions = {},
): Promise<ServedWebSockets> {
  const webSockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: ([first]) => first ?? false,
  });
  const server = certificates === undefined ? createServer() : createSecureServer(certificates.files());
  server.on('upgrade', (request, socket, head) => {
    try {
      admit(request);
    } catch (thrown) {
      const body = JSON.stringify({ error: TermError.from(thrown).toWire() });
      socket.end(`HTTP/1.1 401 Unauthorized\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
      accept(new WebSocketDuplex(webSocket), request);
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: bound } = server.address() as AddressInfo;
  const hangUp = (): void => {
    for (const webSocket of webSockets.clients) webSocket.terminate();
  };
  return {
    port: bound,
    url: `${certificates === undefined ? 'ws' : 'wss'}://127.0.0.1:${bound}/`,
    hangUp,
    [Symbol.asyncDispose]: async () => {
      hangUp();
      server.closeAllConnections();
      await new Promise<void>(resolve => server.close(() => resolve()));
    },
  };
}
