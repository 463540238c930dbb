import type { Result } from '@triterm/core/protocol';
import { elapsedMs, shortDuration } from '../output/duration.ts';
import { type ListColumn, listing } from '../output/listing.ts';
import type { Printer } from '../output/printer.ts';
import { defineCommand, JSON_OPTION } from './definition.ts';
import { moreLines, remarks } from './more-lines.ts';
import { LIMIT_OPTION, listLimit } from './option-values.ts';
import { showReport, WATCH_OPTION } from './report.ts';

type Sockets = Result<'sockets.list'>;
type Socket = Sockets['sockets'][number];

export const command = defineCommand({
  spec: {
    summary: 'List attached sockets, over all servers',
    details:
      'Learned from Redis, or from the database when Redis is not used; a server without either knows its own. ' +
      'For a pipe: tab-separated, without a header, whole ids, times in RFC 3339.',
    args: [],
    options: {
      terminal: {
        short: 't',
        value: 'SESSION',
        description: 'only those of one session',
        complete: 'session',
      },
      limit: LIMIT_OPTION,
      watch: WATCH_OPTION,
      json: JSON_OPTION,
    },
    examples: [
      ['triterm sockets ls', 'all of them, in the order in which they came'],
      ['triterm sockets ls --terminal work', 'who is attached to the session work'],
      ['triterm sockets ls --json', '{sockets, truncated, source, troubles}'],
    ],
  },
  run: ({ options }, context) => {
    const params = {
      ...(options.terminal === undefined ? {} : { target: options.terminal }),
      ...listLimit(options.limit),
    };
    return showReport(
      context,
      {
        ask: client => client.request('sockets.list', params),
        lines: socketLines,
        empty: 'No sockets are attached.',
        remarks: answer => remarks(answer),
      },
      options,
    );
  },
});

const COLUMNS: readonly ListColumn<Socket>[] = [
  { header: 'SOCKET', minWidth: 8, text: socket => socket.id },
  {
    header: 'TERMINAL',
    minWidth: 8,
    text: socket => socket.terminalName ?? socket.terminal,
    exact: socket => socket.terminal,
  },
  { header: 'USER', minWidth: 5, dropRank: 4, text: socket => socket.user },
  { header: 'SERVER', minWidth: 6, dropRank: 1, text: socket => socket.server },
  { header: 'DEVICE', minWidth: 6, dropRank: 3, text: socket => socket.deviceName },
  {
    header: 'PRIMARY',
    text: socket => (socket.primary ? 'primary' : '-'),
    exact: socket => String(socket.primary),
    look: socket => (socket.primary ? 'green' : undefined),
  },
  {
    header: 'CONNECTED',
    align: 'end',
    dropRank: 2,
    text: (socket, nowMs) => shortDuration(elapsedMs(socket.connectedAt, nowMs)),
    exact: socket => socket.connectedAt,
  },
  {
    header: 'HEARD',
    align: 'end',
    dropRank: 5,
    text: ({ lastPingAt }, nowMs) =>
      lastPingAt === null ? '-' : shortDuration(elapsedMs(lastPingAt, nowMs)),
    exact: socket => socket.lastPingAt ?? '',
  },
];

function socketLines(answer: Sockets, printer: Printer, nowMs: number): readonly string[] {
  const { sockets } = answer;
  const table = sockets.length === 0 ? [] : listing(COLUMNS, sockets, printer, nowMs);
  return [...table, ...moreLines(answer, printer)];
}
