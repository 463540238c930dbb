import { resolve } from 'node:path';
import { TermError } from '@triterm/core/errors';
import { createPrinter } from '../output/printer.ts';
import { byteText } from '../output/quantity.ts';
import { defineCommand } from './definition.ts';
import { rowsText } from './rows-text.ts';
import { stayLocal } from './stay-local.ts';
import { withDaemon } from './with-daemon.ts';

export const command = defineCommand({
  spec: {
    summary: 'Write all sessions as JSON lines',
    details:
      'One state of the database, while it is in use, for `triterm db import` into another one: SQLite or ' +
      'PostgreSQL. Without FILE to standard output. A file gets mode 0600 and is there as a whole or not at all; ' +
      'one that exists is kept unless --force is given.',
    args: [{ name: 'FILE', description: 'file to make', complete: 'file' }],
    options: {
      force: { description: 'replace FILE' },
      json: { description: 'print file, rows and bytes as JSON; needs FILE' },
    },
    examples: [
      ['triterm db export sessions.jsonl', 'into a file'],
      ['triterm db export | gzip > sessions.jsonl.gz', 'to standard output'],
    ],
  },
  async run({ options, args: [file] }, given) {
    const context = stayLocal(given, 'db export');
    if (file === undefined) {
      if (options.json || options.force)
        throw new TermError('USAGE', 'FILE is missing.', { hint: 'See `triterm db export --help`.' });
      const { exportToStdout } = await import('./export-to-stdout.ts');
      return exportToStdout(context);
    }
    const params = { file: resolve(context.cwd(), file), replace: options.force };
    const result = await withDaemon(context, client => client.request('db.export', params, { timeoutMs: 0 }));
    if (options.json) createPrinter(context.stdout, context.env).json(result);
    else context.stderr.write(`Exported ${rowsText(result.rows)}, ${byteText(result.bytes)}.\n`);
    return 0;
  },
});
