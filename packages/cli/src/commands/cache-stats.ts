import type { Result } from '@triterm/core/protocol';
import { type Field, fieldLines, type ListColumn, listing, momentText } from '../output/listing.ts';
import type { Printer } from '../output/printer.ts';
import { latencyText, percentText, rateText } from '../output/quantity.ts';
import { defineCommand, JSON_OPTION } from './definition.ts';
import { showReport, WATCH_OPTION } from './report.ts';

type Stats = Result<'cache.stats'>;

export const command = defineCommand({
  spec: {
    summary: 'Show what reads of sessions were answered by',
    details:
      'Counts of this server since it started, and how many a second over the last ten seconds or since they were ' +
      'last asked for. Reads are answered by L1 (this process), Redis, a tombstone (the session is deleted), or ' +
      'the database: after a miss, together with another read (coalesced), or because no cache may be used ' +
      '(bypassed). The hit rate is that of reads which asked a cache.',
    args: [],
    options: { watch: WATCH_OPTION, json: JSON_OPTION },
    examples: [
      ['triterm cache stats --watch', 'a table that stays up to date'],
      ['triterm cache stats --json', 'reads, perSecond, hitRate, casRejections, invalidationLagMs and more'],
    ],
  },
  run: ({ options }, context) =>
    showReport(context, { ask: client => client.request('cache.stats', {}), lines: statsLines }, options),
});

const KINDS = [
  ['L1 hits', 'l1Hits'],
  ['Redis hits', 'redisHits'],
  ['tombstones', 'tombstones'],
  ['misses', 'misses'],
  ['coalesced', 'coalesced'],
  ['bypassed', 'bypassed'],
  ['errors', 'errors'],
  ['all', 'reads'],
] as const;

interface Row {
  readonly name: string;
  readonly total: number;
  readonly perSecond: number;
  readonly share: number | null;
}

const COLUMNS: readonly ListColumn<Row>[] = [
  { header: 'READS', text: row => row.name },
  { header: 'TOTAL', align: 'end', text: row => String(row.total) },
  { header: 'PER SECOND', align: 'end', text: row => rateText(row.perSecond) },
  { header: 'SHARE', align: 'end', text: row => (row.share === null ? '-' : percentText(row.share)) },
];

function statsLines(stats: Stats, printer: Printer, nowMs: number): readonly string[] {
  const { reads, perSecond } = stats;
  const rows = KINDS.map(([name, key]) => ({
    name,
    total: reads[key],
    perSecond: perSecond[key],
    share: reads.reads === 0 ? null : reads[key] / reads.reads,
  }));
  const table = listing(COLUMNS, rows, printer, nowMs);
  return [
    ...table,
    ...(printer.isTerminal ? [''] : []),
    ...fieldLines(otherFields(stats, printer, nowMs), printer),
  ];
}

function otherFields(stats: Stats, printer: Printer, nowMs: number): Field[] {
  const { hitRate, perSecond, invalidationLagMs: lag } = stats;
  return [
    ['hit rate', hitRate === null ? '-' : percentText(hitRate)],
    ['stale reads', String(stats.staleReads)],
    ['writes', `${stats.writes}, ${rateText(perSecond.writes)} a second`],
    ['puts', `${stats.puts}, ${stats.putFailures} failed`],
    ['rejected', `${stats.casRejections} not newer, ${stats.fillRejections} fills without a token`],
    ['invalidations', String(stats.invalidationsReceived)],
    ['lag', lag === null ? '-' : `p50 ${latencyText(lag.p50)}, p99 ${latencyText(lag.p99)}`],
    ['L1', `${stats.l1Entries} entries, ${stats.floors} floors`],
    ['outbox', `${stats.outboxDrained} drained, ${stats.resyncs} resyncs`],
    ['counted', `since ${momentText(stats.since, printer, nowMs)}`],
  ];
}
