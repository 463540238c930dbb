import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TermError } from '@triterm/core/errors';
import { encodeControl, HEADER_BYTES, MAX_PAYLOAD_BYTES, type Reject } from '@triterm/core/protocol';
import { closeCodeOf, closeReasonOf, SUBPROTOCOL } from '@triterm/core/websocket';
import { type WebSocket, WebSocketServer } from 'ws';

/** A request whose socket was handed out to be upgraded. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What came right behind the request. */
  readonly head: Buffer;
}

/** A frame of a client as one message. */
const MAX_MESSAGE_BYTES = HEADER_BYTES + MAX_PAYLOAD_BYTES;
/** Of who is refused: a `hello` that was sent without waiting, and the close frame. Nothing that it sends is kept. */
const MAX_REFUSED_BYTES = 1024;
/** For who is refused to answer the close frame. */
const REFUSED_MS = 1000;

/** Makes WebSockets of requests: to serve them, or to tell them why not. */
export class WebSocketUpgrader {
  readonly #served = webSocketServer(MAX_MESSAGE_BYTES);
  readonly #refused = webSocketServer(MAX_REFUSED_BYTES);

  /** `malformed` answers a request that is no WebSocket handshake. */
  constructor(malformed: (request: IncomingMessage, socket: Duplex) => void) {
    for (const server of [this.#served, this.#refused])
      server.on('wsClientError', (_error, socket, request) => malformed(request, socket));
  }

  /** Undefined when it was no handshake, or its client has gone. */
  serve(upgrade: Upgrade): WebSocket | undefined {
    return webSocketOf(this.#served, upgrade);
  }

  /** Tells the error as the frames' own handshake does, without waiting for the hello, and ends the connection. */
  refuse(upgrade: Upgrade, error: TermError): void {
    const webSocket = webSocketOf(this.#refused, upgrade);
    if (webSocket === undefined) return;
    // Such as of a message that is too large.
    webSocket.on('error', () => {});
    const deadline = setTimeout(() => webSocket.terminate(), REFUSED_MS).unref();
    webSocket.once('close', () => clearTimeout(deadline));
    const frame: Reject = { reject: error.toWire() };
    webSocket.send(encodeControl(0, frame));
    webSocket.close(closeCodeOf(error), closeReasonOf(error));
  }
}

function webSocketServer(maxPayload: number): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload,
    handleProtocols: () => SUBPROTOCOL,
  });
}

function webSocketOf(server: WebSocketServer, { request, socket, head }: Upgrade): WebSocket | undefined {
  let made: WebSocket | undefined;
  // At once, or never.
  server.handleUpgrade(request, socket, head, webSocket => {
    made = webSocket;
  });
  return made;
}
