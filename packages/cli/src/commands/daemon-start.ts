import { defineCommand } from './definition.ts';
import { startAndReport } from './start-and-report.ts';

export const command = defineCommand({
  spec: {
    summary: 'Start the daemon',
    details: 'Any command starts it when none runs; this one does even after `triterm daemon stop`.',
    args: [],
    options: { json: { description: 'print its status as JSON' } },
    examples: [['triterm daemon start', 'start it, or say that it runs']],
  },
  async run({ options }, context) {
    return startAndReport(context, options.json);
  },
});
