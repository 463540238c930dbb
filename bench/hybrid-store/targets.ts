import { type Key, median, type Results } from '../results.ts';
import { quotient, type Target } from '../targets.ts';
import { POSTGRES, SEMAPHORE, SUBJECT } from './measure.ts';
import { HANG, METADATA } from './measures/hang.ts';
import { CONTENDED, FREE, IDEAL } from './measures/locks.ts';
import { MEMORY } from './measures/memory.ts';
import { READS } from './measures/reads.ts';
import { CALLS } from './measures/registry.ts';
import { DATABASES, LS, SESSIONS } from './measures/sessions.ts';
import { WRITERS, writersText, writesKey } from './measures/writes.ts';

/** Deadline of one command to Redis. */
const COMMAND_DEADLINE_MS = 50;
const FLAT = 1.5;

type Value = Target['value'];

export const STORE_TARGETS: readonly Target[] = [
  {
    target: 'reads: mean ≥ 10 × faster than PostgreSQL',
    unit: '×',
    value: ratio({ ...READS, metric: 'mean µs' }, POSTGRES, SUBJECT),
    atLeast: 10,
  },
  {
    target: 'reads: memory hit rate ≥ 90 %',
    unit: '%',
    value: own({ ...READS, metric: 'memory hit %' }),
    atLeast: 90,
  },
  { target: 'memory: a hit ≤ 1 µs', unit: 'µs', value: own(MEMORY), atMost: 1 },
  {
    target: "memory: faster than bentocache's quickest",
    unit: '×',
    value: results => {
      const others = results.series.filter(
        ({ measure, peer }) => measure === MEMORY.measure && peer.startsWith('bento'),
      );
      const quickest = others.map(({ values }) => median(values) ?? Number.NaN).toSorted((a, b) => a - b)[0];
      return quotient(own(MEMORY)(results), quickest);
    },
    atMost: 1,
  },
  ...WRITERS.flatMap(writers =>
    (['p50 µs', 'mean µs'] as const).map(
      (metric): Target => ({
        target: `writes: ${writersText(writers)}, ${metric.slice(0, -3)} ≤ 1.5 × bare PostgreSQL`,
        unit: '×',
        value: ratio({ ...writesKey(writers), metric }, SUBJECT, POSTGRES),
        atMost: 1.5,
      }),
    ),
  ),
  {
    target: 'locks: free, p50 no slower than redis-semaphore',
    unit: '×',
    value: ratio({ ...FREE, metric: 'p50 µs' }, SUBJECT, SEMAPHORE),
    atMost: 1,
  },
  {
    target: 'locks: contended, p99 of waits ≤ 3 × the ideal queue',
    unit: '×',
    value: ratio({ ...CONTENDED, metric: 'p99 ms' }, SUBJECT, IDEAL),
    atMost: 3,
  },
  ...CALLS.map(
    (call): Target => ({
      target: `registry: ${call}: many cost as few (≤ ${FLAT} ×)`,
      unit: '×',
      value: results => growth(results, call),
      atMost: FLAT,
    }),
  ),
  ...DATABASES.map(
    (name): Target => ({
      target: `sessions: a list of ${name} ≤ 100 ms`,
      unit: 'ms',
      value: own({ ...SESSIONS, variant: `list of ${name}` }),
      atMost: 100,
    }),
  ),
  {
    target: `sessions: ${LS} ≤ 100 ms, Node's start in it`,
    unit: 'ms',
    value: own({ ...SESSIONS, variant: LS }),
    atMost: 100,
  },
  ...(['p99 ms', 'max ms'] as const).map(
    (metric): Target => ({
      target: `hang: ${metric.slice(0, 3)} ≤ command deadline + database time`,
      unit: '×',
      value: results => beyondDeadline(results, metric),
      atMost: 1,
    }),
  ),
];

function own(key: Omit<Key, 'peer'>): Value {
  return results => results.median({ ...key, peer: SUBJECT });
}

function ratio(key: Omit<Key, 'peer'>, one: string, other: string): Value {
  return results => quotient(results.median({ ...key, peer: one }), results.median({ ...key, peer: other }));
}

/** What a call costs with the most sockets that were measured, divided by its cost with the fewest. */
function growth(results: Results, call: string): number | undefined {
  const series = results.series
    .filter(({ measure, metric }) => measure === 'registry' && metric === `${call}, µs`)
    .toSorted((a, b) => Number.parseInt(a.variant, 10) - Number.parseInt(b.variant, 10));
  const [few, many] = [series[0], series.at(-1)];
  return few === undefined || many === undefined || few === many
    ? undefined
    : quotient(results.median(many), results.median(few));
}

/** The slowest call of any kind, divided by what it may take: the deadline, and the slowest of the database alone. */
function beyondDeadline(results: Results, metric: string): number | undefined {
  const worst = (peer: string, variants: readonly string[]) => {
    const found = variants.flatMap(variant => results.find({ ...HANG, variant, peer, metric })?.values ?? []);
    return found.length === 0 ? undefined : Math.max(...found);
  };
  const database = worst(POSTGRES, METADATA);
  return quotient(
    worst(SUBJECT, METADATA),
    database === undefined ? undefined : COMMAND_DEADLINE_MS + database,
  );
}
