import SqliteDatabase, { type Database, type Options } from 'better-sqlite3';

/** Opens a database file; the only place that imports the driver. */
export type Driver = (file: string, options: Options) => Database;

export const driver: Driver = (file, options) => new SqliteDatabase(file, options);
