import { entryLines } from './cache-entry.ts';
import { CACHE_ID_ARGUMENT, defineCommand, JSON_OPTION } from './definition.ts';
import { showReport, WATCH_OPTION } from './report.ts';

export const command = defineCommand({
  spec: {
    summary: 'Show a session in L1, Redis and the database side by side',
    details:
      'With version, epoch, time to live and content, and whether they agree. An entry of another epoch, or below ' +
      'the floor, is served to nobody and contradicts nothing. Deleted sessions are found by their whole id.',
    args: [CACHE_ID_ARGUMENT],
    options: { watch: WATCH_OPTION, json: JSON_OPTION },
    examples: [
      ['triterm cache show work', 'for a person'],
      ['triterm cache show 0123456789ab --json', 'id, name, epoch, floor, tiers, agree, differences'],
    ],
  },
  run: ({ options, args: [target = ''] }, context) =>
    showReport(
      context,
      { ask: client => client.request('cache.show', { target }), lines: entryLines },
      options,
    ),
});
