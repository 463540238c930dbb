import type { Database, Statement } from 'better-sqlite3';
import { toRecord } from '../schema/stored-rows.ts';
import type { SessionTable } from '../schema/tables.ts';
import type { SessionRecord } from '../session-store.ts';
import type { Driver } from './driver.ts';

import { isBusy } from './sqlite-error.ts';

/** A connection that failed is not opened again at once: opening costs more than asking the store's thread. */
const REOPEN_PAUSE_MS = 500;

interface Opened {
  readonly database: Database;
  readonly byId: Statement<[string], SessionTable>;
  readonly version: Statement<[], number>;
}

/**
 * Reads of one row by its id on the thread that asks, some microseconds each: in WAL mode no writer holds up a reader, and
 * where something else does (recovery, an exclusive lock) this one does not wait but has no answer.
 */
export class PointReader {
  readonly #driver: Driver;
  readonly #file: string;
  #opened: Opened | undefined;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #generation = 0;
  #closed = false;

  constructor(driver: Driver, file: string) {
    this.#driver = driver;
    this.#file = file;
  }

  /** What was committed last; undefined when somebody else must be asked. */
  read(id: string): { readonly record: SessionRecord | undefined } | undefined {
    return this.#try(({ byId }) => {
      const stored = byId.get(id);
      return { record: stored === undefined ? undefined : toRecord(stored) };
    });
  }

  /** Another text whenever another connection may have written since; undefined when that can't be said. */
  dataVersion(): string | undefined {
    return this.#try(({ version }) => `${this.#generation} ${version.get()}`);
  }

  /** The path may be of another file now. */
  reopen(): void {
    this.#close();
    this.#notBeforeMs = Number.NEGATIVE_INFINITY;
  }

  close(): void {
    this.#closed = true;
    this.#close();
  }

  #try<T>(work: (opened: Opened) => T): T | undefined {
    if (this.#closed || (this.#opened === undefined && performance.now() < this.#notBeforeMs))
      return undefined;
    try {
      this.#opened ??= this.#open();
      return work(this.#opened);
    } catch (thrown) {
      // Every error is the store's thread's to tell: it asks the same.
      if (!isBusy(thrown) || this.#opened === undefined) this.#failed();
      return undefined;
    }
  }

  #open(): Opened {
    const database = this.#driver(this.#file, { readonly: true, fileMustExist: true, timeout: 0 });
    try {
      this.#generation += 1;
      return {
        database,
        byId: database.prepare<[string], SessionTable>('SELECT * FROM session WHERE id = ?'),
        version: database.prepare<[], number>('PRAGMA data_version').pluck(),
      };
    } catch (thrown) {
      database.close();
      throw thrown;
    }
  }

  #failed(): void {
    this.#close();
    this.#notBeforeMs = performance.now() + REOPEN_PAUSE_MS;
  }

  #close(): void {
    const opened = this.#opened;
    this.#opened = undefined;
    try {
      opened?.database.close();
    } catch {
      // It is not used again.
    }
  }
}
