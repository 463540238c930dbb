export {
  type OpenedPostgres,
  openPostgresDatabase,
  type PostgresDatabaseOptions,
} from './open-database.ts';
export { PostgresAdmin } from './postgres-admin.ts';
