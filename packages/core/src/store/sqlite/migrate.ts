import { Kysely, SqliteDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import { TermError } from '../../errors/index.ts';
import { MIN_COMPATIBLE, migrationProvider, SCHEMA_VERSION } from '../schema/migrations.ts';
import type { Connection } from './connection.ts';
import { readMeta, writeMeta } from './meta.ts';

/** `meta` is read first: a newer release's schema is left alone, and refused only where that release says so. */
export async function migrate(connection: Connection, file: string): Promise<void> {
  if (isUpToDate(connection, file)) return;
  const { database } = connection;
  // Kysely's migrator takes no lock that other processes see.
  database.exec('BEGIN IMMEDIATE');
  try {
    if (!isUpToDate(connection, file)) {
      const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database }) });
      const { error } = await new Migrator({ db, provider: migrationProvider('sqlite') }).migrateToLatest();
      if (error !== undefined) throw error;
      writeMeta(connection, 'schema', String(SCHEMA_VERSION));
      writeMeta(connection, 'min_compatible', String(MIN_COMPATIBLE));
    }
    database.exec('COMMIT');
  } catch (thrown) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw thrown;
  }
}

export interface SchemaVersions {
  readonly schema: number;
  readonly minCompatible: number;
}

/** Undefined for a database without tables. Throws STORE_UNAVAILABLE for one that is not ours. */
export function schemaOf(connection: Connection, file: string): SchemaVersions | undefined {
  const tables = connection.database
    .prepare('SELECT name FROM sqlite_master WHERE type = ?')
    .pluck()
    .all('table');
  if (tables.length === 0) return undefined;
  if (!tables.includes('meta')) {
    throw new TermError('STORE_UNAVAILABLE', `${file} is a database of another program.`, {
      hint: 'Move it away, or set TRITERM_STATE_DIR to another directory.',
    });
  }
  return {
    schema: Number(readMeta(connection, 'schema')),
    minCompatible: Number(readMeta(connection, 'min_compatible')),
  };
}

/** Throws as `schemaOf`, and STORE_TOO_NEW. */
export function isUpToDate(connection: Connection, file: string): boolean {
  const versions = schemaOf(connection, file);
  if (versions === undefined) return false;
  const { schema, minCompatible } = versions;
  if (minCompatible > SCHEMA_VERSION) {
    throw new TermError(
      'STORE_TOO_NEW',
      `The database ${file} needs a triterm of schema ${minCompatible} or later; this one has schema ${SCHEMA_VERSION}.`,
      { details: { file, minCompatible, schema: SCHEMA_VERSION } },
    );
  }
  return schema >= SCHEMA_VERSION;
}
