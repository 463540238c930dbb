import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import type { HostPort, MetricsSettings } from '@triterm/core/config/load';
import { TermError } from '@triterm/core/errors';
import { type Listener, listenUnix } from '../server/listener.ts';
import type { Log } from './log.ts';
import type { MetricsText } from './metrics.ts';

/** A scraper needs one. More are closed at once. */
const MAX_CONNECTIONS = 16;
/** One question and one answer; whoever sends or reads slower is cut off. */
const CONNECTION_DEADLINE_MS = 10_000;
const MAX_HEADER_BYTES = 8192;
const PROBE_DEADLINE_MS = 1000;

export interface MetricsServer {
  /** Where it listens, for people. */
  readonly addresses: readonly string[];
  /** Cuts what is open, so that it never holds up the end of the process. */
  close(): void;
}

/** As `serveMetrics`; where that is not possible the log says why, and the daemon serves without. Does not reject. */
export async function openMetricsServer(
  settings: MetricsSettings,
  text: () => Promise<MetricsText>,
  log: Pick<Log, 'info' | 'error'>,
): Promise<MetricsServer> {
  try {
    const server = await serveMetrics(settings, text);
    if (server.addresses.length > 0) log.info({ addresses: server.addresses }, 'serving metrics');
    return server;
  } catch (error) {
    log.error({ error }, 'metrics are not served');
    return { addresses: [], close: () => {} };
  }
}

/**
 * Answers `GET /metrics` on a unix socket (0600) and on loopback TCP, as far as the settings say so. A socket file that nobody
 * answers is replaced. Rejects, with nothing left open, with DAEMON_START_FAILED when an address is taken, or as `listenUnix`.
 */
export async function serveMetrics(
  { socket, tcp }: MetricsSettings,
  text: () => Promise<MetricsText>,
  connectionDeadlineMs = CONNECTION_DEADLINE_MS,
): Promise<MetricsServer> {
  const http = createHttpServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
    void answer(request, response, text);
  });
  const open = new Set<Socket>();
  const accept = (connection: Socket): void => {
    if (open.size >= MAX_CONNECTIONS) {
      connection.destroy();
      return;
    }
    open.add(connection);
    const deadline = setTimeout(() => connection.destroy(), connectionDeadlineMs);
    connection.once('close', () => {
      clearTimeout(deadline);
      open.delete(connection);
    });
    http.emit('connection', connection);
  };
  const listeners: Listener[] = [];
  const close = (): void => {
    for (const listener of listeners) listener.close();
    for (const connection of open) connection.destroy();
  };
  const addresses: string[] = [];
  try {
    if (socket !== undefined) {
      if (await answers(socket))
        throw new TermError('DAEMON_START_FAILED', `Another process answers at ${socket}.`, {
          hint: 'Give each daemon a metricsSocket of its own.',
        });
      listeners.push(await listenUnix(socket, accept));
      addresses.push(socket);
    }
    if (tcp !== undefined) {
      const { listener, address } = await listenTcp(tcp, accept);
      listeners.push(listener);
      addresses.push(address);
    }
  } catch (thrown) {
    close();
    throw thrown;
  }
  return { addresses, close };
}

async function answer(
  { method, url }: IncomingMessage,
  response: ServerResponse,
  text: () => Promise<MetricsText>,
): Promise<void> {
  response.setHeader('Connection', 'close');
  if (url?.split('?')[0] !== '/metrics') {
    refuse(response, 404, 'Only /metrics is here.');
  } else if (method !== 'GET') {
    response.setHeader('Allow', 'GET');
    refuse(response, 405, 'Only GET is understood.');
  } else {
    try {
      const { contentType, body } = await text();
      response.writeHead(200, { 'Content-Type': contentType, 'Cache-Control': 'no-store' }).end(body);
    } catch {
      refuse(response, 500, 'The metrics could not be put together.');
    }
  }
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${reason}\n`);
}

async function listenTcp(
  { host, port }: HostPort,
  accept: (connection: Socket) => void,
): Promise<{ listener: Listener; address: string }> {
  const server = createServer(accept);
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TermError('DAEMON_START_FAILED', `Cannot serve metrics at ${host}:${port}: ${reason}`, {
      cause,
    });
  }
  // A connection that could not be accepted is lost to its client and harms nobody else.
  server.on('error', () => {});
  const bound = server.address();
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
  return {
    listener: { close: () => server.close() },
    address: `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}/metrics`,
  };
}

/** Whether a process listens there; one that hangs does. */
async function answers(path: string): Promise<boolean> {
  const probe = connect(path);
  const ended = new AbortController();
  const deadline = setTimeout(() => ended.abort(), PROBE_DEADLINE_MS);
  try {
    await once(probe, 'connect', { signal: ended.signal });
    return true;
  } catch {
    return ended.signal.aborted;
  } finally {
    clearTimeout(deadline);
    probe.on('error', () => {});
    probe.destroy();
  }
}
