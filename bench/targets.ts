import { NODE } from './measures/node-start.ts';
import { PARSER } from './measures/sustained.ts';
import { type Key, median, type Results, type Series } from './results.ts';

/** A target with what was found. */
export interface Judgement {
  readonly target: string;
  /** Undefined when what it needs was not measured. */
  readonly found?: number;
  readonly unit: string;
  readonly met?: boolean;
}

type Value = (results: Results) => number | undefined;

/** What a figure should be: at least one bound. */
export interface Target {
  readonly target: string;
  readonly unit: string;
  readonly value: Value;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** "As with none stopped" allows for the spread between two runs of the same. */
const SAME = 1.15;

export const TARGETS: readonly Target[] = [
  ...(
    [
      ['ascii', 1.5],
      ['sgr', 3],
      ['redraw', 2.5],
      ['utf8', 4],
    ] as const
  ).flatMap(([variant, timesTmux]): Target[] => [
    {
      target: `throughput ${variant} ≥ ${timesTmux} × tmux`,
      unit: '×',
      value: ratio({ measure: 'throughput', variant, metric: 'MB/s' }, 'tmux'),
      atLeast: timesTmux,
    },
    {
      target: `detached ${variant} ≥ 2 × tmux`,
      unit: '×',
      value: ratio({ measure: 'detached', variant, metric: 'MB/s' }, 'tmux'),
      atLeast: 2,
    },
    {
      target: `detached ${variant}: the next screen is exact`,
      unit: 'wrong rows',
      value: ofTriterm({ measure: 'detached', variant, metric: 'wrong rows' }, 'max'),
      atMost: 0,
    },
  ]),
  ...['ascii', 'sgr'].flatMap((variant): Target[] => [
    {
      target: `throughput ${variant} ≥ 0.7 × bare`,
      unit: '×',
      value: ratio({ measure: 'throughput', variant, metric: 'MB/s' }, 'bare'),
      atLeast: 0.7,
    },
    {
      target: `sustained ${variant} ≥ 0.85 × the parser alone`,
      unit: '×',
      value: ratio({ measure: 'sustained', variant, metric: 'MB/s' }, PARSER),
      atLeast: 0.85,
    },
  ]),
  {
    target: 'throughput: CPU ≤ 15 s/GB, mean of the payloads',
    unit: 's/GB',
    value: meanOfTriterm('throughput', 'CPU s/GB'),
    atMost: 15,
  },
  echoTarget('idle', 'p50 µs', 2),
  echoTarget('idle', 'p99 µs', 3),
  echoTarget('flood', 'p50 µs', 0.4),
  echoTarget('flood', 'p99 µs', 1),
  ...(['attach', 'create', 'list'] as const).map(
    (measure): Target => ({
      target: `${measure} ≤ Node's start + 6 ms`,
      unit: 'ms more',
      value: results => aboveNode(results, measure),
      atMost: 6,
    }),
  ),
  {
    target: 'many created at once ≤ 2 ms each',
    unit: 'ms',
    value: results => median(results.series.find(isManyAtOnce)?.values ?? []),
    atMost: 2,
  },
  { target: 'memory: base ≤ 110 MB', unit: 'MB', value: memoryOf('base MB'), atMost: 110 },
  { target: 'memory: idle session ≤ 60 KB', unit: 'KB', value: memoryOf('idle session KB'), atMost: 60 },
  {
    target: 'memory: session with 10,000 lines ≤ 1 MB',
    unit: 'KB',
    value: memoryOf('10,000 lines KB'),
    atMost: 1000,
  },
  {
    target: 'fan-out to 16 ≤ 0.4 × tmux',
    unit: '×',
    value: ratio({ measure: 'fan-out', variant: '16', metric: 's until the last' }, 'tmux'),
    atMost: 0.4,
  },
  {
    target: `fan-out to 4, one stopped: as with none (≤ ${SAME} ×)`,
    unit: '×',
    value: results => {
      const key = { measure: 'fan-out', peer: 'triterm', metric: 's until the last' };
      return quotient(
        results.median({ ...key, variant: '4, one stopped' }),
        results.median({ ...key, variant: '4' }),
      );
    },
    atMost: SAME,
  },
  {
    target: 'fan-out: the stopped one is exact when it continues',
    unit: 'wrong rows',
    value: ofTriterm({ measure: 'fan-out', variant: '4, one stopped', metric: 'wrong rows' }, 'max'),
    atMost: 0,
  },
];

/** Each target with what this run found. */
export function judge(results: Results, targets: readonly Target[] = TARGETS): Judgement[] {
  return targets.map(({ target, unit, value, atLeast, atMost }) => {
    const found = value(results);
    if (found === undefined || Number.isNaN(found)) return { target, unit };
    const met =
      found >= (atLeast ?? Number.NEGATIVE_INFINITY) && found <= (atMost ?? Number.POSITIVE_INFINITY);
    return { target, unit, found, met };
  });
}

function ratio(key: Omit<Key, 'peer'>, other: string): Value {
  return results =>
    quotient(results.median({ ...key, peer: 'triterm' }), results.median({ ...key, peer: other }));
}

export function quotient(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one / other;
}

function ofTriterm(key: Omit<Key, 'peer'>, which: 'max' | 'median'): Value {
  return results => {
    const values = results.find({ ...key, peer: 'triterm' })?.values;
    if (values === undefined) return undefined;
    return which === 'max' ? Math.max(...values) : results.median({ ...key, peer: 'triterm' });
  };
}

function meanOfTriterm(measure: string, metric: string): Value {
  return results => {
    const medians = results.series
      .filter(each => each.measure === measure && each.metric === metric && each.peer === 'triterm')
      .map(each => results.median(each))
      .filter(value => value !== undefined);
    return medians.length === 0 ? undefined : medians.reduce((sum, value) => sum + value, 0) / medians.length;
  };
}

function echoTarget(variant: string, metric: string, timesTmux: number): Target {
  return {
    target: `echo ${variant} ${metric.slice(0, 3)} ≤ ${timesTmux} × tmux`,
    unit: '×',
    value: ratio({ measure: 'echo', variant, metric }, 'tmux'),
    atMost: timesTmux,
  };
}

function aboveNode(results: Results, measure: string): number | undefined {
  const node = results.series.find(each => each.measure === measure && each.peer === NODE);
  if (node === undefined) return undefined;
  const own = results.median({ ...node, peer: 'triterm' });
  const start = results.median(node);
  return own === undefined || start === undefined ? undefined : own - start;
}

function isManyAtOnce({ peer, variant }: Series): boolean {
  return peer === 'triterm' && variant.endsWith('at once, each');
}

function memoryOf(metric: string): Value {
  return ofTriterm({ measure: 'memory', variant: '', metric }, 'median');
}
