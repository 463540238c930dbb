import type { LinkInfo } from '@triterm/core/store';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { redisStatus } from './redis-status.ts';
import type { RedisHealth, RedisSource } from './sources.ts';
import { storeSources } from './testing/sources.ts';

const INFO: LinkInfo = {
  topology: 'single',
  endpoint: 'redis://localhost:6379/0',
  tls: false,
  version: '7.0.15',
  usedMemoryBytes: 1000,
  maxMemoryBytes: 2000,
  evictionPolicy: 'noeviction',
  reconnects: 2,
  lastError: 'ECONNREFUSED',
};
const HEALTH: RedisHealth = {
  mode: 'hybrid',
  state: 'up',
  since: 1000,
  reason: null,
  breakerOpen: false,
  history: [{ at: 1000, from: 'resync', to: 'up', reason: null }],
  lastResync: { at: 900, durationMs: 12, entries: 3 },
};

function redis(health: Partial<RedisHealth> = {}, link: Partial<RedisSource['link']> = {}): RedisSource {
  return {
    link: { info: async () => INFO, scan: async () => ['triterm:session:1'], ...link },
    health: () => ({ ...HEALTH, ...health }),
    latency: () => ({ p50: 0.1, p99: 1 }),
  };
}

const status = (source: RedisSource | undefined, depth?: () => Promise<never>) => {
  const { database } = storeSources();
  return redisStatus(
    { redis: source, database: depth === undefined ? database : { ...database, outboxDepth: depth } },
    0,
  );
};
const hanging = () => new Promise<never>(() => {});

afterEach(() => {
  vi.useRealTimers();
});

describe('the status of Redis', () => {
  it('without one says off, and how to have one', async () => {
    expect(await status(undefined)).toEqual({
      mode: 'off',
      state: null,
      since: '1970-01-01T00:00:00.000Z',
      reason: expect.stringContaining('REDIS_HOST'),
      server: null,
      latencyMs: null,
      breaker: null,
      outbox: { entries: 0, oldestMs: 0 },
      resync: null,
      keys: null,
      history: [],
      warnings: [],
      troubles: [],
    });
  });

  it('tells everything that is known of one that is used', async () => {
    const { lastError: _, ...server } = INFO;
    expect(await status(redis())).toEqual({
      mode: 'hybrid',
      state: 'up',
      since: '1970-01-01T00:00:01.000Z',
      // An error of an earlier connection is no reason to be up.
      reason: null,
      server,
      latencyMs: { p50: 0.1, p99: 1 },
      breaker: 'closed',
      outbox: { entries: 0, oldestMs: 0 },
      resync: { at: '1970-01-01T00:00:00.900Z', durationMs: 12, entries: 3 },
      keys: { total: 1, truncated: false, kinds: { session: 1 } },
      history: [{ at: '1970-01-01T00:00:01.000Z', from: 'resync', to: 'up', reason: null }],
      warnings: [expect.stringContaining('noeviction')],
      troubles: [],
    });
  });

  it('gives the last error as the reason when nothing else does', async () => {
    expect(await status(redis({ mode: 'in-memory', state: 'down', breakerOpen: true }))).toMatchObject({
      mode: 'in-memory',
      state: 'down',
      reason: 'ECONNREFUSED',
      breaker: 'open',
    });
  });

  it('counts no keys of one that is down, which is no trouble of its own', async () => {
    const scan = async () => {
      throw new Error('not connected');
    };
    expect(await status(redis({ mode: 'in-memory', state: 'down' }, { scan }))).toMatchObject({
      keys: null,
      troubles: [],
    });
  });

  it('does not hang with it, and says what hung', async () => {
    vi.useFakeTimers();
    const answer = status(redis({ state: 'suspect' }, { info: hanging, scan: hanging }), hanging);
    await vi.advanceTimersByTimeAsync(2000);
    expect(await answer).toMatchObject({
      state: 'suspect',
      server: null,
      keys: null,
      outbox: null,
      troubles: [
        'Redis: no answer within 2000 ms.',
        'Keys: no answer within 2000 ms.',
        'Outbox: no answer within 2000 ms.',
      ],
    });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps the newest of a long history', async () => {
    const history = Array.from({ length: 100 }, (_, at) => ({
      at,
      from: 'up' as const,
      to: 'down' as const,
      reason: String(at),
    }));
    const { history: shown } = await status(redis({ history }));
    expect(shown.map(({ reason }) => reason)).toEqual(Array.from({ length: 20 }, (_, at) => String(at)));
  });
});
