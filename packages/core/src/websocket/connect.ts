import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { type ErrorCode, TermError } from '../errors/index.ts';
import { connectFailure } from './connect-failure.ts';
import { WebSocketDuplex } from './duplex.ts';
import type { HeartbeatTimes } from './heartbeat.ts';
import { serverAddress } from './server-address.ts';
import { SUBPROTOCOL } from './wire.ts';

export interface ConnectOptions extends Partial<HeartbeatTimes> {
  /** `wss://HOST[:PORT][/PATH]`; `ws://` to loopback addresses only. */
  readonly url: string;
  /** Sent as `Authorization: Bearer`, nowhere else. */
  readonly bearer: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Certificates (PEM) of the authorities to trust instead of those of Node.js. */
  readonly ca?: string;
  /** For everything up to the WebSocket's opening. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** The code for a server that does not answer, or not as one; SERVER_UNREACHABLE unless said. */
  readonly unreachable?: ErrorCode;
  /** The next step then, instead of the catalogue's. */
  readonly hint?: string;
}

/** A server sends no longer messages; see `MAX_SENT_MESSAGE_BYTES`. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
/** What is read of the answer to a refused upgrade. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Connects to a server; the handshake of the frames comes next (`Peer.open`). Certificates are verified always, redirects never
 * followed. Rejects, with nothing left open, with USAGE or TLS_REQUIRED for the URL, CERTIFICATE_REFUSED, TOKEN_REFUSED for
 * what can be no token, ABORTED, what the server answers (ORIGIN_REFUSED, TOO_MANY_HANDSHAKES, TOO_MANY_CONNECTIONS …), or the code
 * of `unreachable`.
 */
export async function connectWebSocket(options: ConnectOptions): Promise<WebSocketDuplex> {
  const { signal, timeoutMs } = options;
  const url = serverAddress(options.url);
  const { host } = url;
  const failure = (thrown: unknown): TermError =>
    connectFailure(thrown, host, { code: options.unreachable ?? 'SERVER_UNREACHABLE', hint: options.hint });
  if (signal?.aborted) throw aborted(host);

  const webSocket = open(url, options, failure);
  const duplex = new WebSocketDuplex(webSocket, options);
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(deadline);
      signal?.removeEventListener('abort', abort);
      webSocket.off('error', failed);
    };
    const fail = (error: TermError): void => {
      settle();
      reject(error);
      duplex.destroy();
    };
    const failed = (cause: unknown): void => fail(failure(cause));
    const abort = (): void => fail(aborted(host));
    const deadline = setTimeout(
      () => fail(failure(new Error(`no answer within ${timeoutMs} ms`))),
      timeoutMs,
    );
    signal?.addEventListener('abort', abort, { once: true });
    webSocket.on('error', failed);
    webSocket.once('open', () => {
      settle();
      resolve(duplex);
    });
    webSocket.once('unexpected-response', (_request, response: IncomingMessage) => {
      refusal(response).then(
        error => fail(error ?? failure(new Error(`it answers with HTTP status ${response.statusCode}`))),
        failed,
      );
    });
  });
}

function open(
  url: URL,
  { bearer, headers, ca }: ConnectOptions,
  failure: (thrown: unknown) => TermError,
): WebSocket {
  if (bearer !== undefined && !/^[\x21-\x7e]+$/.test(bearer))
    throw new TermError('TOKEN_REFUSED', 'What was given as the token has characters that no token has.');
  try {
    return new WebSocket(url, SUBPROTOCOL, {
      headers: { ...headers, ...(bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` }) },
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
      followRedirects: false,
      // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca }),
    });
  } catch (thrown) {
    throw failure(thrown);
  }
}

/** What a server told when it refused to upgrade; undefined when it is none of ours. */
async function refusal(response: IncomingMessage): Promise<TermError | undefined> {
  let body = '';
  for await (const chunk of response) {
    body += String(chunk);
    if (body.length > MAX_ANSWER_BYTES) break;
  }
  try {
    const answer: unknown = JSON.parse(body);
    if (typeof answer !== 'object' || answer === null || !('error' in answer)) return undefined;
    return TermError.fromWire(answer.error);
  } catch {
    return undefined;
  }
}

function aborted(host: string): TermError {
  return new TermError('ABORTED', `Connecting to ${host} was given up.`);
}
