import { resolve } from 'node:path';
import { createPrinter } from '../output/printer.ts';
import { byteText } from '../output/quantity.ts';
import { defineCommand } from './definition.ts';
import { stayLocal } from './stay-local.ts';
import { withDaemon } from './with-daemon.ts';

export const command = defineCommand({
  spec: {
    summary: 'Copy the database, in its own format',
    details:
      'One checked state of it, while it is in use: of SQLite a database that can be put in its place, of ' +
      'PostgreSQL a dump. The file gets mode 0600 and is there as a whole or not at all; one that exists is kept ' +
      'unless --force is given.',
    args: [{ name: 'FILE', description: 'file to make', required: true, complete: 'file' }],
    options: {
      force: { description: 'replace FILE' },
      json: { description: 'print file and bytes as JSON' },
    },
    examples: [['triterm db backup triterm.backup.db', 'into a file']],
  },
  async run({ options, args: [file = ''] }, given) {
    const context = stayLocal(given, 'db backup');
    const params = { file: resolve(context.cwd(), file), replace: options.force };
    const result = await withDaemon(context, client => client.request('db.backup', params, { timeoutMs: 0 }));
    if (options.json) createPrinter(context.stdout, context.env).json(result);
    else context.stderr.write(`Wrote ${result.file}, ${byteText(result.bytes)}.\n`);
    return 0;
  },
});
