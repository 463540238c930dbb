import { createPrinter } from '../output/printer.ts';
import { defineCommand } from './definition.ts';
import { withDaemon } from './with-daemon.ts';

export const command = defineCommand({
  spec: {
    summary: "Bring the database's schema up to date",
    details:
      'A daemon does so by itself when it starts; this tells what there was to do. It is safe while servers of this ' +
      'and of earlier releases run: migrations only add, and servers that do not understand the result refuse it.',
    args: [],
    options: { json: { description: 'print the schema version before and after as JSON' } },
    examples: [['triterm db migrate', 'before the first daemon of a new release starts']],
  },
  async run({ options }, context) {
    const result = await withDaemon(context, client => client.request('db.migrate', {}, { timeoutMs: 0 }), {
      repeatable: true,
    });
    const printer = createPrinter(context.stdout, context.env);
    if (options.json) printer.json(result);
    else
      printer.line(
        result.before === result.after
          ? `The schema is of version ${result.after}; there is nothing to do.`
          : `The schema was of version ${result.before} and is of version ${result.after} now.`,
      );
    return 0;
  },
});
