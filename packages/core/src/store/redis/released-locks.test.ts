import { expect, it } from 'vitest';
import { ReleasedLocks } from './released-locks.ts';

it('remembers a lock that was given back for its TTL', () => {
  const released = new ReleasedLocks(100);
  released.add('a', 'first', 0);
  released.add('a', 'second', 50);
  expect(released.recent(99).map(({ token }) => token)).toEqual(['first', 'second']);
  expect(released.recent(100).map(({ token }) => token)).toEqual(['second']);
});

it('remembers a bounded number, and the latest among them', () => {
  const released = new ReleasedLocks(100);
  for (let count = 0; count < 10_000; count += 1) released.add('a', String(count), 0);
  const tokens = released.recent(0).map(({ token }) => token);
  expect(tokens.length).toBeLessThanOrEqual(4096);
  expect(tokens.at(-1)).toBe('9999');
});
