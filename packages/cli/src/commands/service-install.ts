import { createPrinter, type Printer } from '../output/printer.ts';
import type { ServicePlan } from '../service/plan.ts';
import { defineCommand } from './definition.ts';
import { SCOPE_OPTIONS, servicePlan } from './service-options.ts';

export const command = defineCommand({
  spec: {
    summary: 'Let systemd keep the daemon: write its units, check, enable and start them',
    details:
      'Sessions live in units of their own and outlive every restart of the daemon. A daemon that runs already hands over; its ' +
      'sessions go on. Repeated, it brings the units up to date. On macOS it writes a LaunchAgent and says how to load it.',
    args: [],
    hostless: true,
    options: {
      ...SCOPE_OPTIONS,
      dryRun: { description: 'print the files, and neither run nor change anything' },
      linger: { description: 'let the service run without a login too' },
      force: {
        description:
          'replace files that somebody has changed, change the account, and run programs that others may change',
      },
      json: {
        description: 'print {manager, scope, account, written, lingering} as JSON; {files} with --dry-run',
      },
    },
    examples: [
      ['triterm service install --dry-run', 'what would be written'],
      ['triterm service install --linger', 'for you, from boot on'],
      ['sudo triterm service install --system --account web', 'for the account web'],
    ],
  },
  async run({ options }, context) {
    const plan = servicePlan(options, context);
    const printer = createPrinter(context.stdout, context.env);
    if (options.dryRun) {
      printFiles(plan, printer, options.json);
      return 0;
    }
    const tell = (line: string) => void context.stderr.write(`${line}\n`);
    const host = { env: context.env, paths: context.paths, tell };
    const { force, linger } = options;
    const report =
      plan.manager === 'launchd'
        ? (await import('../service/launch-agent-install.ts')).installAgent(plan, { force }, host)
        : await (await import('../service/install.ts')).installUnits(plan, { force, linger }, host);
    if (options.json) printer.json(report);
    else for (const line of done(plan, report.written)) tell(line);
    return 0;
  },
});

function printFiles({ manager, scope, account, files }: ServicePlan, printer: Printer, json: boolean): void {
  if (json) printer.json({ manager, scope, account, files });
  else
    printer.line(
      files
        .map(({ path, content }) => `# ${path}\n${content}`)
        .join('\n')
        .trimEnd(),
    );
}

function done({ manager, scope, account }: ServicePlan, written: readonly string[]): string[] {
  const files = written.length === 0 ? ['The units were up to date.'] : written.map(path => `Wrote ${path}.`);
  if (manager === 'launchd') return files;
  if (scope === 'user') return [...files, 'systemd keeps tritermd now; see `triterm service status`.'];
  return [
    ...files,
    `systemd keeps tritermd now; its sessions run as ${account}. That account reaches it with`,
    '  export TRITERM_STATE_DIR=/var/lib/triterm TRITERM_RUNTIME_DIR=/run/triterm',
  ];
}
