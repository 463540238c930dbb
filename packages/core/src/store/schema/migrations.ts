import type { Migration, MigrationProvider } from 'kysely/migration';
import { initial } from './initial.ts';

/** In order; names are never changed. A migration expands: what an older release needs goes only in a later release. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-initial': initial,
};

/** How many migrations this release knows; `meta.schema` of a database that it has made. */
export const SCHEMA_VERSION = Object.keys(MIGRATIONS).length;

/** The oldest schema version whose release may still use a database of this one; `meta.min_compatible`. */
export const MIN_COMPATIBLE = 1;

/** Fixed in code, so that a bundle has them and no file can be added. */
export const migrationProvider: MigrationProvider = {
  getMigrations: async () => ({ ...MIGRATIONS }),
};
