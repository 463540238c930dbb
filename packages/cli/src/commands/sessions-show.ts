import type { ClientInfo, DeviceInfo, Result } from '@triterm/core/protocol';
import { plainLine } from '@triterm/core/terminal';
import { elapsedMs, shortDuration } from '../output/duration.ts';
import { createPrinter, type Printer } from '../output/printer.ts';
import { type Column, layoutTable } from '../output/table.ts';
import { defineCommand, JSON_OPTION, SESSION_ARGUMENT } from './definition.ts';
import { withDaemon } from './with-daemon.ts';

export const command = defineCommand({
  spec: {
    summary: 'Show everything about a session, and who is attached',
    args: [SESSION_ARGUMENT],
    options: { json: JSON_OPTION },
    examples: [
      ['triterm sessions show work', 'for a person'],
      [
        'triterm sessions show work --json',
        'session, clients, devices, sizePolicy, handOver, prompt, argv, …',
      ],
    ],
  },
  async run({ options, args: [target = ''] }, context) {
    const shown = await withDaemon(context, client => client.request('session.show', { target }), {
      repeatable: true,
    });
    const printer = createPrinter(context.stdout, context.env);
    if (options.json) printer.json(shown);
    else for (const line of showLines(shown, printer, Date.now())) printer.line(line);
    return 0;
  },
});

function showLines(shown: Result<'session.show'>, printer: Printer, nowMs: number): string[] {
  const { session } = shown;
  const time = (at: string) =>
    printer.isTerminal ? `${shortDuration(elapsedMs(at, nowMs))} ago (${at})` : at;
  const labels = Object.entries(session.labels).map(([key, value]) => `${key}=${value}`);
  const fields: (readonly [string, string])[] = [
    ['name', session.name],
    ['id', session.id],
    ['state', stateText(session)],
    ['command', session.command],
    ['started as', shown.argv.length === 0 ? 'shell' : shown.argv.join(' ')],
    ['pid', String(session.pid ?? '-')],
    ['cwd', session.cwd ?? '-'],
    ['title', session.title],
    ['size', `${session.cols}x${session.rows} (${shown.sizePolicy})`],
    ['scrollback', `${shown.scrollbackLines} lines`],
    ['prompt', shown.prompt],
    ['written', `${shown.offset} bytes`],
    ['created', time(session.createdAt)],
    ['last active', time(session.lastActivityAt)],
    ['server', session.server],
    ['labels', labels.length === 0 ? '-' : labels.join(' ')],
    ['hand-over', shown.handOver],
    ['clients', String(shown.clients.length)],
    ['devices', String(shown.devices.length)],
  ];
  return [
    ...fields.map(([name, value]) => `${printer.paint('dim', name.padEnd(12))}${plainLine(value)}`),
    ...clientLines(shown.clients, printer),
    ...deviceLines(shown.devices, printer, at =>
      printer.isTerminal ? `${shortDuration(elapsedMs(at, nowMs))} ago` : at,
    ),
  ];
}

function stateText({ state, signal, exitCode }: Result<'session.show'>['session']): string {
  if (state !== 'exited') return state;
  return signal === null ? `exited with status ${exitCode ?? 'unknown'}` : `exited by ${signal}`;
}

const CLIENT_COLUMNS = [
  { header: 'CLIENT' },
  { header: 'ROLE' },
  { header: 'SIZE' },
  { header: 'VIEW' },
  { header: 'PID', align: 'end' },
  { header: 'IDLE', align: 'end' },
  { header: 'DEVICE', minWidth: 6 },
] as const;

function clientLines(clients: readonly ClientInfo[], printer: Printer): readonly string[] {
  if (clients.length === 0) return [];
  const rows = clients.map(client =>
    [
      client.id,
      roleText(client),
      `${client.cols}x${client.rows}`,
      client.lossless ? `${client.view}, lossless` : client.view,
      String(client.pid ?? '-'),
      shortDuration(client.idleMs),
      client.deviceName,
    ].map(plainLine),
  );
  return tableLines(CLIENT_COLUMNS, rows, printer);
}

function roleText({ role, primary, asking }: ClientInfo): string {
  if (primary) return `${role}, primary`;
  return asking ? `${role}, asks` : role;
}

const DEVICE_COLUMNS = [
  { header: 'DEVICE', minWidth: 6 },
  { header: 'CLIENTS', minWidth: 8 },
  { header: 'PRIMARY' },
  { header: 'THROUGH' },
  { header: 'SINCE' },
  { header: 'HEARD' },
  { header: 'ID', dropRank: 1 },
] as const;

/** Who is here: on what, since when, and when last heard. */
function deviceLines(
  devices: readonly DeviceInfo[],
  printer: Printer,
  time: (at: string) => string,
): readonly string[] {
  if (devices.length === 0) return [];
  const rows = devices.map(device =>
    [
      device.name === '' ? '-' : device.name,
      device.clients.join(' '),
      device.primary ? 'primary' : '-',
      device.servers.join(' '),
      time(device.connectedAt),
      time(device.lastHeardAt),
      device.id,
    ].map(plainLine),
  );
  return tableLines(DEVICE_COLUMNS, rows, printer);
}

/** Behind an empty line. */
function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  printer: Printer,
): readonly string[] {
  const { lines } = layoutTable(columns, rows, printer.columns, (text, row) =>
    row < 0 ? printer.paint('dim', text) : text,
  );
  return ['', ...lines];
}
