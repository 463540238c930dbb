import type { Result } from '@triterm/core/protocol';
import { shortDuration } from '../output/duration.ts';
import { type Field, fieldLines, momentText } from '../output/listing.ts';
import type { Look, Printer } from '../output/printer.ts';
import { byteText, countText, latencyText } from '../output/quantity.ts';
import { defineCommand, JSON_OPTION } from './definition.ts';
import { showReport, WATCH_OPTION } from './report.ts';

type Status = Result<'redis.status'>;

export const command = defineCommand({
  spec: {
    summary: 'Show whether Redis is used, and how it is',
    details:
      'Modes: hybrid (Redis answers and is used), in-memory (it is configured and not used now), off (none is ' +
      'configured). Everything works in each of them; without Redis it is slower. What hangs is told of after two ' +
      'seconds.',
    args: [],
    options: { watch: WATCH_OPTION, json: JSON_OPTION },
    examples: [
      ['triterm redis status', 'for a person'],
      ['triterm redis status --watch', 'stays up to date'],
      ['triterm redis status --json', 'mode, state, since, reason, server, latencyMs, keys and more'],
    ],
  },
  run: ({ options }, context) =>
    showReport(context, { ask: client => client.request('redis.status', {}), lines: redisLines }, options),
});

const MODE_LOOKS = { hybrid: 'green', 'in-memory': 'yellow', off: 'dim' } as const satisfies Record<
  Status['mode'],
  Look
>;

function redisLines(status: Status, printer: Printer, nowMs: number): readonly string[] {
  const { mode, state, since, reason, warnings, troubles, history } = status;
  const fields: Field[] = [
    ['mode', state === null ? mode : `${mode} (${state})`, MODE_LOOKS[mode]],
    ...(reason === null ? [] : [['why', reason] as const]),
    ['since', momentText(since, printer, nowMs)],
    ...serverFields(status),
    ...workFields(status, printer, nowMs),
    ...keyFields(status.keys),
    ...warnings.map(warning => ['warning', warning, 'yellow'] as const),
    ...troubles.map(trouble => ['trouble', trouble, 'red'] as const),
    ...history.map(change => ['change', changeText(change, printer, nowMs)] as const),
  ];
  return fieldLines(fields, printer);
}

function serverFields({ server }: Status): Field[] {
  if (server === null) return [];
  const { topology, endpoint, tls, version, reconnects } = server;
  return [
    ['server', `${endpoint} (${topology}${tls ? ', TLS' : ''})`],
    ['version', version ?? 'unknown'],
    ['memory', memoryText(server)],
    ['reconnects', String(reconnects)],
  ];
}

function memoryText({
  usedMemoryBytes,
  maxMemoryBytes,
  evictionPolicy,
}: NonNullable<Status['server']>): string {
  const used = usedMemoryBytes === null ? 'unknown' : byteText(usedMemoryBytes);
  const limit =
    maxMemoryBytes === null ? '' : maxMemoryBytes === 0 ? ', no limit' : ` of ${byteText(maxMemoryBytes)}`;
  return `${used}${limit}${evictionPolicy === null ? '' : `, ${evictionPolicy}`}`;
}

function workFields(
  { latencyMs, breaker, outbox, resync }: Status,
  printer: Printer,
  nowMs: number,
): Field[] {
  const fields: Field[] = [];
  if (latencyMs !== null)
    fields.push(['latency', `p50 ${latencyText(latencyMs.p50)}, p99 ${latencyText(latencyMs.p99)}`]);
  if (breaker !== null) fields.push(['breaker', breaker, breaker === 'open' ? 'red' : undefined]);
  if (outbox !== null) {
    const age = outbox.entries === 0 ? '' : `, the oldest ${latencyText(outbox.oldestMs)} old`;
    fields.push(['outbox', `${countText(outbox.entries, 'entry', 'entries')}${age}`]);
  }
  if (resync !== null) {
    const { at, durationMs, entries } = resync;
    const took = `took ${latencyText(durationMs)}, ${countText(entries, 'entry', 'entries')}`;
    fields.push(['resync', `${momentText(at, printer, nowMs)}, ${took}`]);
  }
  return fields;
}

function keyFields(keys: Status['keys']): Field[] {
  if (keys === null) return [];
  const kinds = Object.entries(keys.kinds).map(([kind, count]) => `${kind} ${count}`);
  const total = `${keys.truncated ? 'at least ' : ''}${keys.total}`;
  return [['keys', kinds.length === 0 ? total : `${total}: ${kinds.join(', ')}`]];
}

function changeText(
  { at, from, to, reason }: Status['history'][number],
  printer: Printer,
  nowMs: number,
): string {
  const when = printer.isTerminal ? `${shortDuration(nowMs - Date.parse(at))} ago` : at;
  return `${when}: ${from} → ${to}${reason === null ? '' : ` (${reason})`}`;
}
