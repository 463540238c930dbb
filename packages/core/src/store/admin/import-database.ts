import { createHash } from 'node:crypto';
import type * as z from 'zod';
import { TermError } from '../../errors/index.ts';
import {
  batchRows,
  type DatabaseAdmin,
  type DumpBatch,
  type Imported,
  type ImportOptions,
  NO_ROWS,
} from '../database-admin.ts';
import { SCHEMA_VERSION } from '../schema/migrations.ts';
import { DUMP_VERSION, type DumpRow, dumpEnd, dumpHead, dumpMark, dumpRow } from './dump-format.ts';
import { linesOf } from './dump-lines.ts';

/**
 * Puts in what `exportDatabase` has written, all or nothing. Rejects as `importRows`; with DUMP_DAMAGED for what is no dump, is cut off or
 * was changed; with STORE_TOO_NEW for a dump of a newer release; with what `input` fails with.
 */
export function importDatabase(
  input: AsyncIterable<Uint8Array | string>,
  database: Pick<DatabaseAdmin, 'importRows'>,
  options: ImportOptions,
): Promise<Imported> {
  return database.importRows(batchesOf(input), options);
}

/** The rows of a dump. What it ends with is checked before the iteration ends. */
async function* batchesOf(input: AsyncIterable<Uint8Array | string>): AsyncGenerator<DumpBatch, void> {
  const lines = linesOf(input);
  const first = await lines.next();
  if (first.done === true) throw damaged('it is empty');
  const { counts } = parseHead(first.value);
  const hash = createHash('sha256').update(first.value);
  const seen = { ...NO_ROWS };
  let batch: DumpRow[] = [];
  let isEnded = false;
  let lineNumber = 1;
  for await (const line of lines) {
    lineNumber += 1;
    if (isEnded) throw damaged(`line ${lineNumber} comes after its end`);
    const value = parseJson(line, lineNumber);
    const end = dumpEnd.safeParse(value);
    if (end.success) {
      if (end.data.sha256 !== hash.digest('hex')) throw damaged('it was changed');
      isEnded = true;
      continue;
    }
    hash.update(line);
    const row = parse(dumpRow, value, lineNumber);
    seen[row.table] += 1;
    if (batch.length >= batchRows(row.table) || (batch[0]?.table ?? row.table) !== row.table) {
      yield toBatch(batch);
      batch = [];
    }
    batch.push(row);
  }
  if (!isEnded) throw damaged('its end is missing');
  for (const [table, count] of Object.entries(counts))
    if (seen[table as keyof typeof seen] !== count)
      throw damaged(`it has not the rows of ${table} that it names`);
  if (batch.length > 0) yield toBatch(batch);
}

function parseHead(line: Buffer): z.infer<typeof dumpHead> {
  const value = parseJson(line, 1);
  const mark = dumpMark.safeParse(value);
  if (!mark.success) throw damaged('it is no dump of triterm');
  const { version, schema } = mark.data;
  if (version > DUMP_VERSION || schema > SCHEMA_VERSION) {
    throw new TermError(
      'STORE_TOO_NEW',
      `The dump is of a newer triterm: format ${version}, schema ${schema}; this one knows ${DUMP_VERSION} and ${SCHEMA_VERSION}.`,
      { details: { version, schema }, hint: 'Nothing was imported; update this triterm.' },
    );
  }
  return parse(dumpHead, value, 1);
}

function parseJson(line: Buffer, lineNumber: number): unknown {
  try {
    return JSON.parse(line.toString());
  } catch {
    throw damaged(`line ${lineNumber} is no JSON`);
  }
}

function parse<T extends z.ZodType>(schema: T, value: unknown, lineNumber: number): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined ? '' : `: ${issue.path.join('.')} ${issue.message}`;
  throw damaged(`line ${lineNumber} is no row${where}`);
}

/** All of one table. */
function toBatch(rows: readonly DumpRow[]): DumpBatch {
  const table = rows[0]?.table ?? 'session';
  return { table, rows: rows.map(({ row }) => row) } as DumpBatch;
}

function damaged(why: string): TermError {
  return new TermError('DUMP_DAMAGED', `The dump can't be used: ${why}.`);
}
