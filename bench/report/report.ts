import { type Key, median, type Results, type Series } from '../results.ts';
import type { Judgement } from '../targets.ts';
import { textTable } from './text-table.ts';

/** Whom the figures are about, and whose they are divided by. */
const SUBJECT = 'triterm';
const REFERENCES = [
  'bare',
  'tmux',
  'node',
  'parser',
  'postgres',
  'redis',
  'bento L1',
  'redis-semaphore',
  'ideal queue',
] as const;

/** A run for people: a table for each measure, then what became of the targets. */
export function report(results: Results, judgements: readonly Judgement[]): string {
  const measures = [...new Set([...results.series, ...results.notes].map(({ measure }) => measure))];
  const parts = measures.map(measure => measureTable(results, measure));
  return [...parts, targetTable(judgements)].join('\n\n');
}

/** What was measured downwards, peers across; each figure is a median with its spread. */
function measureTable(results: Results, measure: string): string {
  const series = results.series.filter(each => each.measure === measure);
  const peers = [...new Set(series.map(({ peer }) => peer))];
  const references = peers.includes(SUBJECT) ? REFERENCES.filter(name => peers.includes(name)) : [];
  const rows = unique(series.map(({ variant, metric }) => ({ variant, metric }))).map(row => [
    `${row.variant} ${row.metric}`.trim(),
    ...peers.map(peer => cell(results, { measure, peer, ...row })),
    ...references.map(reference => ratio(results, { measure, ...row }, reference)),
  ]);
  const header = [measure, ...peers, ...references.map(reference => `${SUBJECT}/${reference}`)];
  const notes = results.notes
    .filter(note => note.measure === measure)
    .map(({ peer, variant, text }) => `  ${peer}, ${variant}: ${text}`);
  return [textTable([header, ...rows]), ...notes].join('\n');
}

function cell(results: Results, key: Key): string {
  const found = results.find(key);
  const value = results.median(key);
  return found === undefined || value === undefined ? '–' : figure(value) + spread(found);
}

function ratio(results: Results, key: Omit<Key, 'peer'>, reference: string): string {
  const own = results.median({ ...key, peer: SUBJECT });
  const other = results.median({ ...key, peer: reference });
  return own === undefined || other === undefined || other === 0 ? '–' : (own / other).toFixed(2);
}

/** Half the distance between the extremes, in per cent of the median. */
function spread({ values }: Series): string {
  const middle = median(values);
  if (values.length < 2 || middle === undefined || middle === 0) return '';
  const half = ((Math.max(...values) - Math.min(...values)) / 2 / middle) * 100;
  return ` ±${half.toFixed(0)}%`;
}

function targetTable(judgements: readonly Judgement[]): string {
  const rows = judgements
    .filter(({ found }) => found !== undefined)
    .map(({ target, found = Number.NaN, unit, met }) => [
      target,
      `${figure(found)} ${unit}`,
      met === true ? 'met' : 'NOT MET',
    ]);
  const missing = judgements.length - rows.length;
  const rest = missing === 0 ? [] : [`${missing} of ${judgements.length} targets were not measured.`];
  return [...(rows.length === 0 ? [] : [textTable([['target', 'found', ''], ...rows])]), ...rest].join('\n');
}

/** Three digits that count. */
function figure(value: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function unique<T>(values: readonly T[]): T[] {
  const seen = new Map(values.map(value => [JSON.stringify(value), value]));
  return [...seen.values()];
}
