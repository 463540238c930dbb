import { readContexts } from '../client/contexts-file.ts';
import { fieldLines } from '../output/listing.ts';
import { createPrinter } from '../output/printer.ts';
import { findContext, tokenText } from './context-record.ts';
import { CONTEXT_ARGUMENT, defineCommand, JSON_OPTION } from './definition.ts';

export const command = defineCommand({
  spec: {
    summary: 'Show a server that is kept by name',
    details:
      'Without NAME: the current one, by which commands go unless --host or TRITERM_HOST says otherwise.',
    args: [{ name: CONTEXT_ARGUMENT.name, description: CONTEXT_ARGUMENT.description, complete: 'context' }],
    options: { json: JSON_OPTION },
    hostless: true,
    examples: [
      ['triterm context show', 'which one commands go to'],
      ['triterm context show prod --json', '{name, url, current, hasToken, tokenId, ca}'],
    ],
  },
  async run({ options, args: [name] }, context) {
    const record = findContext(readContexts(context.paths.contextsFile), name);
    const printer = createPrinter(context.stdout, context.env);
    if (options.json) {
      printer.json(record);
      return 0;
    }
    const fields = [
      ['name', record.name],
      ['url', record.url ?? context.paths.socket],
      ['current', record.current ? 'yes' : 'no'],
      ['token', tokenText(record)],
      ['ca', record.ca ?? '-'],
    ] as const;
    for (const line of fieldLines(fields, printer)) printer.line(line);
    return 0;
  },
});
