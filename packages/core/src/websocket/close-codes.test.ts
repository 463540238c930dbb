import { ERROR_CATALOG, type ErrorCode, TermError } from '@triterm/core/errors';
import { describe, expect, it } from 'vitest';
import { closeCodeOf, closeReasonOf, fittingReason } from './close-codes.ts';

describe('the close code of an error', () => {
  it.each<[ErrorCode, number]>([
    ['TOKEN_REQUIRED', 4401],
    ['TOKEN_REFUSED', 4401],
    ['TOKEN_REVOKED', 4401],
    ['TOKEN_EXPIRED', 4401],
    ['SCOPE_REFUSED', 4403],
    ['TIMEOUT', 4408],
    ['TOO_MANY_CONNECTIONS', 4429],
    ['TOO_LARGE', 1009],
    ['STORE_UNAVAILABLE', 1013],
    ['SHUTTING_DOWN', 1013],
    ['PROTOCOL_MISMATCH', 1008],
    ['BAD_MESSAGE', 1008],
    ['INTERNAL', 1008],
  ])('of %s is %i', (code, closeCode) => {
    expect(closeCodeOf(new TermError(code, ''))).toBe(closeCode);
  });

  it('is one that may be sent, for every error', () => {
    for (const code of Object.keys(ERROR_CATALOG) as ErrorCode[])
      expect([1008, 1009, 1013, 4401, 4403, 4408, 4429]).toContain(closeCodeOf({ code }));
  });
});

describe('the reason of a close', () => {
  it('is cut between characters, at what a close frame holds', () => {
    expect(fittingReason('gone')).toBe('gone');
    expect(closeReasonOf({ code: 'TOKEN_EXPIRED', message: 'x'.repeat(200) })).toBe(
      `TOKEN_EXPIRED: ${'x'.repeat(108)}`,
    );
    expect(Buffer.byteLength(fittingReason('x'.repeat(200)))).toBe(123);
    expect(fittingReason('€'.repeat(50))).toBe('€'.repeat(41));
    expect(fittingReason(`${'x'.repeat(121)}😀`)).toBe('x'.repeat(121));
  });
});
