import { createPrinter } from '../output/printer.ts';
import { defineCommand, SESSION_ARGUMENT } from './definition.ts';
import { withDaemon } from './with-daemon.ts';

export const command = defineCommand({
  spec: {
    summary: 'Hand over to a client that asks to be the primary one',
    details: '`triterm sessions show SESSION` says who asks. Without --client: the one that asked last.',
    args: [SESSION_ARGUMENT],
    options: {
      client: { value: 'CLIENT', description: 'this one' },
      deny: { description: 'do not hand over, and tell it so' },
      json: { description: 'print {"session", "client"} as JSON' },
    },
    examples: [
      ['triterm sessions grant work', 'hand over to who asked last'],
      ['triterm sessions grant work --client 3f2a --deny', 'refuse this one'],
    ],
  },
  async run({ options, args: [target = ''] }, context) {
    const params = {
      target,
      deny: options.deny,
      ...(options.client === undefined ? {} : { client: options.client }),
    };
    const result = await withDaemon(context, client => client.request('session.grant', params));
    if (options.json) createPrinter(context.stdout, context.env).json(result);
    else
      context.stderr.write(
        `Client ${result.client} ${options.deny ? 'was refused' : 'is the primary one now'}.\n`,
      );
    return 0;
  },
});
