import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { hashOf, newTokenText, parseToken, provesToken } from './token.ts';

const { compared } = vi.hoisted(() => ({ compared: [] as number[][] }));
vi.mock('node:crypto', async importOriginal => {
  const crypto = await importOriginal<typeof import('node:crypto')>();
  return {
    ...crypto,
    timingSafeEqual: (a: Buffer, b: Buffer) => {
      compared.push([a.length, b.length]);
      return crypto.timingSafeEqual(a, b);
    },
  };
});
afterEach(() => {
  compared.length = 0;
});

describe('a token', () => {
  it('has a public id and 256 random bits, and only its hash is kept', () => {
    const [one, two] = [newTokenText(), newTokenText()];
    expect(one.text).toMatch(/^trt_[0-9a-f]{8}_[A-Za-z0-9_-]{43}$/);
    expect(Buffer.from(one.text.slice(13), 'base64url')).toHaveLength(32);
    expect(one.hash).toMatch(/^[0-9a-f]{64}$/);
    expect([one.id, one.text.slice(13)]).not.toEqual([two.id, two.text.slice(13)]);
    expect(parseToken(one.text)).toEqual({ id: one.id, secret: one.text.slice(13) });
  });

  it('is proved by its own secret only', () => {
    const [one, two] = [newTokenText(), newTokenText()];
    const secret = parseToken(one.text)?.secret ?? '';
    expect(provesToken(secret, one.hash)).toBe(true);
    expect(provesToken(secret, two.hash)).toBe(false);
    expect(provesToken(secret, undefined)).toBe(false);
    expect(provesToken('', hashOf(''))).toBe(true);
  });

  it.each([
    ['another hash', hashOf('x')],
    ['no hash at all', undefined],
    ['a hash that is cut', hashOf('x').slice(2)],
    ['a hash that is none', 'z'.repeat(64)],
  ])('is compared once, over all 32 bytes, with %s', (_what, hash) => {
    expect(provesToken('secret', hash)).toBe(false);
    expect(compared).toEqual([[32, 32]]);
  });

  it.each([
    '',
    'trt_',
    `trt_0123456g_${'a'.repeat(43)}`,
    `trt_01234567_${'a'.repeat(42)}`,
    `trt_01234567_${'a'.repeat(44)}`,
    `trt_01234567_${'a'.repeat(42)}=`,
    `trt_01234567_${'a'.repeat(42)}\n`,
    `TRT_01234567_${'a'.repeat(43)}`,
    ` trt_01234567_${'a'.repeat(43)}`,
    `trs_01234567_${'a'.repeat(43)}`,
  ])('is not what looks like one: %j', text => {
    expect(parseToken(text)).toBeUndefined();
  });

  it('is read exactly: what it was read from is what it says again', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), text => {
        for (const candidate of [text, `trt_${text}`, `trt_01234567_${text}`]) {
          const token = parseToken(candidate);
          if (token !== undefined) expect(`trt_${token.id}_${token.secret}`).toBe(candidate);
        }
      }),
    );
  });
});
