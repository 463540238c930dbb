import { once } from 'node:events';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { type ListenAddress, listenUrl, readTlsFiles, type TlsPair } from '@triterm/core/config/load';
import { TermError } from '@triterm/core/errors';
import type { Log } from '../../observe/log.ts';
import type { Listener } from '../listener.ts';
import { type HandshakeOptions, Handshakes, type ListenerLimits } from './handshakes.ts';
import { type WatchTimes, watchTlsFiles } from './tls-watch.ts';

export interface WebSocketListenerOptions extends Omit<HandshakeOptions, 'handshakeMs'> {
  readonly address: ListenAddress;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** For everything before the upgrade, and then for the authentication. */
  readonly handshakeMs?: number;
  readonly certificateWatch?: WatchTimes;
}

export interface WebSocketListener extends Listener {
  readonly url: string;
  /** WebSockets that are open. */
  readonly connections: number;
  /** Holds for who comes from now on; those who are there stay. */
  setLimits(limits: ListenerLimits): void;
}

/** TLS, then HTTP. */
const HANDSHAKE_MS = 5000;
/** How often slow requests are looked for. */
const SLOW_CHECK_MS = 500;
const MAX_HEADER_BYTES = 16 * 1024;
/** Connections that have not become WebSockets, beside those that have; more are closed at once. */
const MAX_OPENING = 1024;
const BACKLOG = 512;

/**
 * Listens for WebSockets; who is let in is handed to `accept`. Each stage of a handshake has a deadline, and none waits for another
 * client's. Rejects with BAD_CONFIG for the files of TLS, and DAEMON_START_FAILED when the address cannot be had.
 */
export async function listenWebSocket(options: WebSocketListenerOptions): Promise<WebSocketListener> {
  const { address, log } = options;
  const handshakeMs = options.handshakeMs ?? HANDSHAKE_MS;
  const pair = address.tls === undefined ? undefined : readTlsFiles(address.tls);
  const server = makeServer(pair, handshakeMs);
  const handshakes = new Handshakes(server, { ...options, handshakeMs });
  const url = await listen(server, address);
  server.maxConnections = options.maxConnections + MAX_OPENING;
  let stopWatching = (): void => {};
  if (pair !== undefined && address.tls !== undefined) {
    tellExpiry(pair, log);
    stopWatching = watchCertificate(server, address.tls, options);
  }
  return {
    url,
    get connections() {
      return handshakes.connections;
    },
    setLimits: limits => {
      handshakes.setLimits(limits);
      server.maxConnections = limits.maxConnections + MAX_OPENING;
    },
    close: () => {
      stopWatching();
      handshakes.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Rejects with DAEMON_START_FAILED when the address can't be had now. Nobody is served yet. */
export async function assertListenable(address: ListenAddress): Promise<void> {
  const server = createTcpServer(socket => socket.destroy());
  await listen(server, address);
  server.close();
  await once(server, 'close');
}

type AnyServer = Server & { setSecureContext?(pair: TlsPair & typeof TLS): void };

const TLS = { minVersion: 'TLSv1.2' } as const;

function makeServer(pair: TlsPair | undefined, handshakeMs: number): AnyServer {
  const http = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: handshakeMs,
    requestTimeout: handshakeMs,
    connectionsCheckingInterval: SLOW_CHECK_MS,
  };
  if (pair === undefined) return createHttpServer(http);
  return createHttpsServer({ ...http, ...TLS, ...pair, handshakeTimeout: handshakeMs });
}

async function listen(server: TcpServer, address: ListenAddress): Promise<string> {
  const { host, port } = address;
  try {
    server.listen({ host, port, backlog: BACKLOG });
    await once(server, 'listening');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TermError('DAEMON_START_FAILED', `Cannot listen on ${listenUrl(address)}: ${reason}`, {
      cause,
      hint: 'Give another address or port as `listen`, or end what has this one.',
    });
  }
  // A connection that could not be accepted is lost to its client and harms nobody else.
  server.on('error', () => {});
  const bound = server.address();
  return listenUrl({ ...address, port: typeof bound === 'object' && bound !== null ? bound.port : port });
}

function watchCertificate(
  server: AnyServer,
  files: NonNullable<ListenAddress['tls']>,
  { log, certificateWatch }: WebSocketListenerOptions,
): () => void {
  return watchTlsFiles(
    files,
    pair => {
      server.setSecureContext?.({ ...pair, ...TLS });
      log.info({ certFile: files.certFile }, 'serving a new certificate');
      tellExpiry(pair, log);
    },
    error =>
      log.error(
        { code: error.code, error: error.message, hint: error.hint },
        'the certificate was not replaced; the old one is kept',
      ),
    certificateWatch,
  );
}

function tellExpiry({ expiresAtMs }: TlsPair, log: WebSocketListenerOptions['log']): void {
  if (expiresAtMs > Date.now()) return;
  log.warn(
    { expiredAt: new Date(expiresAtMs).toISOString() },
    'the certificate has expired: clients refuse it',
  );
}
