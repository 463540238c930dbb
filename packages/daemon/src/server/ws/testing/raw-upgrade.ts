import { connect, type Socket } from 'node:net';

/** A request to upgrade, without its end. */
export const UPGRADE = [
  'GET / HTTP/1.1',
  'Host: 127.0.0.1',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Protocol: triterm.v1',
].join('\r\n');

export function upgradeWith(token: string): string {
  return `${UPGRADE}\r\nAuthorization: Bearer ${token}\r\n\r\n`;
}

/** A client's binary message (RFC 6455, section 5.2), masked with nothing. */
export function message(payload: Buffer): Buffer {
  return Buffer.concat([messageHeader(payload.length), payload]);
}

export function messageHeader(payloadBytes: number): Buffer {
  const header = Buffer.alloc(14);
  header.writeUInt8(0x82, 0);
  header.writeUInt8(0x80 | 127, 1);
  header.writeBigUInt64BE(BigInt(payloadBytes), 2);
  return header;
}

/** A connection that says what it likes, and what it was told. */
export class RawClient implements Disposable {
  readonly socket: Socket;
  received = '';
  readonly #beganMs = performance.now();

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('error', () => {});
    this.socket.on('data', chunk => {
      this.received += chunk.toString('latin1');
    });
  }

  /** Resolves when the other side has ended it, with the milliseconds since it was begun. */
  async ended(): Promise<number> {
    if (!this.socket.readableEnded && !this.socket.destroyed)
      await new Promise<void>(resolve => {
        this.socket.once('end', resolve);
        this.socket.once('close', () => resolve());
      });
    return performance.now() - this.#beganMs;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
