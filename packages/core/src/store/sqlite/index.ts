export { type OpenedStore, openSqliteSessionStore, type SqliteStoreOptions } from './sqlite-session-store.ts';
