import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSessionId, isSessionName, newSessionId, newToken } from './ids.ts';

describe('a session id', () => {
  it('is twelve characters without look-alikes', () => {
    for (let i = 0; i < 1000; i += 1) {
      const id = newSessionId();
      expect(id).toMatch(/^[0-9a-z]{12}$/);
      expect(id).not.toMatch(/[ilou]/);
      expect(isSessionId(id)).toBe(true);
    }
  });

  it('uses the whole alphabet and never repeats', () => {
    const ids = Array.from({ length: 2000 }, newSessionId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(ids.join('')).size).toBe(32);
  });

  it('is not something else', () => {
    for (const other of [
      '',
      'short',
      '0123456789abc',
      '0123456789ai',
      '0123456789AB',
      '0123456789a\n',
      '../../../etc',
    ])
      expect(isSessionId(other)).toBe(false);
  });
});

describe('a token', () => {
  it('is 128 bits in hex', () => {
    const tokens = Array.from({ length: 100 }, newToken);
    for (const token of tokens) expect(token).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(tokens).size).toBe(tokens.length);
  });
});

describe('a session name', () => {
  it.each([
    'a',
    'main',
    'web-1',
    'a.b_c',
    '_x',
    '.hidden',
    '...',
    '日本語',
    'naïve',
    '42',
    'x'.repeat(64),
    '𝒳'.repeat(64),
  ])('may be %s', name => expect(isSessionName(name)).toBe(true));

  it.each([
    '',
    '-x',
    '.',
    '..',
    'a b',
    'a/b',
    'a\n',
    'a\0',
    'a:b',
    '*',
    '$HOME',
    "it's",
    'x'.repeat(65),
    'a\u202eb',
    '😀',
    '\x1b[31m',
  ])('may not be %j', name => expect(isSessionName(name)).toBe(false));

  it('is safe as a file name and on a command line, whatever is tried', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        if (!isSessionName(text)) return;
        expect(text).not.toMatch(/[\p{C}\p{Z}/\\'"`$&|;<>*?(){}[\]!#~]|^-/u);
      }),
      { numRuns: 2000 },
    );
  });
});
