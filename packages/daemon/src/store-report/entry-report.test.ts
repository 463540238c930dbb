import type { CachedEntry, SessionRecord } from '@triterm/core/store';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { entryReport, resolveSession } from './entry-report.ts';
import { ID, sessionRow, storeSources } from './testing/sources.ts';

const EPOCH = 'e.1';
const WHO = { id: ID, name: 'work' };

function entry(known: Partial<CachedEntry> = {}): CachedEntry {
  return { version: 7, epoch: EPOCH, deleted: false, value: { ...sessionRow() }, ttlMs: 1000, ...known };
}

interface Tiers {
  readonly l1?: CachedEntry;
  readonly redis?: CachedEntry | (() => Promise<CachedEntry | undefined>);
  readonly record?: SessionRecord | undefined;
  readonly floor?: number;
}

async function report({ l1, redis, floor, ...database }: Tiers) {
  const sources = storeSources();
  return entryReport(
    {
      database: {
        ...sources.database,
        ...('record' in database ? { read: async () => database.record } : {}),
      },
      cache: {
        ...sources.cache,
        l1: { inspect: () => l1 },
        redis: { inspect: typeof redis === 'function' ? redis : async () => redis },
        floor: () => floor,
      },
    },
    WHO,
  );
}

afterEach(() => {
  vi.useRealTimers();
});

describe('an entry in its tiers', () => {
  it('agrees when every tier that has it has the same', async () => {
    const shown = await report({ l1: entry(), redis: entry({ ttlMs: 5 }) });
    expect(shown).toMatchObject({
      id: ID,
      name: 'work',
      epoch: EPOCH,
      floor: null,
      agree: true,
      differences: [],
    });
    expect(
      shown.tiers.map(({ tier, state, version, epoch, ttlMs }) => [tier, state, version, epoch, ttlMs]),
    ).toEqual([
      ['l1', 'present', 7, EPOCH, 1000],
      ['redis', 'present', 7, EPOCH, 5],
      ['database', 'present', 7, null, null],
    ]);
  });

  it('agrees whatever order the members are in, and whatever else a tier keeps', async () => {
    const value = { epoch: 1, ...sessionRow(), doc: { labels: { b: '2', a: '1' }, cwd: '/tmp' } };
    expect((await report({ redis: entry({ value }) })).agree).toBe(true);
  });

  it.each([
    ['an older version', { redis: entry({ version: 6 }) }, 'Redis has version 6, the database 7.'],
    ['a newer version', { l1: entry({ version: 8 }) }, 'L1 has version 8, the database 7.'],
    [
      'other content',
      { redis: entry({ value: { ...sessionRow({ name: 'other' }) } }) },
      'Redis and the database differ at version 7 in name.',
    ],
    [
      'a tombstone',
      { redis: entry({ deleted: true }) },
      'Redis says deleted, the database present, both at version 7.',
    ],
    [
      'what was deleted',
      { redis: entry({ version: 7 }), record: { id: ID, rev: 9, deleted: true as const } },
      'Redis has version 7, the database 9.',
    ],
    ['what never was', { l1: entry(), record: undefined }, 'L1 has version 7, the database nothing.'],
  ])('does not agree with %s', async (_what, tiers, difference) => {
    expect(await report(tiers)).toMatchObject({ agree: false, differences: [difference] });
  });

  it.each([
    ['of another epoch', { redis: entry({ version: 6, epoch: 'old.1' }) }],
    ['below the floor', { l1: entry({ version: 6 }), floor: 7 }],
    ['that is a tombstone of a collected row', { redis: entry({ deleted: true }), record: undefined }],
  ])('is contradicted by nothing %s', async (_what, tiers) => {
    expect((await report(tiers)).agree).toBe(true);
  });

  it('that no read takes says why', async () => {
    const shown = await report({ l1: entry({ version: 6 }), redis: entry({ epoch: 'old.1' }), floor: 7 });
    expect(shown.tiers.map(({ reason }) => reason)).toEqual([
      'It is below the floor; no read takes it.',
      'It is of another epoch; no read takes it.',
      null,
    ]);
  });

  it('is shown as far as it is known when Redis hangs', async () => {
    vi.useFakeTimers();
    const shown = report({ l1: entry(), redis: () => new Promise(() => {}) });
    await vi.advanceTimersByTimeAsync(2000);
    const { tiers, agree } = await shown;
    expect(tiers[1]).toMatchObject({
      state: 'unavailable',
      reason: 'Redis: no answer within 2000 ms.',
      version: null,
    });
    expect(agree).toBe(true);
  });

  it('cannot be judged when the database does not answer', async () => {
    const sources = storeSources();
    const read = async () => {
      throw new Error('connection refused');
    };
    const shown = await entryReport({ ...sources, database: { ...sources.database, read } }, WHO);
    expect(shown).toMatchObject({ agree: null, differences: [] });
    expect(shown.tiers.map(({ state }) => state)).toEqual(['off', 'off', 'unavailable']);
    expect(shown.tiers[2]?.reason).toBe('Database: connection refused');
  });
});

describe('the session that is meant', () => {
  const { sessions } = storeSources();

  it('is one that this server knows, or any by its whole id', () => {
    expect(resolveSession(sessions, 'work')).toEqual(WHO);
    expect(resolveSession(sessions, '0123')).toEqual(WHO);
    expect(resolveSession(sessions, 'zzzzzzzzzzzz')).toEqual({ id: 'zzzzzzzzzzzz', name: null });
  });

  it('is none by the beginning of an id that this server does not know', () => {
    expect(() => resolveSession(sessions, 'zzzz')).toThrow(
      expect.objectContaining({ code: 'SESSION_NOT_FOUND' }),
    );
  });
});
