import { TermError } from '@triterm/core/errors';
import { describe, expect, it } from 'vitest';
import { DB_STATUS, REDIS_OFF, REDIS_STATUS } from '../../testing/store-answers.ts';
import { checkStore, type StoreFacts } from './store.ts';

const check = (facts: Partial<StoreFacts>) =>
  checkStore({ database: null, redis: null, ...facts }).map(
    ({ name, status, message }) => `${status} ${name}: ${message}`,
  );
const SAFE = { ...REDIS_STATUS, warnings: [] };

describe('the store', () => {
  it('of a daemon that was not asked, or of an earlier release, is no finding', () => {
    expect(check({})).toEqual([]);
  });

  it('is in order when the database answers, with and without Redis', () => {
    expect(check({ database: DB_STATUS, redis: REDIS_OFF })).toEqual([
      'ok database: sqlite /s/triterm.db, sessions 3, answers in 0.40 ms',
      'ok redis: is not configured; the database alone is used',
    ]);
    expect(check({ redis: SAFE })).toEqual(['ok redis: rediss://cache:6379/0 (single) is used']);
  });

  it('is a problem when the database does not answer', () => {
    const database = { ...DB_STATUS, state: 'unavailable' as const, reason: 'connection refused' };
    expect(check({ database })).toEqual([
      'problem database: sqlite /s/triterm.db does not answer: connection refused',
    ]);
    expect(check({ database: new TermError('STORE_UNAVAILABLE', 'Away.') })).toEqual([
      'problem database: Away.',
    ]);
  });

  it('works without Redis: that is a warning at most', () => {
    const redis = {
      ...SAFE,
      mode: 'in-memory' as const,
      state: 'down' as const,
      reason: 'ECONNREFUSED',
      server: null,
    };
    expect(check({ redis })).toEqual(['warning redis: Redis is not used (down): ECONNREFUSED']);
    expect(check({ redis: new TermError('TIMEOUT', 'Hangs.') })).toEqual(['warning redis: Hangs.']);
  });

  it('warns of an unsafe eviction policy, and of an outbox that does not empty', () => {
    expect(check({ redis: { ...REDIS_STATUS, outbox: { entries: 4, oldestMs: 30_000 } } })).toEqual([
      'ok redis: rediss://cache:6379/0 (single) is used',
      'warning redis memory: maxmemory-policy noeviction',
      'warning outbox: 4 entries wait for Redis, the oldest for 30.0 s.',
    ]);
  });
});
