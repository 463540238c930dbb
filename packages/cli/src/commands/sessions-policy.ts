import { SIZE_POLICIES, type SizePolicy } from '@triterm/core/domain';
import { createPrinter } from '../output/printer.ts';
import { changeSession } from './change-session.ts';
import { defineCommand, SESSION_ARGUMENT } from './definition.ts';
import { withDaemon } from './with-daemon.ts';

export const command = defineCommand({
  spec: {
    summary: 'Show or set whose window decides the size',
    details:
      'latest: the controller active last (the default). smallest, largest: of all controllers, each side by itself. ' +
      'manual: only `triterm sessions resize`. Viewers never count.',
    args: [SESSION_ARGUMENT, { name: 'POLICY', description: 'the new policy', choices: SIZE_POLICIES }],
    options: { json: { description: 'print {"sizePolicy"} as JSON, or the session when it was set' } },
    examples: [
      ['triterm sessions policy work', 'show it'],
      ['triterm sessions policy work smallest', 'everybody sees everything'],
    ],
  },
  async run({ options, args: [target = '', policy] }, context) {
    if (policy !== undefined) {
      const params = { target, sizePolicy: policy as SizePolicy };
      return changeSession(context, options.json, 'session.policy', params, result => result.session);
    }
    const { sizePolicy } = await withDaemon(context, client => client.request('session.show', { target }));
    const printer = createPrinter(context.stdout, context.env);
    if (options.json) printer.json({ sizePolicy });
    else printer.line(sizePolicy);
    return 0;
  },
});
