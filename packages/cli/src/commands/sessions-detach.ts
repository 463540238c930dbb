import { createPrinter } from '../output/printer.ts';
import { defineCommand, SESSION_ARGUMENT } from './definition.ts';
import { withDaemon } from './with-daemon.ts';

export const command = defineCommand({
  spec: {
    summary: 'Detach clients from a session',
    details: 'All of them, or one; `triterm sessions show SESSION` lists them. The session goes on.',
    args: [SESSION_ARGUMENT],
    options: {
      client: { value: 'CLIENT', description: 'this one only' },
      json: { description: 'print {"detached": how many} as JSON' },
    },
    examples: [
      ['triterm sessions detach work', 'everybody'],
      ['triterm sessions detach work --client 3f2a', 'one client, by the beginning of its id'],
    ],
  },
  async run({ options, args: [target = ''] }, context) {
    const params = options.client === undefined ? { target } : { target, client: options.client };
    const result = await withDaemon(context, client => client.request('session.detach', params));
    if (options.json) createPrinter(context.stdout, context.env).json(result);
    else context.stderr.write(`${result.detached} detached.\n`);
    return 0;
  },
});
