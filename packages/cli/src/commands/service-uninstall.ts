import { createPrinter } from '../output/printer.ts';
import { defineCommand } from './definition.ts';
import { SCOPE_OPTIONS, servicePlan } from './service-options.ts';

export const command = defineCommand({
  spec: {
    summary: 'Take the daemon out of the hands of systemd',
    details:
      'Stops and disables the units and removes the files that `triterm service install` has written. Sessions go on in their ' +
      'pty-hosts, and the next command starts a daemon that finds them there.',
    args: [],
    hostless: true,
    options: {
      ...SCOPE_OPTIONS,
      kill: { description: 'end every session as well' },
      dryRun: { description: 'print the paths of the files, and neither run nor change anything' },
      force: { description: 'remove files that somebody has changed' },
      json: { description: 'print {manager, scope, removed, sessionsEnded} as JSON' },
    },
    examples: [
      ['triterm service uninstall', 'sessions go on'],
      ['triterm service uninstall --kill', 'end everything'],
    ],
  },
  async run({ options }, context) {
    const plan = servicePlan(options, context);
    const printer = createPrinter(context.stdout, context.env);
    if (options.dryRun) {
      const { stateOf } = await import('../service/service-files.ts');
      const there = plan.files.filter(file => stateOf(file) !== 'absent').map(({ path }) => path);
      if (options.json)
        printer.json({ manager: plan.manager, scope: plan.scope, removed: there, sessionsEnded: false });
      else for (const path of there) printer.line(path);
      return 0;
    }
    const tell = (line: string) => void context.stderr.write(`${line}\n`);
    const host = { env: context.env, paths: context.paths, tell };
    const { force, kill } = options;
    const report =
      plan.manager === 'launchd'
        ? (await import('../service/launch-agent-install.ts')).uninstallAgent(plan, { force, kill }, host)
        : await (await import('../service/uninstall.ts')).uninstallUnits(plan, { force, kill }, host);
    if (options.json) printer.json(report);
    else if (report.removed.length === 0) tell('Nothing was installed.');
    else for (const path of report.removed) tell(`Removed ${path}.`);
    return 0;
  },
});
