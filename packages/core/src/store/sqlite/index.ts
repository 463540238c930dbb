export type { AdminOptions } from './admin-thread.ts';
export { SqliteAdmin } from './sqlite-admin.ts';
export {
  type OpenedDatabase,
  openSqliteDatabase,
  type SqliteDatabaseOptions,
} from './sqlite-database.ts';
