import { randomBytes } from 'node:crypto';

/** Crockford's base32 without look-alikes; 5 bits a character. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** 12 base32 characters, 60 random bits: short enough to type, unique enough for a fleet. */
export function newSessionId(): string {
  let id = '';
  for (const byte of randomBytes(12)) id += ALPHABET[byte & 31];
  return id;
}

/** 128 random bits as hex: names an attachment, an idempotency key or a process incarnation. */
export function newToken(): string {
  return randomBytes(16).toString('hex');
}

const SESSION_ID = /^[0-9a-hjkmnp-tv-z]{12}$/;

export function isSessionId(value: string): boolean {
  return SESSION_ID.test(value);
}

const SESSION_NAME = /^[\p{L}\p{N}_.][\p{L}\p{N}_.-]{0,63}$/u;

/** Names are 1 to 64 letters, digits, `.`, `_` or `-`, not starting with `-`; `.` and `..` are refused. */
export function isSessionName(value: string): boolean {
  return SESSION_NAME.test(value) && value !== '.' && value !== '..';
}
