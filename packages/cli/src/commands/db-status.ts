import type { Result } from '@triterm/core/protocol';
import { type Field, fieldLines } from '../output/listing.ts';
import type { Printer } from '../output/printer.ts';
import { byteText, countText, latencyText } from '../output/quantity.ts';
import { defineCommand, JSON_OPTION } from './definition.ts';
import { showReport, WATCH_OPTION } from './report.ts';

type Status = Result<'db.status'>;

export const command = defineCommand({
  spec: {
    summary: 'Show which database is used, and how it is',
    args: [],
    options: { watch: WATCH_OPTION, json: JSON_OPTION },
    examples: [
      ['triterm db status', 'for a person'],
      ['triterm db status --json', 'kind, location, state, schema, epochs, sessions, outbox and more'],
    ],
  },
  run: ({ options }, context) =>
    showReport(context, { ask: client => client.request('db.status', {}), lines: statusLines }, options),
});

const KIND_NAMES = { sqlite: 'SQLite', postgres: 'PostgreSQL' } as const;

function statusLines(status: Status, printer: Printer): readonly string[] {
  const { kind, location, state, reason, schema, epochs, sizeBytes, sessions, deleted, outbox, latencyMs } =
    status;
  const fields: Field[] = [
    ['database', location === null ? KIND_NAMES[kind] : `${KIND_NAMES[kind]} ${location}`],
    ['state', state, state === 'ok' ? 'green' : 'red'],
    ...(reason === null ? [] : [['why', reason] as const]),
    ...optional(
      'schema',
      schema,
      ({ current, minCompatible }) => `${current}, for releases of schema ${minCompatible} and later`,
    ),
    ...optional('size', sizeBytes, byteText),
    ...optional('sessions', sessions, count => `${count}, and ${deleted ?? 0} deleted`),
    ...optional('outbox', outbox, count => countText(count, 'entry', 'entries')),
    ...optional('epochs', epochs, ({ db, cache }) => `data ${db}, cache ${cache}`),
    ...optional('answered', latencyMs, ms => `in ${latencyText(ms)}`),
  ];
  return fieldLines(fields, printer);
}

function optional<T>(name: string, value: T | null, text: (value: T) => string): Field[] {
  return value === null ? [] : [[name, text(value)]];
}
