import type { Result } from '@triterm/core/protocol';
import { shortDuration } from '../output/duration.ts';
import { createPrinter } from '../output/printer.ts';
import { latencyText } from '../output/quantity.ts';
import { defineCommand, JSON_OPTION } from './definition.ts';
import { withDaemon } from './with-daemon.ts';

export const command = defineCommand({
  spec: {
    summary: 'Show whether the daemon runs, and how it is',
    details: 'Leaves with 6 when it does not run; it is not started.',
    args: [],
    options: { json: JSON_OPTION },
    examples: [
      ['triterm daemon status', 'for a person'],
      ['triterm daemon status --json', 'pid, ptyHostPid, version, uptimeMs, sessions, clients and more'],
    ],
  },
  async run({ options }, context) {
    const status = await withDaemon(context, client => client.request('daemon.status', {}), {
      autostart: false,
    });
    const printer = createPrinter(context.stdout, context.env);
    if (options.json) printer.json(status);
    else for (const line of statusLines(status)) printer.line(line);
    return 0;
  },
});

/** What a daemon of an earlier release does not tell. */
function fleetFields({
  listen,
  draining,
  lease,
}: Partial<Result<'daemon.status'>>): (readonly [string, string])[] {
  if (listen === undefined || lease === undefined) return [];
  return [
    ['listen', listen.length === 0 ? '-' : listen.join(' ')],
    ['draining', draining === true ? 'yes' : 'no'],
    [
      'lease',
      `${lease.held ? `${latencyText(lease.leftMs)} left` : 'lost'}, incarnation ${lease.incarnation}`,
    ],
  ];
}

/** Only where somebody manages it: any other is started by whoever needs it. */
function managerFields({ manager }: Partial<Result<'daemon.status'>>): (readonly [string, string])[] {
  if (manager === undefined || manager === null) return [];
  return [['service', `${manager.unit} of the ${manager.scope === 'user' ? "user's" : "system's"} systemd`]];
}

function statusLines(status: Result<'daemon.status'>): string[] {
  const fields: (readonly [string, string])[] = [
    ['pid', String(status.pid)],
    ['version', `${status.version} (protocol ${status.protocol})`],
    ['uptime', shortDuration(status.uptimeMs)],
    ['sessions', String(status.sessions)],
    ['clients', String(status.clients)],
    ['server', status.server],
    ['state', status.stateDir],
    ['socket', status.socket],
    ['store', status.store],
    ['memory', `${Math.round(status.memoryBytes / 2 ** 20)} MiB`],
    ...fleetFields(status),
    ...managerFields(status),
    ...status.ptyHosts.map(
      host => ['pty-host', `${host.id} ${host.version}, pid ${host.pid}, sessions ${host.sessions}`] as const,
    ),
  ];
  return fields.map(([name, value]) => `${name.padEnd(9)} ${value}`);
}
