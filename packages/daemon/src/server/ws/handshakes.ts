import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { TermError } from '@triterm/core/errors';
import type { Log } from '../../observe/log.ts';
import { PRINCIPAL_HEADER } from '../auth/cluster-credential.ts';
import type { Admission, Authenticator } from '../authenticator.ts';
import { authenticateWithin, type ServingOptions, serve } from './admit.ts';
import { HandshakeRate } from './handshake-rate.ts';
import { answer, answerUpgrade } from './http-answer.ts';
import { RefusalLog } from './refusal-log.ts';
import {
  bearerOf,
  type Refusal,
  refusalOf,
  type UpgradePolicy,
  type UpgradeRequest,
} from './upgrade-request.ts';
import { type Upgrade, WebSocketUpgrader } from './websocket-upgrader.ts';

/** Who may come, and how many at once. */
export interface ListenerLimits extends UpgradePolicy {
  readonly maxConnections: number;
  readonly maxHandshakesPerSecond: number;
}

export interface HandshakeOptions extends ListenerLimits, ServingOptions {
  readonly authenticator: Authenticator;
  /** Whether that is a server of the fleet, by what it shows: a server comes once for each client that it relays, all from one address. */
  readonly isServer?: (bearer: string, onBehalfOf: string | undefined) => boolean;
  readonly log: Pick<Log, 'warn'>;
  /** For the authentication. */
  readonly handshakeMs: number;
}

/** Connections that may begin for each that may become a WebSocket; so that those who are too many can be told. */
const OPENINGS_TO_UPGRADES = 4;
/** Connections whose tokens are being looked up, or that are told that they are refused. */
const MAX_NOT_ADMITTED = 64;

/** What comes in on a server, up to WebSockets that are let in. */
export class Handshakes {
  readonly #options: HandshakeOptions;
  readonly #upgrader = new WebSocketUpgrader((request, socket) => this.#refuse(request, socket, malformed()));
  #limits: ListenerLimits;
  #upgrades: HandshakeRate;
  /** TLS costs before anybody can be told that it is too much: those who go on all the same are cut off. */
  #openings: HandshakeRate;
  readonly #refusals: RefusalLog;
  /** Sockets with an answer behind which they end. */
  readonly #answered = new WeakSet<Duplex>();
  readonly #open = new Set<Duplex>();
  /** Of those, without servers of the fleet. */
  readonly #notAdmitted = new Set<Duplex>();
  #isClosed = false;

  constructor(server: Server, options: HandshakeOptions) {
    this.#options = options;
    this.#limits = options;
    this.#upgrades = new HandshakeRate(options.maxHandshakesPerSecond);
    this.#openings = new HandshakeRate(OPENINGS_TO_UPGRADES * options.maxHandshakesPerSecond);
    this.#refusals = new RefusalLog(options.log);
    server.on('connection', socket => this.#connected(socket));
    server.on('request', (request, response) => {
      this.#answered.add(request.socket);
      answer(response, refusalOf(seen(request), this.#limits) ?? malformed());
    });
    server.on('upgrade', (request, socket, head) => this.#upgrade({ request, socket, head }));
  }

  get connections(): number {
    return this.#open.size;
  }

  /** Holds for who comes from now on; those who are there stay. */
  setLimits(limits: ListenerLimits): void {
    const { maxHandshakesPerSecond } = limits;
    if (maxHandshakesPerSecond !== this.#limits.maxHandshakesPerSecond) {
      this.#upgrades = new HandshakeRate(maxHandshakesPerSecond);
      this.#openings = new HandshakeRate(OPENINGS_TO_UPGRADES * maxHandshakesPerSecond);
    }
    this.#limits = limits;
  }

  close(): void {
    this.#isClosed = true;
  }

  #connected(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    if (this.#openings.take(address)) return;
    this.#refusals.refused(address, tooManyHandshakes());
    socket.destroy();
  }

  #upgrade(upgrade: Upgrade): void {
    const { request, socket } = upgrade;
    // `close` follows.
    socket.on('error', () => {});
    if (this.#answered.has(socket)) return;
    const isServer = this.#isServer(request);
    const refusal = refusalOf(seen(request), this.#limits) ?? this.#overload(request, isServer);
    if (refusal === undefined) void this.#admit(upgrade, isServer);
    else this.#refuse(request, socket, refusal);
  }

  /**
   * Lets it in, or tells it why not. Until then nothing is read of it but what the socket buffers, so that nobody takes more memory
   * who has shown no token. Never rejects.
   */
  async #admit(upgrade: Upgrade, isServer: boolean): Promise<void> {
    const { request, socket } = upgrade;
    const { authenticator, handshakeMs } = this.#options;
    const address = addressOf(request);
    this.#open.add(socket);
    if (!isServer) this.#notAdmitted.add(socket);
    socket.once('close', () => {
      this.#open.delete(socket);
      this.#notAdmitted.delete(socket);
    });
    let admission: Admission;
    try {
      admission = await authenticateWithin(handshakeMs, authenticator, {
        bearer: bearerOf(request),
        onBehalfOf: onBehalfOfIn(request),
      });
    } catch (thrown) {
      this.#tellRefused(upgrade, address, TermError.from(thrown));
      return;
    }
    const webSocket = this.#isClosed ? undefined : this.#upgrader.serve(upgrade);
    if (webSocket === undefined) {
      admission.release();
      if (this.#isClosed) this.#tellRefused(upgrade, address, shuttingDown());
      return;
    }
    this.#notAdmitted.delete(socket);
    serve(webSocket, admission, this.#options);
  }

  #tellRefused(upgrade: Upgrade, address: string, error: TermError): void {
    this.#refusals.refused(address, error);
    this.#upgrader.refuse(upgrade, error);
  }

  #overload(request: IncomingMessage, isServer: boolean): Refusal | undefined {
    const { maxConnections } = this.#limits;
    if (this.#isClosed) return { status: 503, error: shuttingDown() };
    if (!isServer) {
      const isTooMany = this.#notAdmitted.size >= MAX_NOT_ADMITTED;
      if (!this.#upgrades.take(addressOf(request)) || isTooMany)
        return { status: 429, error: tooManyHandshakes() };
    }
    if (this.#open.size < maxConnections) return undefined;
    const message = `The server has ${maxConnections} connections already.`;
    return { status: 503, error: new TermError('TOO_MANY_CONNECTIONS', message) };
  }

  #isServer(request: IncomingMessage): boolean {
    const bearer = bearerOf(request);
    return bearer !== undefined && this.#options.isServer?.(bearer, onBehalfOfIn(request)) === true;
  }

  #refuse(request: IncomingMessage, socket: Duplex, refusal: Refusal): void {
    this.#refusals.refused(addressOf(request), refusal.error);
    answerUpgrade(request, socket, refusal);
  }
}

function shuttingDown(): TermError {
  return new TermError('SHUTTING_DOWN', 'The server is about to stop.');
}

function tooManyHandshakes(): TermError {
  return new TermError('TOO_MANY_HANDSHAKES', 'Too many connections are being made.');
}

function malformed(): Refusal {
  return {
    status: 400,
    error: new TermError('BAD_MESSAGE', 'This is no WebSocket handshake (RFC 6455, section 4.1).'),
  };
}

function seen({ method, url, headers, socket }: IncomingMessage): UpgradeRequest {
  return { method, url, headers, localAddress: socket.localAddress, isTls: socket instanceof TLSSocket };
}

function addressOf({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? '';
}

function onBehalfOfIn({ headers }: IncomingMessage): string | undefined {
  const value = headers[PRINCIPAL_HEADER.toLowerCase()];
  return typeof value === 'string' ? value : undefined;
}
