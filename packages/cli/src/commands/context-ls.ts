import { readContexts } from '../client/contexts-file.ts';
import { type ListColumn, listing } from '../output/listing.ts';
import { createPrinter } from '../output/printer.ts';
import { type ContextRecord, contextRecord, tokenText } from './context-record.ts';
import { defineCommand, JSON_OPTION } from './definition.ts';

export const command = defineCommand({
  spec: {
    summary: 'List the servers that are kept by name',
    details: 'Of a token its public part is shown, by which `triterm token ls` names it.',
    args: [],
    options: { json: JSON_OPTION },
    hostless: true,
    examples: [
      ['triterm context ls', 'all of them'],
      ['triterm context ls --json', '[{name, url, current, hasToken, tokenId, ca}]'],
    ],
  },
  async run({ options }, context) {
    const { current, byName } = readContexts(context.paths.contextsFile);
    const records = [...byName].map(([name, kept]) => contextRecord(name, kept, name === current));
    const printer = createPrinter(context.stdout, context.env);
    if (options.json) printer.json(records);
    else if (printer.isTerminal && records.length === 0)
      context.stderr.write('No contexts. `triterm context add` keeps one.\n');
    else for (const line of listing(COLUMNS, records, printer, Date.now())) printer.line(line);
    return 0;
  },
});

const COLUMNS: readonly ListColumn<ContextRecord>[] = [
  { header: 'NAME', minWidth: 6, text: record => record.name },
  { header: 'URL', minWidth: 8, text: record => record.url ?? '' },
  { header: 'TOKEN', text: tokenText, exact: record => record.tokenId ?? String(record.hasToken) },
  {
    header: 'CA',
    minWidth: 6,
    cut: 'start',
    dropRank: 1,
    text: record => record.ca ?? '-',
    exact: record => record.ca ?? '',
  },
  {
    header: 'CURRENT',
    text: record => (record.current ? 'current' : ''),
    exact: record => String(record.current),
    look: record => (record.current ? 'green' : undefined),
  },
];
