import type Database from 'better-sqlite3';
import {
  type Compilable,
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { Tables } from '../schema/tables.ts';

/** Statements kept prepared. The store has some twenty; a bound all the same. */
const MAX_STATEMENTS = 128;

/** Builds queries for `Connection`; never runs one itself. */
export const query = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: db => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});

/** Runs built queries at once, in the store's thread, with their statements kept prepared. Throws what better-sqlite3 throws. */
export class Connection {
  readonly database: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();

  constructor(database: Database.Database) {
    this.database = database;
  }

  all<Row>(built: Compilable<Row>): Row[] {
    const { sql, parameters } = built.compile();
    return this.#prepare(sql).all(...parameters) as Row[];
  }

  first<Row>(built: Compilable<Row>): Row | undefined {
    const { sql, parameters } = built.compile();
    return this.#prepare(sql).get(...parameters) as Row | undefined;
  }

  /** How many rows it changed. */
  run(built: Compilable): number {
    const { sql, parameters } = built.compile();
    return this.#prepare(sql).run(...parameters).changes;
  }

  begin(): void {
    this.#prepare('BEGIN IMMEDIATE').run();
  }

  commit(): void {
    this.#prepare('COMMIT').run();
  }

  /** After some errors SQLite has rolled back by itself. */
  rollback(): void {
    if (this.database.inTransaction) this.#prepare('ROLLBACK').run();
  }

  /** All of the work within the transaction, or nothing of it. */
  savepoint<T>(work: () => T): T {
    this.#prepare('SAVEPOINT request').run();
    try {
      const result = work();
      this.#prepare('RELEASE request').run();
      return result;
    } catch (thrown) {
      if (this.database.inTransaction) {
        this.#prepare('ROLLBACK TO request').run();
        this.#prepare('RELEASE request').run();
      }
      throw thrown;
    }
  }

  close(): void {
    this.#statements.clear();
    this.database.close();
  }

  #prepare(sql: string): Database.Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear();
      statement = this.database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
