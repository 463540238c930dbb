import { plainLine } from '@triterm/core/terminal';
import { createPrinter, type Printer } from '../output/printer.ts';
import { layoutTable } from '../output/table.ts';
import type { ServiceStatus } from '../service/status.ts';
import { defineCommand } from './definition.ts';
import { SCOPE_OPTIONS, servicePlan } from './service-options.ts';

export const command = defineCommand({
  spec: {
    summary: 'Show whether systemd keeps the daemon, and how it is',
    details:
      'Leaves with 0 when all is well: the units are those of this version, enabled and active, and a user’s manager lingers. With 1 ' +
      'otherwise, and tells what to do.',
    args: [],
    hostless: true,
    options: {
      ...SCOPE_OPTIONS,
      json: {
        description:
          'print {manager, scope, account, installed, current, units, mainPid, lastExit, restarts, watchdogMs, hosts, lingering, problems} as JSON',
      },
    },
    examples: [
      ['triterm service status', 'for a person'],
      ['triterm service status --json', 'for a script'],
    ],
  },
  async run({ options }, context) {
    const plan = servicePlan(options, context);
    const status =
      plan.manager === 'launchd'
        ? (await import('../service/launch-agent-install.ts')).agentStatus(plan)
        : await (await import('../service/status.ts')).unitsStatus(plan, context.env);
    const printer = createPrinter(context.stdout, context.env);
    if (options.json) printer.json(status);
    else for (const line of statusLines(status, printer)) printer.line(plainLine(line));
    return status.problems.length === 0 ? 0 : 1;
  },
});

function statusLines(status: ServiceStatus, printer: Printer): string[] {
  const { units, mainPid, lastExit, restarts, watchdogMs, hosts, lingering, problems } = status;
  const rows = units.map(unit => [unit.name, unit.file, unit.enabled ?? '-', unit.active ?? '-']);
  const columns = [{ header: 'UNIT' }, { header: 'FILE' }, { header: 'ENABLED' }, { header: 'ACTIVE' }];
  const fields: (readonly [string, string])[] = [
    ['daemon', mainPid === null ? 'does not run' : `pid ${mainPid}`],
    ['last exit', lastExit === null ? '-' : `${lastExit.result}, status ${lastExit.status}`],
    ['restarts', restarts === null ? '-' : String(restarts)],
    ['watchdog', watchdogMs === null ? 'off' : `${watchdogMs / 1000} s`],
    ['pty-hosts', String(hosts)],
    ['lingering', { true: 'yes', false: 'no', null: '-' }[`${lingering}`]],
    ...units.flatMap(unit => unit.dropIns.map(path => ['drop-in', path] as const)),
  ];
  return [
    ...layoutTable(columns, rows, printer.columns).lines,
    '',
    ...fields.map(([name, value]) => `${name.padEnd(9)} ${value}`),
    '',
    ...(problems.length === 0 ? ['All is well.'] : problems),
  ];
}
