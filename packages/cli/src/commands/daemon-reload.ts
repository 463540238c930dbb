import type { Result } from '@triterm/core/protocol';
import { plainLine } from '@triterm/core/terminal';
import { createPrinter } from '../output/printer.ts';
import { defineCommand } from './definition.ts';
import { withDaemon } from './with-daemon.ts';

export const command = defineCommand({
  spec: {
    summary: 'Let the daemon read its configuration again',
    details:
      'It reads its file anew; variables are those that it was started with. A configuration that is not valid changes nothing. What ' +
      'only a restart takes up is listed, and a restart keeps every session.',
    args: [],
    options: { json: { description: 'print {applied: [{setting, from, to}], restart: [setting]} as JSON' } },
    examples: [
      ['triterm daemon reload', 'what has changed in config.json is in effect'],
      ['triterm daemon reload --host server-2', 'on another server'],
    ],
  },
  async run({ options }, context) {
    const reloaded = await withDaemon(context, client => client.request('daemon.reload', {}), {
      autostart: false,
    });
    const printer = createPrinter(context.stdout, context.env);
    if (options.json) {
      printer.json(reloaded);
      return 0;
    }
    for (const { setting, from, to } of reloaded.applied)
      printer.line(plainLine(`${setting}: ${JSON.stringify(from)} -> ${JSON.stringify(to)}`));
    context.stderr.write(`${sentence(reloaded)}\n`);
    return 0;
  },
});

function sentence({ applied, restart }: Result<'daemon.reload'>): string {
  if (restart.length > 0)
    return `Restart to take up: ${restart.join(', ')}; \`triterm daemon restart\` keeps every session.`;
  return applied.length > 0
    ? 'The daemon has taken it up.'
    : 'Nothing has changed for the daemon; what is for clients, each reads when it attaches.';
}
