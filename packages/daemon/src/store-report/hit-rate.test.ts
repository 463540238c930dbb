import { describe, expect, it } from 'vitest';
import { hitRate } from './hit-rate.ts';
import { storeStats } from './testing/sources.ts';

const rate = (reads: Parameters<typeof storeStats>[0]) => hitRate(storeStats(reads).reads);

describe('the hit rate', () => {
  it('counts hits of both tiers and tombstones among the reads that asked a tier', () => {
    expect(
      rate({
        reads: 20,
        l1Hits: 4,
        redisHits: 2,
        tombstones: 2,
        misses: 1,
        coalesced: 1,
        bypassed: 8,
        errors: 2,
      }),
    ).toBe(0.8);
  });

  it('is unknown as long as no read has asked a tier', () => {
    expect(rate({})).toBeNull();
    expect(rate({ reads: 5, bypassed: 5 })).toBeNull();
  });
});
