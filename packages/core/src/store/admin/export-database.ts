import { createHash } from 'node:crypto';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DatabaseAdmin, DatabaseSnapshot, DumpCounts } from '../database-admin.ts';
import { DUMP_FORMAT, DUMP_VERSION } from './dump-format.ts';

/**
 * Writes one state of the database as JSON lines: what the dump is of, a line a row, and a hash of it all. It goes no faster than
 * `output` takes it. `output` is ended. Rejects as `exportRows`, and with what `output` fails with.
 */
export function exportDatabase(
  database: Pick<DatabaseAdmin, 'exportRows'>,
  output: Writable,
): Promise<DumpCounts> {
  return database.exportRows(async snapshot => {
    await pipeline(dumpOf(snapshot, new Date()), output);
    return snapshot.counts;
  });
}

async function* dumpOf(
  { schema, counts, batches }: DatabaseSnapshot,
  at: Date,
): AsyncGenerator<string, void> {
  const hash = createHash('sha256');
  const hashed = (text: string): string => {
    hash.update(text);
    return text;
  };
  const head = { format: DUMP_FORMAT, version: DUMP_VERSION, schema, at: at.toISOString(), counts };
  yield hashed(`${JSON.stringify(head)}\n`);
  for await (const { table, rows } of batches)
    yield hashed(rows.map(row => `${JSON.stringify({ table, row })}\n`).join(''));
  yield `${JSON.stringify({ end: true, sha256: hash.digest('hex') })}\n`;
}
