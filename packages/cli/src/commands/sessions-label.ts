import { plainLine } from '@triterm/core/terminal';
import { createPrinter } from '../output/printer.ts';
import { changeSession } from './change-session.ts';
import { defineCommand, SESSION_ARGUMENT } from './definition.ts';
import { parseLabels } from './option-values.ts';
import { withDaemon } from './with-daemon.ts';

export const command = defineCommand({
  spec: {
    summary: 'Show, set or remove labels',
    args: [SESSION_ARGUMENT, { name: 'KEY=VALUE', description: 'labels to set', repeat: true }],
    options: {
      remove: { value: 'KEY', repeat: true, description: 'remove a label' },
      json: { description: 'print the labels as JSON, or the session when they were changed' },
    },
    examples: [
      ['triterm sessions label work', 'show them'],
      ['triterm sessions label work team=web --remove draft', 'set one, remove another'],
    ],
  },
  async run({ options, args: [target = '', ...pairs] }, context) {
    const set = parseLabels(pairs);
    if (pairs.length > 0 || options.remove.length > 0) {
      const params = { target, set, remove: [...options.remove] };
      return changeSession(context, options.json, 'session.label', params, result => result.session);
    }
    const { session } = await withDaemon(context, client => client.request('session.show', { target }));
    const printer = createPrinter(context.stdout, context.env);
    if (options.json) printer.json(session.labels);
    else
      for (const [key, value] of Object.entries(session.labels)) printer.line(plainLine(`${key}=${value}`));
    return 0;
  },
});
