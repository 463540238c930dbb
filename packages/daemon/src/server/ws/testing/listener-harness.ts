import { type Principal, SOCKET_OWNER } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { Peer, PROTOCOL } from '@triterm/core/protocol';
import { Certificates } from '@triterm/core/sandbox/certificates';
import { freePort } from '@triterm/core/sandbox/free-port';
import { type ConnectOptions, connectWebSocket } from '@triterm/core/websocket';
import type { WebSocket } from 'ws';
import type { Admission, Authenticator, Credentials } from '../../authenticator.ts';
import type { RequestContext } from '../../router.ts';
import { ProtocolServer } from '../../server.ts';
import { answeringRouter } from '../../testing/answering-router.ts';
import type { ListenerLimits } from '../handshakes.ts';
import {
  listenWebSocket,
  type WebSocketListener,
  type WebSocketListenerOptions,
} from '../listen-websocket.ts';
import { type RawWebSocketOptions, rawWebSocket } from './raw-websocket.ts';

export const TOKEN = 'good-token';

/** Knows its tokens by heart; each may be revoked. */
export class TokenMap implements Authenticator {
  readonly admitted = new Map<AbortController, Admission>();
  /** What becomes of who is not known. */
  refusal: TermError = new TermError('TOKEN_REFUSED', 'No such token.');
  /** Answers later. */
  delay: Promise<void> = Promise.resolve();
  released = 0;
  seen: Credentials[] = [];

  async authenticate(credentials: Credentials): Promise<Admission> {
    this.seen.push(credentials);
    await this.delay;
    if (credentials.bearer === undefined) throw new TermError('TOKEN_REQUIRED', 'A token is needed.');
    if (credentials.bearer !== TOKEN) throw this.refusal;
    const revocation = new AbortController();
    const principal: Principal = { ...SOCKET_OWNER, userId: 'ada', tokenId: 't1' };
    const admission = {
      principal,
      revoked: revocation.signal,
      release: () => {
        this.released += 1;
        this.admitted.delete(revocation);
      },
    };
    this.admitted.set(revocation, admission);
    return admission;
  }

  revokeAll(error: TermError): void {
    for (const revocation of this.admitted.keys()) revocation.abort(error);
  }

  close(): void {}
}

export interface HarnessOptions extends Partial<Omit<WebSocketListenerOptions, 'address' | 'log'>> {
  readonly tls?: boolean;
  readonly endpoints?: readonly string[];
}

/** A listener on a loopback address with a protocol server behind it. */
export class ListenerHarness implements AsyncDisposable {
  readonly tokens = new TokenMap();
  readonly logged: { level: string; message: string; fields: object }[] = [];
  readonly server: ProtocolServer;
  readonly certificates: Certificates | undefined;
  answer: (method: string, context: RequestContext) => unknown = method => ({ method });
  readonly #peers: Peer[] = [];
  readonly #webSockets: WebSocket[] = [];
  #listener: WebSocketListener | undefined;
  #port = 0;

  private constructor({ tls = false, endpoints = [] }: HarnessOptions) {
    this.certificates = tls ? new Certificates() : undefined;
    this.server = new ProtocolServer(
      answeringRouter((method, context) => this.answer(method, context)),
      () => endpoints,
    );
  }

  static async start(options: HarnessOptions = {}): Promise<ListenerHarness> {
    const harness = new ListenerHarness(options);
    await harness.#listen(options);
    return harness;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `${this.certificates === undefined ? 'ws' : 'wss'}://127.0.0.1:${this.#port}`;
  }

  get connections(): number {
    return this.#listener?.connections ?? 0;
  }

  setLimits(limits: ListenerLimits): void {
    this.#listener?.setLimits(limits);
  }

  closeListener(): void {
    this.#listener?.close();
  }

  /** A client that is let in, its handshake done. */
  async client(options: Partial<ConnectOptions> = {}, told: string[] = []): Promise<Peer> {
    const stream = await connectWebSocket({
      url: this.url,
      bearer: TOKEN,
      timeoutMs: 5000,
      ...(this.certificates === undefined ? {} : { ca: this.certificates.pem() }),
      ...options,
    });
    const peer = new Peer(stream, {
      notification: (method, params) => told.push(`${method} ${JSON.stringify(params)}`),
    });
    this.#peers.push(peer);
    await peer.open(PROTOCOL, 'test 1.0');
    return peer;
  }

  /** With the good token unless said. */
  webSocket({ path = '/', ...options }: WebSocketOptions = {}, port = this.#port): WebSocket {
    const scheme = this.certificates === undefined ? 'ws' : 'wss';
    const webSocket = rawWebSocket(`${scheme}://127.0.0.1:${port}${path}`, {
      token: TOKEN,
      ca: this.certificates?.pem(),
      ...options,
    });
    this.#webSockets.push(webSocket);
    return webSocket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.#peers) peer.destroy();
    for (const webSocket of this.#webSockets) webSocket.terminate();
    this.closeListener();
    await this.server.close('stop');
    this.certificates?.dispose();
  }

  async #listen(options: HarnessOptions): Promise<void> {
    const { certificates } = this;
    const log = (level: string) => (fields: object, message: string) => {
      this.logged.push({ level, message, fields });
    };
    this.#port = await freePort();
    this.#listener = await listenWebSocket({
      hosts: [],
      origins: [],
      maxConnections: 100,
      maxHandshakesPerSecond: 1000,
      authenticator: this.tokens,
      accept: (stream, arrival) => this.server.accept(stream, arrival),
      ...options,
      address: { host: '127.0.0.1', port: this.#port, tls: certificates },
      log: { info: log('info'), warn: log('warn'), error: log('error') },
    });
  }
}

interface WebSocketOptions extends RawWebSocketOptions {
  readonly path?: string;
}
