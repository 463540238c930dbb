import type { Result } from '@triterm/core/protocol/messages';
import type { StoreStats } from '@triterm/core/store';

type Rates = Result<'cache.stats'>['perSecond'];
type Counts = Omit<Rates, 'windowMs'>;

interface Sample {
  readonly atMs: number;
  readonly counts: Counts;
}

/** Rates are those since a sample that is at least so old … */
const LEAST_WINDOW_MS = 1000;
/** … and, where one is asked for often, no older than this. */
const WINDOW_MS = 10_000;

/**
 * Counts per second between two looks: since the oldest look of the last ten seconds, else since the one before that. Nothing
 * runs in between. Times are monotonic milliseconds.
 */
export class CounterWindow {
  #first: Sample;
  #later: readonly Sample[] = [];

  constructor(nowMs: number, stats: StoreStats) {
    this.#first = { atMs: nowMs, counts: countsOf(stats) };
  }

  look(nowMs: number, stats: StoreStats): Rates {
    const now = { atMs: nowMs, counts: countsOf(stats) };
    const age = ({ atMs }: Sample) => nowMs - atMs;
    const samples = [this.#first, ...this.#later];
    const old = samples.filter(sample => age(sample) >= LEAST_WINDOW_MS);
    const base = old.find(sample => age(sample) <= WINDOW_MS) ?? old.at(-1) ?? this.#first;
    const isApart = age(samples.at(-1) ?? base) >= LEAST_WINDOW_MS;
    this.#later = [...samples.slice(samples.indexOf(base) + 1), ...(isApart ? [now] : [])];
    this.#first = base;
    return ratesBetween(base, now);
  }
}

function countsOf({ reads, writes }: StoreStats): Counts {
  return { ...reads, writes };
}

function ratesBetween(from: Sample, to: Sample): Rates {
  const windowMs = Math.max(0, to.atMs - from.atMs);
  const rate = (key: keyof Counts) =>
    windowMs === 0 ? 0 : Math.max(0, ((to.counts[key] - from.counts[key]) * 1000) / windowMs);
  return {
    reads: rate('reads'),
    l1Hits: rate('l1Hits'),
    redisHits: rate('redisHits'),
    tombstones: rate('tombstones'),
    misses: rate('misses'),
    coalesced: rate('coalesced'),
    bypassed: rate('bypassed'),
    errors: rate('errors'),
    writes: rate('writes'),
    windowMs: Math.round(windowMs),
  };
}
