import { closeSync, fsyncSync, lstatSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import { TermError } from '../../errors/index.ts';
import type {
  DatabaseSnapshot,
  DatabaseStatus,
  DumpBatch,
  Imported,
  ImportOptions,
  MigrationOutcome,
} from '../database-admin.ts';
import { SCHEMA_VERSION } from '../schema/migrations.ts';
import type { AdminSteps } from './admin-messages.ts';
import { countRows, dumpedBatches, makeStaging, replaceByStaged, stage } from './admin-tables.ts';
import { Connection, query } from './connection.ts';
import type { Driver } from './driver.ts';
import { beginDbEpoch, epochs } from './epoch-table.ts';
import { readMeta } from './meta.ts';
import { isUpToDate, schemaOf } from './migrate.ts';
import { createPrivately, fileErrorCode, prepare } from './open-database.ts';
import { isBusy, sqliteCode, storeError } from './sqlite-error.ts';
import { sharedNowMs } from './worker-messages.ts';

/** How long a lock that somebody else holds is waited for. The thread has nothing else to do. */
const BUSY_MS = 5000;
const BUSY_RETRY_MS = 20;

/** One administrative task on a connection of its own, in a thread that others don't wait for. */
export class AdminTask implements AdminSteps {
  readonly #driver: Driver;
  readonly #file: string;
  #connection: Connection | undefined;
  #batches: Generator<DumpBatch, undefined> | undefined;

  constructor(driver: Driver, file: string) {
    this.#driver = driver;
    this.#file = file;
  }

  status(): DatabaseStatus {
    const none = { kind: 'sqlite' as const, location: this.#file, schema: 0, minCompatible: 0 };
    const empty = { ...none, sizeBytes: 0, sessions: 0, deleted: 0, outbox: 0, epochs: null };
    if (lstatSync(this.#file, { throwIfNoEntry: false }) === undefined) return empty;
    return this.#guarded(() => {
      const connection = this.#read();
      const { database } = connection;
      const sizeBytes = pragmaNumber(database, 'page_count') * pragmaNumber(database, 'page_size');
      const schema = schemaOf(connection, this.#file);
      if (schema === undefined) return { ...empty, sizeBytes };
      const count = (table: 'session' | 'cache_outbox') =>
        query.selectFrom(table).select(e => e.fn.countAll<number>().as('rows'));
      const all = connection.first(count('session'))?.rows ?? 0;
      const deleted =
        connection.first(
          query
            .selectFrom('session')
            .select(e => e.fn.countAll<number>().as('rows'))
            .where('deleted_at', 'is not', null),
        )?.rows ?? 0;
      return {
        ...none,
        ...schema,
        sizeBytes,
        sessions: all - deleted,
        deleted,
        outbox: connection.first(count('cache_outbox'))?.rows ?? 0,
        epochs: readMeta(connection, 'db_epoch') === undefined ? null : epochs(connection),
      };
    });
  }

  async migrate(): Promise<MigrationOutcome> {
    const { schema: from } = this.status();
    await this.#writable();
    return { from, to: this.status().schema };
  }

  beginExport(): Pick<DatabaseSnapshot, 'schema' | 'counts'> {
    return this.#guarded(() => {
      const connection = this.#read();
      connection.database.exec('BEGIN');
      isUpToDate(connection, this.#file);
      const found = schemaOf(connection, this.#file)?.schema ?? 0;
      if (found === 0) throw new TermError('STORE_UNAVAILABLE', `The database ${this.#file} is empty.`);
      // Of a newer schema, the columns that this release knows.
      const schema = Math.min(found, SCHEMA_VERSION);
      this.#batches = dumpedBatches(connection, schema);
      return { schema, counts: countRows(connection, schema) };
    });
  }

  nextBatch(): DumpBatch | undefined {
    return this.#guarded(() => this.#batches?.next().value);
  }

  async stage(batch: DumpBatch): Promise<void> {
    const connection = await this.#writable();
    this.#guarded(() => stage(connection, batch));
  }

  async importStaged({ replace }: ImportOptions): Promise<Imported> {
    const connection = await this.#writable();
    return this.#guarded(() => {
      connection.begin();
      try {
        const { session: sessions } = countRows(connection, SCHEMA_VERSION);
        if (sessions > 0 && !replace) {
          throw new TermError('STORE_NOT_EMPTY', `The database ${this.#file} has ${sessions} sessions.`, {
            details: { sessions },
          });
        }
        const imported = { counts: replaceByStaged(connection), epochs: beginDbEpoch(connection) };
        connection.commit();
        return imported;
      } catch (thrown) {
        connection.rollback();
        if (!sqliteCode(thrown)?.startsWith('SQLITE_CONSTRAINT')) throw thrown;
        throw new TermError('DUMP_DAMAGED', `The rows contradict each other: ${String(thrown)}`, {
          cause: thrown,
        });
      }
    });
  }

  backup(path: string): void {
    try {
      // SQLite takes an empty file for a new one, and keeps its mode.
      closeSync(openSync(path, 'wx', 0o600));
    } catch (thrown) {
      throw fileError(thrown, path);
    }
    try {
      this.#guarded(() => this.#read().database.prepare('VACUUM INTO ?').run(path), path);
      this.#guarded(() => this.#setApart(path), path);
      this.#guarded(() => refuseDamaged(this.#driver, path), path);
      for (const written of [path, dirname(path)]) flush(written);
    } catch (thrown) {
      rmSync(path, { force: true });
      throw fileError(thrown, path);
    }
  }

  /** Put back in its database's place, it is another state of it: what caches hold of the one since must not count. */
  #setApart(path: string): void {
    const copy = new Connection(this.#driver(path, { timeout: BUSY_MS }));
    try {
      beginDbEpoch(copy);
    } finally {
      copy.close();
    }
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  #read(): Connection {
    if (lstatSync(this.#file, { throwIfNoEntry: false }) === undefined)
      throw new TermError('STORE_UNAVAILABLE', `There is no database ${this.#file}.`);
    this.#connection ??= new Connection(
      this.#driver(this.#file, { readonly: true, fileMustExist: true, timeout: BUSY_MS }),
    );
    return this.#connection;
  }

  /** A connection to a database of this release's schema, made where there is none, with room to stage. */
  async #writable(): Promise<Connection> {
    if (this.#connection !== undefined && !this.#connection.database.readonly) return this.#connection;
    this.close();
    const deadlineMs = sharedNowMs() + BUSY_MS;
    for (;;) {
      try {
        this.#connection = await this.#open();
        return this.#connection;
      } catch (thrown) {
        // Some locks of opening are refused without the busy wait.
        if (!isBusy(thrown) || sharedNowMs() > deadlineMs) throw storeError(thrown, this.#file);
        await pause(BUSY_RETRY_MS);
      }
    }
  }

  async #open(): Promise<Connection> {
    createPrivately(this.#file);
    const database = this.#driver(this.#file, { timeout: BUSY_MS });
    try {
      const connection = new Connection(database);
      await prepare(connection, this.#file);
      makeStaging(connection);
      return connection;
    } catch (thrown) {
      database.close();
      throw thrown;
    }
  }

  #guarded<T>(work: () => T, file: string = this.#file): T {
    try {
      return work();
    } catch (thrown) {
      throw storeError(thrown, file);
    }
  }
}

function pragmaNumber(database: Database.Database, name: string): number {
  return Number(database.pragma(name, { simple: true }));
}

function refuseDamaged(driver: Driver, file: string): void {
  const copy = driver(file, { readonly: true, fileMustExist: true, timeout: BUSY_MS });
  try {
    const found: unknown = copy.pragma('integrity_check(1)', { simple: true });
    if (found !== 'ok') throw Object.assign(new Error(String(found)), { code: 'SQLITE_CORRUPT' });
  } finally {
    copy.close();
  }
}

function flush(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function fileError(thrown: unknown, path: string): TermError {
  if (thrown instanceof TermError || !(thrown instanceof Error && 'code' in thrown))
    return TermError.from(thrown);
  if (thrown.code === 'EEXIST') return new TermError('FILE_EXISTS', `${path} exists.`, { cause: thrown });
  return new TermError(fileErrorCode(thrown.code), `Cannot write ${path}: ${thrown.message}`, {
    cause: thrown,
  });
}
