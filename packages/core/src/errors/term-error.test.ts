import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERROR_CATALOG, type ErrorCategory, type ErrorCode, EXIT_CODES, isErrorCode } from './catalog.ts';
import { TermError } from './term-error.ts';

const CODES = Object.keys(ERROR_CATALOG) as ErrorCode[];
const anyCode = fc.constantFrom(...CODES);

describe('the catalogue', () => {
  it.each(CODES)('tells the next step for %s', code => {
    const { category, hint, retryable } = ERROR_CATALOG[code];
    expect(code).toMatch(/^[A-Z][A-Z_]*[A-Z]$/);
    expect(Object.hasOwn(EXIT_CODES, category)).toBe(true);
    expect(typeof retryable).toBe('boolean');
    expect(hint).toMatch(/^[A-Z`].*[.]$/);
    expect(hint.length).toBeLessThanOrEqual(160);
  });

  it('gives every category an exit code of its own that no shell gives a meaning', () => {
    const codes = Object.values(EXIT_CODES);
    expect(new Set(codes).size).toBe(codes.length);
    const isFree = (code: number) => code >= 2 && code !== 126 && code !== 127 && code < 128;
    expect(codes.every(isFree)).toBe(true);
  });

  it('uses every category', () => {
    const used = new Set<ErrorCategory>(CODES.map(code => ERROR_CATALOG[code].category));
    expect(used).toEqual(new Set(Object.keys(EXIT_CODES)));
  });

  it('knows its own codes only', () => {
    expect(CODES.every(isErrorCode)).toBe(true);
    for (const other of ['', 'usage', 'toString', '__proto__', 'constructor', 'NOPE'])
      expect(isErrorCode(other)).toBe(false);
  });
});

describe('an error', () => {
  it('takes hint, exit code and retry from the catalogue', () => {
    const error = new TermError('DAEMON_UNREACHABLE', 'Nobody listens.');
    expect(error).toMatchObject({ name: 'TermError', exitCode: 6, retryable: true, details: undefined });
    expect(error.hint).toContain('triterm daemon start');
    expect(error).toBeInstanceOf(Error);
    expect(new TermError('USAGE', 'm', { hint: 'do this' }).hint).toBe('do this');
  });

  it('keeps its cause, and says so only when it has one', () => {
    const cause = new Error('below');
    expect(new TermError('INTERNAL', 'above', { cause }).cause).toBe(cause);
    expect(Object.hasOwn(new TermError('INTERNAL', 'above'), 'cause')).toBe(false);
  });

  it('passes the wire with code, message, hint and details', () => {
    const anyDetails = fc.option(fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }), {
      nil: undefined,
    });
    fc.assert(
      fc.property(anyCode, fc.string({ minLength: 1 }), anyDetails, (code, message, details) => {
        const sent = new TermError(code, message, details === undefined ? {} : { details });
        const wire = JSON.parse(JSON.stringify(sent.toWire()));
        const got = TermError.fromWire(wire);
        expect(got).toMatchObject({ code, message, hint: sent.hint, exitCode: sent.exitCode });
        expect(got.details).toEqual(wire.details);
      }),
    );
  });

  it('never tells its cause or its stack to the other side', () => {
    const error = new TermError('INTERNAL', 'm', { cause: new Error('/home/me/secret') });
    expect(JSON.stringify(error.toWire())).not.toContain('secret');
    expect(Object.keys(error.toWire()).toSorted()).toEqual(['code', 'hint', 'message']);
  });

  it('of a code of the future becomes INTERNAL and keeps the newer side’s advice', () => {
    const got = TermError.fromWire({ code: 'QUOTA_OF_MARS', message: 'no air', hint: 'Bring some.' });
    expect(got).toMatchObject({ code: 'INTERNAL', message: 'no air', hint: 'Bring some.', exitCode: 70 });
  });

  it('is made of whatever a peer sends, bounded', () => {
    for (const wire of [
      undefined,
      null,
      1,
      'text',
      [],
      {},
      { code: {}, message: 7, hint: false, details: [] },
    ]) {
      const got = TermError.fromWire(wire);
      expect(got).toMatchObject({ code: 'INTERNAL', details: undefined });
      expect(got.message).not.toBe('');
    }
    const endless = 'x'.repeat(1_000_000);
    const got = TermError.fromWire({ code: 'USAGE', message: endless, hint: endless });
    expect(got.message.length + got.hint.length).toBeLessThan(20_000);
  });

  it('wraps whatever was thrown, once', () => {
    const own = new TermError('NAME_TAKEN', 'm');
    expect(TermError.from(own, 'INTERNAL')).toBe(own);
    const cause = new RangeError('deep');
    expect(TermError.from(cause, 'TIMEOUT')).toMatchObject({ code: 'TIMEOUT', message: 'deep', cause });
    expect(TermError.from('text')).toMatchObject({ code: 'INTERNAL', message: 'text' });
    expect(TermError.from(undefined).message).toBe('undefined');
  });
});
