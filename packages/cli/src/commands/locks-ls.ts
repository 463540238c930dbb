import { listing } from '../output/listing.ts';
import { defineCommand, JSON_OPTION } from './definition.ts';
import { LOCK_COLUMNS } from './lock-columns.ts';
import { moreLines, remarks } from './more-lines.ts';
import { LIMIT_OPTION, listLimit } from './option-values.ts';
import { showReport, WATCH_OPTION } from './report.ts';

export const command = defineCommand({
  spec: {
    summary: 'List the locks that are held, the oldest first',
    details:
      'Locks save work; what keeps data right is the fence, the owner epoch that the database checks with every ' +
      'write. For a pipe: tab-separated, without a header, times in milliseconds.',
    args: [],
    options: { limit: LIMIT_OPTION, watch: WATCH_OPTION, json: JSON_OPTION },
    examples: [
      ['triterm locks ls --watch', 'a list that stays up to date'],
      ['triterm locks ls --json', '{locks, truncated, troubles}'],
    ],
  },
  run: ({ options }, context) =>
    showReport(
      context,
      {
        ask: client => client.request('locks.list', listLimit(options.limit)),
        lines: (answer, printer, nowMs) =>
          answer.locks.length === 0
            ? moreLines(answer, printer)
            : [...listing(LOCK_COLUMNS, answer.locks, printer, nowMs), ...moreLines(answer, printer)],
        empty: 'No locks are held.',
        remarks: answer => remarks(answer),
      },
      options,
    ),
});
