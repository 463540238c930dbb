import { resolve } from 'node:path';
import { startDaemonForSure } from '../client/daemon-control.ts';
import { readDaemonRecord, waitUntilGone } from '../client/daemon-process.ts';
import { createPrinter } from '../output/printer.ts';
import { defineCommand } from './definition.ts';
import { rowsText } from './rows-text.ts';
import { stayLocal } from './stay-local.ts';
import { withDaemon } from './with-daemon.ts';

/** How long the daemon may take to leave after an import. */
const LEAVE_TIMEOUT_MS = 15_000;

export const command = defineCommand({
  spec: {
    summary: 'Take in what `triterm db export` has written',
    details:
      'All of it or nothing. Into a database without sessions, unless --replace is given, which removes those that ' +
      'are there. Refused while sessions run here, and while other servers of the database are alive. Caches become ' +
      'void, and the daemon begins again.',
    args: [{ name: 'FILE', description: 'file to read', required: true, complete: 'file' }],
    options: {
      replace: { description: 'remove the sessions that are there' },
      json: { description: 'print file, rows and dbEpoch as JSON' },
    },
    examples: [
      ['triterm db import sessions.jsonl', 'into an empty database'],
      ['triterm db import sessions.jsonl --replace', 'as a backup is brought back'],
    ],
  },
  async run({ options, args: [file = ''] }, given) {
    const context = stayLocal(given, 'db import');
    const params = { file: resolve(context.cwd(), file), replace: options.replace };
    const { result, record } = await withDaemon(context, async client => ({
      record: readDaemonRecord(context.paths),
      result: await client.request('db.import', params, { timeoutMs: 0 }),
    }));
    if (record !== undefined) await waitUntilGone(record, LEAVE_TIMEOUT_MS);
    (await startDaemonForSure(context.paths, context.env)).close();
    if (options.json) createPrinter(context.stdout, context.env).json(result);
    else context.stderr.write(`Imported ${rowsText(result.rows)}.\n`);
    return 0;
  },
});
