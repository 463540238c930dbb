import type { Result } from '@triterm/core/protocol';
import { type Field, fieldLines } from '../output/listing.ts';
import type { Printer } from '../output/printer.ts';
import { latencyText } from '../output/quantity.ts';
import { defineCommand, JSON_OPTION } from './definition.ts';
import { showReport, WATCH_OPTION } from './report.ts';

type Shown = Result<'locks.show'>;

export const command = defineCommand({
  spec: {
    summary: "Show who holds a session's lock, and who waits",
    args: [
      {
        name: 'ID',
        description: 'session (name, id, or the beginning of an id), or the name of a lock',
        required: true,
        complete: 'session',
      },
    ],
    options: { watch: WATCH_OPTION, json: JSON_OPTION },
    examples: [
      ['triterm locks show work', 'the lock of the session work'],
      ['triterm locks show work --json', '{name, lock}; lock is null when nobody holds it'],
    ],
  },
  run: ({ options, args: [target = ''] }, context) =>
    showReport(
      context,
      { ask: client => client.request('locks.show', { target }), lines: lockLines },
      options,
    ),
});

function lockLines({ name, lock }: Shown, printer: Printer): readonly string[] {
  const fields: Field[] =
    lock === null
      ? [
          ['lock', name],
          ['holder', 'nobody'],
        ]
      : [
          ['lock', name],
          ['session', lock.sessionName ?? lock.session ?? '-'],
          ['holder', lock.holder],
          ['token', `${lock.tokenPrefix}…`],
          ['held for', latencyText(lock.ageMs)],
          ['lapses in', latencyText(lock.ttlMs)],
          ['waiters', String(lock.waiters)],
          ['fence', lock.fence === null ? '-' : String(lock.fence)],
        ];
  return fieldLines(fields, printer);
}
