import { type IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Refusal } from './upgrade-request.ts';

/** Who does not read the answer is cut off after this time. */
const ANSWER_MS = 1000;

/** Answers with the error as JSON, `{"error": …}`, and ends the connection. */
export function answer(response: ServerResponse, { status, error }: Refusal): void {
  const { socket } = response;
  const deadline = setTimeout(() => socket?.destroy(), ANSWER_MS).unref();
  response.once('close', () => clearTimeout(deadline));
  const body = `${JSON.stringify({ error: error.toWire() })}\n`;
  response
    .writeHead(status, {
      Connection: 'close',
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'no-store',
      ...(status === 426 ? { Upgrade: 'websocket', Connection: 'Upgrade, close' } : {}),
      ...(status === 429 || status === 503 ? { 'Retry-After': '1' } : {}),
    })
    .end(body);
}

/** The same for a request whose socket was handed out already, to be upgraded. */
export function answerUpgrade(request: IncomingMessage, socket: Duplex, refusal: Refusal): void {
  if (!(socket instanceof Socket)) {
    socket.destroy();
    return;
  }
  const response = new ServerResponse(request);
  response.assignSocket(socket);
  response.once('finish', () => socket.destroySoon());
  socket.resume();
  answer(response, refusal);
}
