import { killDaemon, leaveDaemon } from '../client/daemon-control.ts';
import { operatorEnvironment } from '../client/daemon-environment.ts';
import { defineCommand } from './definition.ts';
import { requireConfig } from './require-config.ts';
import { startAndReport } from './start-and-report.ts';
import { stayLocal } from './stay-local.ts';

export const command = defineCommand({
  spec: {
    summary: 'Replace the daemon; sessions and attached clients stay',
    details:
      'Use it after an upgrade. Nothing happens when the configuration would keep the next one from starting. With --force the ' +
      'running daemon is killed at once, for one that hangs: it loses nothing but the answers to requests under way. PORT says ' +
      'where to listen, as with `daemon start`.',
    args: [],
    options: {
      force: { description: 'kill it instead of asking it to leave' },
      json: { description: 'print the status of the new one as JSON' },
    },
    examples: [
      ['triterm daemon restart', 'after an upgrade'],
      ['triterm daemon restart --force', 'when it does not answer'],
    ],
  },
  async run({ options }, given) {
    const context = stayLocal(given, 'daemon restart');
    const env = operatorEnvironment(context.env);
    await requireConfig({ paths: context.paths, env });
    if (options.force) await killDaemon(context.paths);
    else await leaveDaemon(context.paths, 'restart');
    return startAndReport(context, options.json, env);
  },
});
