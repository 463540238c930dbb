import type pg from 'pg';
import { TermError } from '../../errors/index.ts';
import { before } from './deadline.ts';
import { isBroken, storeError } from './postgres-error.ts';
import type { Endpoint } from './settings.ts';
import { type Queries, type Statement, statement, toParameter, type Value } from './statement.ts';

type Client = Pick<pg.ClientBase, 'query'>;

const LOCK_UNTIL_END = statement('lock_until_end', 'SELECT pg_advisory_xact_lock($1)');

/** Runs one statement. Rejects with what node-pg rejects with, or NoAnswer. */
export async function runStatement<Row>(
  client: Client,
  { name, text }: Statement,
  values: readonly Value[],
  deadlineMs: number,
): Promise<Row[]> {
  const answer = client.query({ name, text, values: values.map(toParameter) });
  return (await before(deadlineMs, answer)).rows as Row[];
}

/** Runs a command that has no parameters. Rejects as `runStatement`. Returns the server's word for what it did. */
export async function runCommand(client: Client, text: string, deadlineMs: number): Promise<string> {
  const result: pg.QueryResult | pg.QueryResult[] = await before(deadlineMs, client.query(text));
  return Array.isArray(result) ? '' : result.command;
}

export interface TransactionOptions {
  readonly endpoint: Endpoint;
  /** Gives each call its deadline, on the clock of `performance.now()`. */
  readonly deadlineMs: () => number;
  /** A statement that fails takes only itself back, so that the work may go on. */
  readonly savepoints: boolean;
}

/** The transaction of one connection. Once that is broken, everything rejects. Its calls take turns. */
export class Transaction implements Queries {
  readonly #client: Client;
  readonly #options: TransactionOptions;
  #wrote = false;
  #broken: TermError | undefined;
  #over = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(client: Client, options: TransactionOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** Whether the connection is of no use any more. */
  get broken(): boolean {
    return this.#broken !== undefined;
  }

  read<Row>(statement: Statement, values: readonly Value[]): Promise<Row[]> {
    return this.#inTurn(() =>
      this.#options.savepoints ? this.#saved<Row>(statement, values) : this.#run<Row>(statement, values),
    );
  }

  write<Row>(statement: Statement, values: readonly Value[]): Promise<Row[]> {
    this.#wrote = true;
    return this.read(statement, values);
  }

  /** Within this transaction. */
  transaction<T>(work: (within: Queries) => Promise<T>): Promise<T> {
    return work(this);
  }

  async exclusively<T>(keys: readonly string[], work: (within: Queries) => Promise<T>): Promise<T> {
    for (const key of keys) await this.read(LOCK_UNTIL_END, [key]);
    return work(this);
  }

  begin(): Promise<void> {
    return this.#inTurn(() => this.#command('BEGIN'));
  }

  /** Rejects with OUTCOME_UNKNOWN when something was written and the answer did not come. Nothing runs in it any more. */
  commit(): Promise<void> {
    return this.#end('COMMIT');
  }

  /** Does not reject. Nothing runs in it any more. */
  async rollback(): Promise<void> {
    if (!this.broken) await this.#end('ROLLBACK').catch(() => {});
  }

  #end(command: 'COMMIT' | 'ROLLBACK'): Promise<void> {
    const ended = this.#last.then(() => this.#command(command));
    this.#over = true;
    return ended;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    // Who comes late would write on a connection that is somebody else's by now.
    if (this.#over) return Promise.reject(new TermError('STORE_UNAVAILABLE', 'The transaction is over.'));
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #saved<Row>(statement: Statement, values: readonly Value[]): Promise<Row[]> {
    await this.#command('SAVEPOINT call');
    try {
      const rows = await this.#run<Row>(statement, values);
      await this.#command('RELEASE call');
      return rows;
    } catch (thrown) {
      if (!this.broken) await this.#command('ROLLBACK TO call; RELEASE call');
      throw thrown;
    }
  }

  async #run<Row>(statement: Statement, values: readonly Value[]): Promise<Row[]> {
    if (this.#broken !== undefined) throw this.#broken;
    try {
      return await runStatement<Row>(this.#client, statement, values, this.#options.deadlineMs());
    } catch (thrown) {
      throw this.#noted(thrown, false);
    }
  }

  async #command(text: string): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    let done: string;
    try {
      done = await runCommand(this.#client, text, this.#options.deadlineMs());
    } catch (thrown) {
      throw this.#noted(thrown, text === 'COMMIT' && this.#wrote);
    }
    // The server takes back a transaction in which a statement has failed, and calls that no error.
    if (text === 'COMMIT' && done !== text)
      throw new TermError('INTERNAL', 'The transaction was taken back, since a part of it had failed.');
  }

  #noted(thrown: unknown, committing: boolean): TermError {
    const error = storeError(thrown, { endpoint: this.#options.endpoint, committing });
    if (isBroken(thrown)) this.#broken ??= error;
    return error;
  }
}

/** Begins, works and commits; takes everything back when the work rejects. Rejects as the work, or as `commit`. */
export async function inTransaction<T>(
  transaction: Transaction,
  work: (within: Transaction) => Promise<T>,
): Promise<T> {
  try {
    await transaction.begin();
    const result = await work(transaction);
    await transaction.commit();
    return result;
  } catch (thrown) {
    await transaction.rollback();
    throw thrown;
  }
}
