import type { Result } from '@triterm/core/protocol';
import { plainLine } from '@triterm/core/terminal';
import { createPrinter } from '../output/printer.ts';
import { defineCommand, SESSION_ARGUMENT } from './definition.ts';
import { DEFAULT_LIMIT, listLimit, MAX_LIMIT } from './option-values.ts';
import { withDaemon } from './with-daemon.ts';

export const command = defineCommand({
  spec: {
    summary: "Search a session's screen and scrollback",
    details:
      "Prints each matching line behind its number, counted from the session's first line. Leaves with 1 when nothing " +
      'matches.',
    args: [
      SESSION_ARGUMENT,
      { name: 'REGEX', description: 'a JavaScript regular expression', required: true },
    ],
    options: {
      ignoreCase: { short: 'i', description: 'upper and lower case are the same' },
      limit: { short: 'n', value: 'N', description: `matches to print at most; ${DEFAULT_LIMIT} otherwise` },
      json: { description: 'print matches (line, text, start, end) and truncated as JSON' },
    },
    examples: [
      ["triterm search build 'error|warning'", 'in everything that was kept'],
      ['triterm search -i work todo', 'whatever the case'],
    ],
  },
  async run({ options, args: [target = '', pattern = ''] }, context) {
    const params = {
      target,
      pattern,
      ignoreCase: options.ignoreCase,
      ...listLimit(options.limit),
    };
    const found = await withDaemon(context, client => client.request('session.search', params), {
      repeatable: true,
    });
    const printer = createPrinter(context.stdout, context.env);
    if (options.json) printer.json(found);
    else {
      for (const { line, text, start, end } of found.matches) {
        const parts = [text.slice(0, start), text.slice(start, end), text.slice(end)].map(plainLine);
        const [before = '', hit = '', after = ''] = parts;
        printer.line(`${printer.paint('green', String(line))}:${before}${printer.paint('red', hit)}${after}`);
      }
      if (found.truncated)
        context.stderr.write(`triterm: there are more matches; ${howToGetThem(found, params)}\n`);
    }
    return found.matches.length === 0 ? 1 : 0;
  },
});

/** Matches end at the limit, or where they fill a message. */
function howToGetThem(
  { matches }: Result<'session.search'>,
  { limit = DEFAULT_LIMIT }: { readonly limit?: number },
): string {
  return matches.length >= limit && limit < MAX_LIMIT
    ? 'raise --limit'
    : 'search for less, or in `triterm capture --scrollback`';
}
