import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { TermError } from '@triterm/core/errors';

/** `trt_<public id>_<secret>`: 32 bits that name it, 256 that prove it, as hex and base64url (RFC 4648 section 5). */
const TOKEN_TEXT = /^trt_([0-9a-f]{8})_([A-Za-z0-9_-]{43})$/;
const TOKEN_LENGTH = 56;
const ID_BYTES = 4;
const SECRET_BYTES = 32;

/** What a secret is compared with when its id does not exist: nothing has this hash, and the comparison takes as long. */
const NO_HASH = randomBytes(32);

export interface ParsedToken {
  readonly id: string;
  readonly secret: string;
}

export interface FreshToken {
  readonly id: string;
  /** The token itself: shown once, and nowhere kept. */
  readonly text: string;
  /** What is kept of it. */
  readonly hash: string;
}

export function newTokenText(): FreshToken {
  const id = randomBytes(ID_BYTES).toString('hex');
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return { id, text: `trt_${id}_${secret}`, hash: hashOf(secret) };
}

/** Undefined for what is no token. */
export function parseToken(text: string): ParsedToken | undefined {
  if (text.length !== TOKEN_LENGTH) return undefined;
  const [, id, secret] = TOKEN_TEXT.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** Whether the secret belongs to the kept hash, in time that depends on neither; `undefined` is the hash of a token that there is not. */
export function provesToken(secret: string, hash: string | undefined): boolean {
  const kept = Buffer.from(hash ?? '', 'hex');
  return timingSafeEqual(sha256(secret), kept.length === NO_HASH.length ? kept : NO_HASH);
}

/** SHA-256 in hex. A slow hash protects what people choose; 256 random bits need none. */
export function hashOf(secret: string): string {
  return sha256(secret).toString('hex');
}

export function tokenRevoked(id: string): TermError {
  return new TermError('TOKEN_REVOKED', `Token ${id} was revoked.`);
}

export function tokenExpired(id: string): TermError {
  return new TermError('TOKEN_EXPIRED', `Token ${id} has expired.`);
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
