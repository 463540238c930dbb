import { type Principal, SCOPES, SOCKET_OWNER } from '@triterm/core/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clusterBearer,
  clusterBearerAgeS,
  decodePrincipal,
  encodePrincipal,
  isClusterBearer,
} from './cluster-credential.ts';

const SECRET = 'a secret of the fleet, long enough';
const NOW_MS = 1_700_000_000_999;
const USE = { serverId: 'server-1', onBehalfOf: encodePrincipal(SOCKET_OWNER, 'server-2') };
const BEARER = clusterBearer(SECRET, USE, NOW_MS);

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

const word = fc.string({ minLength: 1, maxLength: 64 });
const principals: fc.Arbitrary<Principal> = fc.record({
  userId: word,
  scope: fc.constantFrom(...SCOPES),
  sessionId: fc.option(word, { nil: undefined }),
  tokenId: fc.option(word, { nil: undefined }),
  relayedBy: fc.constant(undefined),
});

describe('what servers show each other', () => {
  it('proves that they know the secret, and is never the secret', () => {
    expect(BEARER).toMatch(/^trs_1700000000_[A-Za-z0-9_-]{43}$/);
    expect(BEARER).not.toContain(SECRET);
    expect(isClusterBearer(BEARER, SECRET, USE, NOW_MS)).toBe(true);
  });

  it.each([
    ['another secret', clusterBearer('another secret', USE, NOW_MS), SECRET],
    ['the secret itself', SECRET, SECRET],
    ['a cut one', BEARER.slice(0, -1), SECRET],
    ['one of another time', BEARER.replace('1700000000', '1700000001'), SECRET],
    ['one whose time is written in another way', BEARER.replace('trs_1', 'trs_01'), SECRET],
    ['one without a time', BEARER.replace('1700000000_', ''), SECRET],
    ['nothing', '', SECRET],
    ['what an empty secret would give, where there is none', clusterBearer('', USE, NOW_MS), ''],
  ])('is not %s', (_what, bearer, secret) => {
    expect(clusterBearerAgeS(bearer, secret, USE, NOW_MS)).toBeUndefined();
    expect(isClusterBearer(bearer, secret, USE, NOW_MS)).toBe(false);
  });

  it('is good at the server that it was made for, for the one principal', () => {
    const elsewhere = { ...USE, serverId: 'server-3' };
    expect(isClusterBearer(BEARER, SECRET, elsewhere, NOW_MS)).toBe(false);
    const another = encodePrincipal({ ...SOCKET_OWNER, userId: 'eve' }, 'server-2');
    expect(isClusterBearer(BEARER, SECRET, { ...USE, onBehalfOf: another }, NOW_MS)).toBe(false);
  });

  it('can’t be cut at another place between server and principal', () => {
    const moved = {
      serverId: `${USE.serverId}${USE.onBehalfOf.slice(0, 1)}`,
      onBehalfOf: USE.onBehalfOf.slice(1),
    };
    expect(isClusterBearer(BEARER, SECRET, moved, NOW_MS)).toBe(false);
  });

  it.each([
    [-61, false],
    [-60, true],
    [60, true],
    [61, false],
  ])('is taken by a clock that is %d s ahead of its own: %s', (aheadS, isGood) => {
    const nowMs = NOW_MS + 1000 * aheadS;
    expect(clusterBearerAgeS(BEARER, SECRET, USE, nowMs)).toBe(aheadS);
    expect(isClusterBearer(BEARER, SECRET, USE, nowMs)).toBe(isGood);
  });
});

describe('the header that says for whom a server speaks', () => {
  it('brings every principal over, with who has relayed it', () => {
    fc.assert(
      fc.property(principals, word, (principal, server) => {
        expect(decodePrincipal(encodePrincipal(principal, server))).toEqual({
          ...principal,
          relayedBy: server,
        });
      }),
    );
  });

  it('names the last server that has relayed it, whatever it was told', () => {
    const header = encodePrincipal({ ...SOCKET_OWNER, relayedBy: 'server-1' }, 'server-2');
    expect(decodePrincipal(header)?.relayedBy).toBe('server-2');
  });

  const whole = { userId: 'ann', scope: 'use', sessionId: null, tokenId: null, relayedBy: 'server-1' };
  it.each([
    ['no user', { ...whole, userId: '' }],
    ['an unknown scope', { ...whole, scope: 'root' }],
    ['a scope of a prototype', { ...whole, scope: '__proto__' }],
    ['a list of scopes', { ...whole, scope: ['admin'] }],
    ['a missing restriction', { userId: 'ann', scope: 'use', tokenId: null, relayedBy: 'server-1' }],
    ['a restriction that this release does not know', { ...whole, until: 'noon' }],
    ['no server', { ...whole, relayedBy: null }],
    ['an endless user', { ...whole, userId: 'u'.repeat(65) }],
    ['a list', [whole]],
    ['null', null],
  ])('is refused with %s', (_what, value) => {
    expect(decodePrincipal(encoded(value))).toBeUndefined();
  });

  it.each([
    ['nothing', ''],
    ['plain JSON', JSON.stringify(whole)],
    ['base64 that is not of URLs', `${encoded(whole)}+/=`],
    ['half of it', encoded(whole).slice(0, 20)],
    [
      'more than the longest principal',
      Buffer.from(JSON.stringify(whole) + ' '.repeat(2000)).toString('base64url'),
    ],
  ])('is refused as %s', (_what, header) => {
    expect(decodePrincipal(header)).toBeUndefined();
  });

  it('never throws, whatever it is sent', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map(text => Buffer.from(text).toString('base64url')),
        ),
        header => {
          decodePrincipal(header);
        },
      ),
    );
  });
});
