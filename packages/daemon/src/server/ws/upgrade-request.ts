import { isIP } from 'node:net';
import { bareHost, isLoopbackHost } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { BEARER_SUBPROTOCOL, SUBPROTOCOL } from '@triterm/core/websocket';

/** What of a request is looked at. */
export interface UpgradeRequest {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: {
    readonly host?: string | undefined;
    readonly origin?: string | undefined;
    readonly upgrade?: string | undefined;
    readonly authorization?: string | undefined;
    readonly 'sec-websocket-protocol'?: string | undefined;
  };
  /** Our own address of the connection. */
  readonly localAddress: string | undefined;
  readonly isTls: boolean;
}

/** Who may come, beside addresses of our own. */
export interface UpgradePolicy {
  /** In lower case, without ports. */
  readonly hosts: readonly string[];
  /** As browsers write them: scheme, host and port. */
  readonly origins: readonly string[];
}

/** An answer before the upgrade. */
export interface Refusal {
  readonly status: number;
  readonly error: TermError;
}

const PATHS: readonly (string | undefined)[] = ['/', '/v1'];
const HINT = 'Connect by WebSocket to / or /v1; docs/network.md tells how.';

/** Why a request may not become a WebSocket; undefined when it may, as far as it can be told from itself. Nothing of it is repeated. */
export function refusalOf(request: UpgradeRequest, policy: UpgradePolicy): Refusal | undefined {
  const { method, url, headers } = request;
  if (url?.includes('?'))
    return refusal(
      400,
      'BAD_MESSAGE',
      'The URL has a query.',
      'Tokens go into the Authorization header, never into a URL.',
    );
  if (method !== 'GET' || !PATHS.includes(url))
    return refusal(404, 'BAD_MESSAGE', 'There is nothing here.', HINT);
  if (!isKnownHost(request, policy))
    return refusal(403, 'ORIGIN_REFUSED', 'The server is not known by the host name that was asked for.');
  if (!isKnownOrigin(request, policy))
    return refusal(403, 'ORIGIN_REFUSED', 'Pages of this origin may not connect.');
  if (headers.upgrade?.toLowerCase() !== 'websocket')
    return refusal(426, 'BAD_MESSAGE', 'Only WebSockets are served here.', HINT);
  if (!subprotocols(headers).includes(SUBPROTOCOL))
    return refusal(400, 'BAD_MESSAGE', `The subprotocol ${SUBPROTOCOL} was not offered.`, HINT);
  return undefined;
}

/** The token that it came with: from its header, or where a browser can put it. */
export function bearerOf({ headers }: Pick<UpgradeRequest, 'headers'>): string | undefined {
  const fromHeader = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (fromHeader !== undefined) return fromHeader;
  const offered = subprotocols(headers).find(name => name.startsWith(BEARER_SUBPROTOCOL));
  return offered?.slice(BEARER_SUBPROTOCOL.length) || undefined;
}

function subprotocols(headers: UpgradeRequest['headers']): string[] {
  return (headers['sec-websocket-protocol'] ?? '').split(',').map(name => name.trim());
}

/**
 * A page whose name was made to lead here after it was loaded would ask for its own name (DNS rebinding). The address that was
 * connected to is no name that could be made to.
 */
function isKnownHost({ headers, localAddress }: UpgradeRequest, { hosts }: UpgradePolicy): boolean {
  const url = `ws://${headers.host ?? ''}`;
  if (!URL.canParse(url) || /[@/\\?#]/.test(headers.host ?? '')) return false;
  const host = bareHost(new URL(url)).replace(/\.$/, '');
  if (isLoopbackHost(host) || hosts.includes(host)) return true;
  return isIP(host) !== 0 && host === localAddress?.replace(/^::ffff:(?=\d+\.)/i, '');
}

/** Only browsers send one. Our own is that of the host that was asked for, which is known, and of what we speak. */
function isKnownOrigin({ headers, isTls }: UpgradeRequest, { origins }: UpgradePolicy): boolean {
  const { origin, host } = headers;
  if (origin === undefined || origins.includes(origin)) return true;
  return origin === new URL(`${isTls ? 'https' : 'http'}://${host}`).origin;
}

function refusal(
  status: number,
  code: 'BAD_MESSAGE' | 'ORIGIN_REFUSED',
  message: string,
  hint?: string,
): Refusal {
  return { status, error: new TermError(code, message, hint === undefined ? {} : { hint }) };
}
