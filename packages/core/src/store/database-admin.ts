import type { Epochs } from './database.ts';
import type { Tables } from './schema/tables.ts';

/** The tables that a dump holds, in its order: what outlives servers, attachments and caches. */
export const DUMPED_TABLES = [
  'session',
  'session_activity',
  'idempotency',
  'token',
  'session_screen',
] as const;
export type DumpedTable = (typeof DUMPED_TABLES)[number];

/** The schema version since which there is a table. */
const SINCE: Readonly<Record<DumpedTable, number>> = {
  session: 1,
  session_activity: 1,
  idempotency: 1,
  token: 3,
  session_screen: 3,
};

/** Those of the dumped tables that a database of this schema version has. */
export function dumpedTables(schema: number): readonly DumpedTable[] {
  return DUMPED_TABLES.filter(table => SINCE[table] <= schema);
}

/** Rows of one table, as they are stored: tombstones too. At most `batchRows` of them. */
export type DumpBatch = {
  readonly [T in DumpedTable]: { readonly table: T; readonly rows: readonly Tables[T][] };
}[DumpedTable];

/** Bound of a batch, and with it of the memory that an export or import takes. A screen is far larger than other rows. */
export function batchRows(table: DumpedTable): number {
  return table === 'session_screen' ? 20 : 500;
}

export type DumpCounts = Readonly<Record<DumpedTable, number>>;

export const NO_ROWS: DumpCounts = {
  session: 0,
  session_activity: 0,
  idempotency: 0,
  token: 0,
  session_screen: 0,
};

/** One state of the database, whatever is written meanwhile. */
export interface DatabaseSnapshot {
  /** The schema version that the rows are of. */
  readonly schema: number;
  readonly counts: DumpCounts;
  /** Can be iterated once. */
  readonly batches: AsyncIterable<DumpBatch>;
}

export interface ImportOptions {
  /** Removes the sessions that are there. */
  readonly replace: boolean;
}

export interface Imported {
  readonly counts: DumpCounts;
  readonly epochs: Epochs;
}

export interface DatabaseStatus {
  readonly kind: 'sqlite' | 'postgres';
  /** File or URL, without password. */
  readonly location: string;
  /** The schema version of the database; 0 when it has no tables yet. */
  readonly schema: number;
  /** Releases of an older schema version may not use it. */
  readonly minCompatible: number;
  readonly sizeBytes: number;
  /** Live sessions. */
  readonly sessions: number;
  /** Deleted sessions that were not collected yet. */
  readonly deleted: number;
  /** Writes that caches were not told of yet. */
  readonly outbox: number;
  /** Null when it has no tables yet. */
  readonly epochs: Epochs | null;
}

/** What a migration did: schema versions before and after. */
export interface MigrationOutcome {
  readonly from: number;
  readonly to: number;
}

/**
 * What an operator does with a whole database, also while servers use it. Opening one changes nothing. Every method may take
 * as long as the data is large, and rejects as `SessionStore` does, or with STORE_TOO_NEW.
 */
export interface DatabaseAdmin {
  status(): Promise<DatabaseStatus>;
  /** Brings the schema up to date; makes it where there is none. */
  migrate(): Promise<MigrationOutcome>;
  /** Calls `use` with a snapshot, which ends when that settles; what it returns is the result. */
  exportRows<T>(use: (snapshot: DatabaseSnapshot) => Promise<T>): Promise<T>;
  /**
   * Puts rows in as they are, all or none, in the place of those that are there; tokens beside them, and what was revoked in either stays
   * revoked: none when `batches` throws, which it then rejects with. Locks that hold up others are
   * taken only when `batches` has ended. Another `db` epoch begins, `cache` is raised, the outbox is emptied, and later revisions are
   * above all that were there or came. Rejects with STORE_NOT_EMPTY where there are sessions, live or deleted, and
   * `replace` is not set.
   */
  importRows(batches: AsyncIterable<DumpBatch>, options: ImportOptions): Promise<Imported>;
  /**
   * Writes a copy of one state to a new file of mode 0600, on disk when it resolves, and checked: SQLite as a database, PostgreSQL as
   * a dump. Rejects with FILE_EXISTS, DISK_FULL, READ_ONLY_STATE.
   */
  backup(path: string): Promise<void>;
  close(): Promise<void>;
}
