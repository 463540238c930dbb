import { leaveDaemon } from '../client/daemon-control.ts';
import { createPrinter } from '../output/printer.ts';
import { defineCommand } from './definition.ts';
import { stayLocal } from './stay-local.ts';

export const command = defineCommand({
  spec: {
    summary: 'Stop the daemon and keep it stopped',
    details:
      'Programs go on in their pty-hosts and are there again after `triterm daemon start`. Until then no command ' +
      'starts the daemon. One that runs as a service of systemd is stopped by it, with its socket.',
    args: [],
    options: {
      killSessions: { description: 'end every session as well' },
      json: { description: 'print {"pid"} as JSON, null when none ran' },
    },
    examples: [
      ['triterm daemon stop', 'stop it; sessions go on'],
      ['triterm daemon stop --kill-sessions', 'stop everything'],
    ],
  },
  async run({ options }, given) {
    const context = stayLocal(given, 'daemon stop');
    const stopped = await leaveDaemon(context.paths, 'stop', options.killSessions, context.env);
    if (options.json) createPrinter(context.stdout, context.env).json({ pid: stopped?.pid ?? null });
    else
      context.stderr.write(
        stopped === undefined ? 'No tritermd was running.\n' : `tritermd (pid ${stopped.pid}) has stopped.\n`,
      );
    return 0;
  },
});
