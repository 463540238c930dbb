import { formatLogLine } from '@triterm/core/terminal';
import { createPrinter } from '../output/printer.ts';
import { defineCommand } from './definition.ts';
import { parseCount } from './option-values.ts';
import { stayLocal } from './stay-local.ts';

export const command = defineCommand({
  spec: {
    summary: "Show the daemon's log",
    args: [],
    options: {
      follow: { short: 'f', description: 'stay and show what is added' },
      lines: { short: 'n', value: 'N', description: 'how many of the last lines; 100 otherwise' },
      json: { description: 'print the records as they are: JSON lines' },
    },
    examples: [
      ['triterm daemon logs -n 20', 'the last 20 lines'],
      ['triterm daemon logs -f', 'until Ctrl-C'],
    ],
  },
  async run({ options }, given) {
    const context = stayLocal(given, 'daemon logs');
    const printer = createPrinter(context.stdout, context.env);
    const last = parseCount('--lines', options.lines ?? '100', 0, 1_000_000);
    const { followLog, jsonLogLine, readLastLines } = await import('./log-file.ts');
    const print = (line: string) =>
      printer.line(options.json ? jsonLogLine(line) : formatLogLine(line, printer.paint));
    const { lines, endBytes } = readLastLines(context.paths.logFile, last);
    lines.forEach(print);
    if (options.follow) await followLog(context.paths.logFile, endBytes, print);
    return 0;
  },
});
