import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Principal } from '@triterm/core/domain';
import { relayedPrincipal } from '@triterm/core/protocol/messages';

/** The header in which a server says for whom it speaks. */
export const PRINCIPAL_HEADER = 'Triterm-Principal';

/** What is signed: another purpose, or a later way to do it, gets another text. */
const PURPOSE = 'triterm server-to-server v2';
const PREFIX = 'trs_';
/** `trs_<seconds since 1970>_<HMAC-SHA256 as base64url>`. */
const BEARER = /^trs_(\d{1,12})_[A-Za-z0-9_-]{43}$/;
/** How far the clocks of two servers may be apart, and how long what was shown to one of them is good there. */
export const MAX_CLOCK_DIFFERENCE_S = 60;
/** Above the longest principal. */
const MAX_HEADER_LENGTH = 2048;
const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** What a bearer is good for. */
export interface BearerUse {
  /** Id of the server that it is shown to. */
  readonly serverId: string;
  /** For whom the one that shows it speaks: the header, as `encodePrincipal` writes it. */
  readonly onBehalfOf: string;
}

/**
 * What servers of one fleet show each other: derived from their secret, which itself is never sent (HMAC, RFC 2104). Whoever gets hold
 * of one can use it for nothing else, nor much later. `nowMs`: since 1970.
 */
export function clusterBearer(secret: string, use: BearerUse, nowMs: number): string {
  return signed(secret, use, Math.floor(nowMs / 1000));
}

export function looksLikeClusterBearer(bearer: string): boolean {
  return bearer.startsWith(PREFIX);
}

/**
 * By how many seconds our clock is ahead of that of whoever made it; undefined when it was made by nobody who knows the secret, or for
 * another use. In time that does not depend on where they differ. A fleet without a secret has no bearer.
 */
export function clusterBearerAgeS(
  bearer: string,
  secret: string,
  use: BearerUse,
  nowMs: number,
): number | undefined {
  const madeAtS = Number(BEARER.exec(bearer)?.[1] ?? 0);
  const expected = signed(secret, use, madeAtS);
  if (!timingSafeEqual(digest(bearer), digest(expected)) || secret === '') return undefined;
  return Math.floor(nowMs / 1000) - madeAtS;
}

/** Whether a server of the fleet shows it to this one now. */
export function isClusterBearer(bearer: string, secret: string, use: BearerUse, nowMs: number): boolean {
  const ageS = clusterBearerAgeS(bearer, secret, use, nowMs);
  return ageS !== undefined && Math.abs(ageS) <= MAX_CLOCK_DIFFERENCE_S;
}

/** A principal as `relayedBy` passes it on: JSON as base64url. */
export function encodePrincipal(principal: Principal, relayedBy: string): string {
  const { userId, scope, sessionId = null, tokenId = null } = principal;
  return Buffer.from(JSON.stringify({ userId, scope, sessionId, tokenId, relayedBy })).toString('base64url');
}

/** Undefined for what no server of ours has encoded. */
export function decodePrincipal(header: string): Principal | undefined {
  if (header.length > MAX_HEADER_LENGTH || !BASE64URL.test(header)) return undefined;
  const parsed = relayedPrincipal.safeParse(parseJson(Buffer.from(header, 'base64url').toString()));
  if (!parsed.success) return undefined;
  const { userId, scope, sessionId, tokenId, relayedBy } = parsed.data;
  return { userId, scope, sessionId: sessionId ?? undefined, tokenId: tokenId ?? undefined, relayedBy };
}

function signed(secret: string, { serverId, onBehalfOf }: BearerUse, madeAtS: number): string {
  const text = JSON.stringify([PURPOSE, serverId, madeAtS, onBehalfOf]);
  return `${PREFIX}${madeAtS}_${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
