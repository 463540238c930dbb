import type { Migration, MigrationProvider } from 'kysely/migration';
import type { Dialect } from './dialect.ts';
import { fleet } from './fleet.ts';
import { hybrid } from './hybrid.ts';
import { initial } from './initial.ts';

/** In order; names are never changed. A migration expands: what an older release needs goes only in a later release. */
const migrations = (dialect: Dialect): Readonly<Record<string, Migration>> => ({
  '0001-initial': initial,
  '0002-hybrid': hybrid(dialect),
  '0003-fleet': fleet,
});

/** How many migrations this release knows; `meta.schema` of a database that it has made. */
export const SCHEMA_VERSION = Object.keys(migrations('sqlite')).length;

/**
 * The oldest schema version whose release may still use a database of this one; `meta.min_compatible`. Version 1 writes
 * sessions without an outbox entry, so that caches would never hear of it. Version 2 only knows nothing of what 3 adds: it honours
 * `owner_epoch`, and what it leaves behind in the new tables is not read, and collected.
 */
export const MIN_COMPATIBLE = 2;

/** Fixed in code, so that a bundle has them and no file can be added. */
export function migrationProvider(dialect: Dialect): MigrationProvider {
  return { getMigrations: async () => ({ ...migrations(dialect) }) };
}
