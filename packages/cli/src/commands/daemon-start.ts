import { startDaemonForSure } from '../client/daemon-control.ts';
import { createPrinter } from '../output/printer.ts';
import { defineCommand } from './definition.ts';

export const command = defineCommand({
  spec: {
    summary: 'Start the daemon',
    details: 'Any command starts it when none runs; this one does even after `triterm daemon stop`.',
    args: [],
    options: { json: { description: 'print its status as JSON' } },
    examples: [['triterm daemon start', 'start it, or say that it runs']],
  },
  async run({ options }, context) {
    const client = await startDaemonForSure(context.paths, context.env);
    try {
      const status = await client.request('daemon.status', {});
      if (options.json) createPrinter(context.stdout, context.env).json(status);
      else context.stderr.write(`tritermd ${status.version} runs with pid ${status.pid}.\n`);
      return 0;
    } finally {
      client.close();
    }
  },
});
