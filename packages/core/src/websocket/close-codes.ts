import { ERROR_CATALOG, type ErrorCode, type TermError } from '../errors/index.ts';

/** Why a WebSocket is closed: RFC 6455 section 7.4.1, 1013 of its registry, and from 4000 on our own, after the status codes of HTTP. */
export const CloseCode = {
  normal: 1000,
  /** The server stops or restarts; come back. */
  leaving: 1001,
  /** Only binary messages are understood. */
  notBinary: 1003,
  policy: 1008,
  tooLarge: 1009,
  /** The store cannot be asked now, or the server is about to go. */
  tryAgainLater: 1013,
  /** No token, or one that admits nobody. */
  whoAreYou: 4401,
  notAllowed: 4403,
  /** The handshake took too long. */
  tooSlow: 4408,
  tooMany: 4429,
} as const;

const CODES: ReadonlyMap<ErrorCode, number> = new Map<ErrorCode, number>([
  ['TOKEN_REQUIRED', CloseCode.whoAreYou],
  ['TOKEN_REFUSED', CloseCode.whoAreYou],
  ['TOKEN_REVOKED', CloseCode.whoAreYou],
  ['TOKEN_EXPIRED', CloseCode.whoAreYou],
  ['TIMEOUT', CloseCode.tooSlow],
  ['TOO_LARGE', CloseCode.tooLarge],
  ['SHUTTING_DOWN', CloseCode.tryAgainLater],
]);

/** The code that a connection is closed with for an error. */
export function closeCodeOf({ code }: Pick<TermError, 'code'>): number {
  const own = CODES.get(code);
  if (own !== undefined) return own;
  const { category } = ERROR_CATALOG[code];
  if (category === 'denied') return CloseCode.notAllowed;
  if (category === 'limit') return CloseCode.tooMany;
  return category === 'storage' || category === 'unavailable' ? CloseCode.tryAgainLater : CloseCode.policy;
}

/** The reason that stands beside it: the error's code and as much of its message as there is room for. */
export function closeReasonOf({ code, message }: Pick<TermError, 'code' | 'message'>): string {
  return fittingReason(`${code}: ${message}`);
}

/** A close frame holds at most this much of a reason (RFC 6455, section 5.5). */
const MAX_REASON_BYTES = 123;

/** As much of the reason as a close frame holds, in whole characters. */
export function fittingReason(reason: string): string {
  let fitting = '';
  let bytes = 0;
  for (const character of reason) {
    bytes += Buffer.byteLength(character);
    if (bytes > MAX_REASON_BYTES) break;
    fitting += character;
  }
  return fitting;
}
