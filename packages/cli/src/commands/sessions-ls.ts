import type { SessionInfo } from '@triterm/core/domain';
import { listSessions } from '../client/list-sessions.ts';
import { createPrinter } from '../output/printer.ts';
import { defineCommand, JSON_OPTION } from './definition.ts';
import { requireWatchable, WATCH_OPTION } from './report.ts';
import { FIELD_NAMES, filterSessions, parseFilter, parseOrder, SORT_FIELDS } from './session-filter.ts';
import { sessionLines, sessionRecords } from './session-table.ts';
import { withDaemon } from './with-daemon.ts';

export const command = defineCommand({
  spec: {
    summary: 'List sessions',
    details:
      'For a person: a table with ages. Into a pipe: tab-separated fields without a header, times in RFC 3339. ' +
      'With --json: an array of session objects. Without --all only those of one server; with it also those of servers that ' +
      'cannot be reached, as they were last known.\n\n' +
      'A filter is FIELD=PATTERN (* stands for any text; label.KEY for labels), or a text that occurs somewhere.',
    args: [],
    options: {
      filter: {
        value: 'FILTER',
        repeat: true,
        description: 'only sessions that pass',
        complete: FIELD_NAMES.map(name => `${name}=`),
      },
      sort: {
        value: 'FIELD',
        description: `order by ${SORT_FIELDS.join(', ')}; -FIELD reverses`,
        complete: SORT_FIELDS,
      },
      all: { short: 'a', description: 'of all servers that share the database' },
      watch: WATCH_OPTION,
      json: JSON_OPTION,
    },
    examples: [
      ['triterm ls', 'all of them, oldest first'],
      ['triterm ls --filter state=running --sort idle', 'running ones, the busiest first'],
      ['triterm ls --filter label.team=web --json', 'for a script'],
      ['triterm ls --watch', 'a list that stays up to date'],
      ['triterm ls --all --filter reachable=false', 'what is on servers that do not answer'],
    ],
  },
  async run({ options }, context) {
    const filters = options.filter.map(parseFilter);
    const order = options.sort === undefined ? undefined : parseOrder(options.sort);
    const { all } = options;
    const select = (sessions: readonly SessionInfo[]) => {
      const passed = filterSessions(sessions, filters);
      return order === undefined ? passed : passed.sort(order);
    };
    if (options.watch) {
      requireWatchable(context, options.json);
      const { watchSessions } = await import('./watch-sessions.ts');
      return watchSessions(context, select, options);
    }
    const sessions = await withDaemon(context, client => listSessions(client, { all }), { repeatable: true });
    const shown = select(sessions);
    const printer = createPrinter(context.stdout, context.env);
    if (options.json) printer.json(shown);
    else if (printer.isTerminal && shown.length === 0)
      context.stderr.write(sessions.length === 0 ? NO_SESSIONS : 'No session passes the filter.\n');
    else {
      const now = { ms: Date.now(), home: context.env.HOME ?? '', all };
      const lines = printer.isTerminal ? sessionLines(shown, printer, now) : sessionRecords(shown, all);
      for (const text of lines) printer.line(text);
    }
    return 0;
  },
});

const NO_SESSIONS = 'No sessions. `triterm new` starts one.\n';
