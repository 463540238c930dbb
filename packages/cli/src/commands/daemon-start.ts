import { operatorEnvironment } from '../client/daemon-environment.ts';
import { defineCommand } from './definition.ts';
import { startAndReport } from './start-and-report.ts';
import { stayLocal } from './stay-local.ts';

export const command = defineCommand({
  spec: {
    summary: 'Start the daemon',
    details:
      'Any command starts it when none runs; this one does even after `triterm daemon stop`, and takes PORT as where to ' +
      'listen beside its socket.',
    args: [],
    options: { json: { description: 'print its status as JSON' } },
    examples: [['triterm daemon start', 'start it, or say that it runs']],
  },
  async run({ options }, given) {
    const context = stayLocal(given, 'daemon start');
    return startAndReport(context, options.json, operatorEnvironment(context.env));
  },
});
