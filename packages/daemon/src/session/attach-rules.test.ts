import { newToken, type Principal, type Role, SOCKET_OWNER } from '@triterm/core/domain';
import { describe, expect, it } from 'vitest';
import { type Place, requireOwnToken, requirePlace, requireSight } from './attach-rules.ts';
import { clientId } from './client-id.ts';

const TOO_MANY = expect.objectContaining({ code: 'TOO_MANY_CLIENTS' });

function withToken(tokenId: string): Principal {
  return { ...SOCKET_OWNER, scope: 'use', tokenId };
}

const places = (count: number, principal: (at: number) => Principal, role: Role): Place[] =>
  Array.from({ length: count }, (_, at) => ({ principal: principal(at), role }));

describe('a place among the clients', () => {
  const owner: Place = { principal: SOCKET_OWNER, role: 'controller' };
  const ofToken = (tokenId: string, role: Role): Place => ({ principal: withToken(tokenId), role });

  it('is there for everybody until all are taken', () => {
    const others = (count: number) => places(count, at => withToken(`token-${at}`), 'controller');
    for (const wanted of [owner, ofToken('new', 'controller'), ofToken('new', 'viewer')]) {
      expect(() => requirePlace(wanted, others(15), 16)).not.toThrow();
      expect(() => requirePlace(wanted, others(16), 16)).toThrow(TOO_MANY);
    }
  });

  it.each(['viewer', 'controller'] as const)(
    'is refused to the %s of a token that has a quarter of them',
    role => {
      const taken = places(4, () => withToken('greedy'), 'viewer');
      expect(() => requirePlace(ofToken('greedy', role), taken, 16)).toThrow(TOO_MANY);
      expect(() => requirePlace(ofToken('greedy', role), taken.slice(1), 16)).not.toThrow();
      expect(() => requirePlace(ofToken('modest', role), taken, 16)).not.toThrow();
      expect(() => requirePlace(owner, taken, 16)).not.toThrow();
    },
  );

  it('is kept, one in four, from viewers over the network', () => {
    const viewers = places(12, at => withToken(`token-${at}`), 'viewer');
    expect(() => requirePlace(ofToken('new', 'viewer'), viewers, 16)).toThrow(TOO_MANY);
    expect(() => requirePlace(ofToken('new', 'viewer'), viewers.slice(1), 16)).not.toThrow();
    expect(() => requirePlace(ofToken('new', 'controller'), viewers, 16)).not.toThrow();
    expect(() => requirePlace({ ...owner, role: 'viewer' }, viewers, 16)).not.toThrow();
  });

  it('is there for one client of a token even where there is only one', () => {
    expect(() => requirePlace(ofToken('new', 'viewer'), [], 1)).not.toThrow();
  });
});

describe('the token of an attachment', () => {
  const token = newToken();
  const attached = (principal: Principal, its = token) => ({ id: clientId(its), token: its, principal });

  it('is its principal’s, through whichever server it comes', () => {
    const here = attached(withToken('aaaaaaaa'));
    const relayed = { ...withToken('aaaaaaaa'), relayedBy: 'server-2' };
    expect(() => requireOwnToken(token, relayed, [here])).not.toThrow();
    for (const other of [withToken('bbbbbbbb'), SOCKET_OWNER, { ...withToken('aaaaaaaa'), userId: 'eve' }])
      expect(() => requireOwnToken(token, other, [here])).toThrow(
        expect.objectContaining({ code: 'BAD_MESSAGE' }),
      );
    expect(() => requireOwnToken(newToken(), SOCKET_OWNER, [here])).not.toThrow();
  });

  it('is refused when it happens to give another client’s id', () => {
    const other = { ...attached(SOCKET_OWNER, newToken()), id: clientId(token) };
    expect(() => requireOwnToken(token, SOCKET_OWNER, [other])).toThrow(
      expect.objectContaining({ code: 'BAD_MESSAGE' }),
    );
  });
});

it('a session that has become another one is not there for who may see the earlier one only', () => {
  const guest = { ...withToken('aaaaaaaa'), sessionId: 'before' };
  const session = { id: 'after', userId: SOCKET_OWNER.userId };
  expect(() => requireSight(session, guest)).toThrow(expect.objectContaining({ code: 'SESSION_NOT_FOUND' }));
  expect(() => requireSight({ ...session, id: 'before' }, guest)).not.toThrow();
  expect(() => requireSight(session, SOCKET_OWNER)).not.toThrow();
});
