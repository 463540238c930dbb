import { describe, expect, it } from 'vitest';
import { evictionAdvice } from './eviction-advice.ts';

describe('the advice about eviction', () => {
  it.each(['volatile-ttl', 'volatile-lru', 'volatile-lfu', 'volatile-random'])(
    'is none for %s: what has a time to live may go',
    policy => {
      expect(evictionAdvice(1_000_000, policy)).toBeUndefined();
    },
  );

  it.each([
    ['noeviction', /refuses writes/],
    ['allkeys-lru', /locks and sockets may be evicted/],
    ['allkeys-random', /locks and sockets may be evicted/],
  ])('warns of %s where memory has a limit, or may have one', (policy, text) => {
    expect(evictionAdvice(1_000_000, policy)).toMatch(text);
    expect(evictionAdvice(null, policy)).toMatch(text);
  });

  it.each(['noeviction', 'allkeys-lru', 'volatile-ttl'])('is none for %s without a limit', policy => {
    expect(evictionAdvice(0, policy)).toBeUndefined();
  });

  it('is none where the policy is not known', () => {
    expect(evictionAdvice(1_000_000, null)).toBeUndefined();
  });
});
