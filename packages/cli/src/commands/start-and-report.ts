import { startDaemonForSure } from '../client/daemon-control.ts';
import { createPrinter } from '../output/printer.ts';
import type { CommandContext } from './definition.ts';

/** Starts the daemon, or finds it running, and tells how it is: data for `--json`, else a word to the person. */
export async function startAndReport(
  context: CommandContext,
  json: boolean,
  env: NodeJS.ProcessEnv = context.env,
): Promise<number> {
  const client = await startDaemonForSure(context.paths, env);
  try {
    const status = await client.request('daemon.status', {});
    if (json) createPrinter(context.stdout, context.env).json(status);
    else context.stderr.write(`tritermd ${status.version} runs with pid ${status.pid}.\n`);
    return 0;
  } finally {
    client.close();
  }
}
