import type { Result } from '@triterm/core/protocol';
import { type ListColumn, listing } from '../output/listing.ts';
import { latencyText } from '../output/quantity.ts';
import { defineCommand, JSON_OPTION } from './definition.ts';
import { moreLines, remarks } from './more-lines.ts';
import { showReport, WATCH_OPTION } from './report.ts';

type Server = Result<'servers.list'>['servers'][number];

export const command = defineCommand({
  spec: {
    summary: 'List the servers that share the database',
    details:
      'A server is alive while it renews its lease. An incarnation is one life of a server. One that is draining takes ' +
      'no new sessions, and wants its clients elsewhere. For a pipe: ' +
      'tab-separated, without a header, the lease in milliseconds.',
    args: [],
    options: { watch: WATCH_OPTION, json: JSON_OPTION },
    examples: [
      ['triterm servers ls', 'all of them'],
      ['triterm servers ls --json', '{servers, troubles}'],
    ],
  },
  run: ({ options }, context) =>
    showReport(
      context,
      {
        ask: client => client.request('servers.list', {}),
        lines: (answer, printer, nowMs) => [
          ...listing(COLUMNS, answer.servers, printer, nowMs),
          ...moreLines(answer, printer),
        ],
        remarks: answer => remarks(answer),
      },
      options,
    ),
});

const COLUMNS: readonly ListColumn<Server>[] = [
  { header: 'SERVER', minWidth: 6, text: server => server.id },
  { header: 'HOST', minWidth: 6, dropRank: 3, text: server => server.host },
  {
    header: 'INCARNATION',
    align: 'end',
    dropRank: 4,
    text: server => orDash(server.incarnation),
    exact: server => orEmpty(server.incarnation),
  },
  {
    header: 'STATE',
    text: server => server.state,
    look: server => (server.state === 'alive' ? 'green' : 'red'),
  },
  {
    header: 'LEASE',
    align: 'end',
    text: ({ leaseLeftMs }) => leaseText(leaseLeftMs),
    exact: server => orEmpty(server.leaseLeftMs),
  },
  {
    header: 'SOCKETS',
    align: 'end',
    dropRank: 1,
    text: server => orDash(server.sockets),
    exact: server => orEmpty(server.sockets),
  },
  {
    header: 'URL',
    minWidth: 8,
    dropRank: 2,
    text: server => server.advertiseUrl ?? '-',
    exact: server => server.advertiseUrl ?? '',
  },
  { header: 'SELF', text: server => (server.self ? 'this one' : ''), exact: server => String(server.self) },
  {
    header: 'DRAINING',
    dropRank: 5,
    text: server => (server.draining === true ? 'draining' : ''),
    look: () => 'yellow',
    exact: server => (server.draining === null ? '' : String(server.draining)),
  },
];

function leaseText(leftMs: number | null): string {
  if (leftMs === null) return '-';
  return leftMs >= 0 ? latencyText(leftMs) : `${latencyText(-leftMs)} ago`;
}

function orDash(value: number | null): string {
  return value === null ? '-' : String(value);
}

function orEmpty(value: number | null): string {
  return value === null ? '' : String(value);
}
