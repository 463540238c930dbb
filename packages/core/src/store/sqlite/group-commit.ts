import { TermError } from '../../errors/index.ts';
import type { Connection } from './connection.ts';
import { perform } from './perform.ts';
import { isBusy, needsReopening, storeError } from './sqlite-error.ts';
import { type Call, isRead, type StoreAnswer, sharedNowMs } from './worker-messages.ts';

/** Requests of one transaction; it holds the write lock that other processes wait for. */
const MAX_BATCH = 256;

export interface QueuedCall {
  readonly id: number;
  /** On the clock of `sharedNowMs`. After it the call is not begun any more. */
  readonly deadlineMs: number;
  readonly call: Call;
}

export interface GroupCommitOptions {
  readonly file: string;
  /** Opens the database again after it failed. */
  readonly reopen: () => Promise<Connection>;
  readonly answer: (answers: StoreAnswer[]) => void;
}

/**
 * Runs the calls that came in one turn of the event loop in one transaction, each in a savepoint of its own, and answers
 * after the commit: one fsync for all of them. While another process holds the write lock, reads go on, and each write
 * waits until its deadline; it was then not begun.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #connection: Connection | undefined;
  #queue: QueuedCall[] = [];
  #turn: Promise<void> | undefined;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** Takes over a connection; without one, the first call opens it. */
  use(connection: Connection): void {
    this.#connection = connection;
  }

  submit(call: QueuedCall): void {
    this.#queue.push(call);
    this.#turn ??= this.#run();
  }

  /** After what is queued was answered. */
  async close(): Promise<void> {
    await this.#turn;
    this.#connection?.close();
    this.#connection = undefined;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      await new Promise(resolve => setImmediate(resolve));
      this.#dropLate();
      const connection = await this.#connected();
      if (connection !== undefined) this.#serve(connection);
    }
    this.#turn = undefined;
  }

  #dropLate(): void {
    const nowMs = sharedNowMs();
    const late = this.#queue.filter(({ deadlineMs }) => deadlineMs <= nowMs);
    if (late.length === 0) return;
    const error = new TermError(
      'STORE_UNAVAILABLE',
      `Another process holds the database ${this.#options.file}.`,
    ).toWire();
    this.#answer(late.map(({ id }) => ({ id, error })));
  }

  /** Undefined when the database can't be opened; every call was answered so. */
  async #connected(): Promise<Connection | undefined> {
    try {
      this.#connection ??= await this.#options.reopen();
      return this.#connection;
    } catch (thrown) {
      const error = storeError(thrown, this.#options.file).toWire();
      this.#answer(this.#queue.map(({ id }) => ({ id, error })));
      return undefined;
    }
  }

  #serve(connection: Connection): void {
    const batch = this.#queue.slice(0, MAX_BATCH);
    this.#write(
      connection,
      batch.filter(({ call }) => !isRead(call.op)),
    );
    if (this.#connection === connection)
      this.#read(
        connection,
        batch.filter(({ call }) => isRead(call.op)),
      );
  }

  #write(connection: Connection, calls: readonly QueuedCall[]): void {
    if (calls.length === 0) return;
    let phase: 'begin' | 'work' | 'commit' = 'begin';
    try {
      connection.begin();
      phase = 'work';
      const answers = calls.map(({ id, call }) => this.#writeOne(connection, id, call));
      phase = 'commit';
      connection.commit();
      this.#answer(answers);
    } catch (thrown) {
      if (phase === 'begin' && isBusy(thrown)) return;
      this.#failed(connection, thrown);
      const error = phase === 'commit' ? uncertain(thrown, this.#options.file) : thrown;
      const wire = storeError(error, this.#options.file).toWire();
      this.#answer(calls.map(({ id }) => ({ id, error: wire })));
    }
  }

  /** An error of the call is its answer; one that ended the transaction ends the batch. */
  #writeOne(connection: Connection, id: number, call: Call): StoreAnswer {
    try {
      return { id, result: connection.savepoint(() => perform(connection, call, Date.now())) };
    } catch (thrown) {
      if (!connection.database.inTransaction || needsReopening(thrown)) throw thrown;
      return { id, error: storeError(thrown, this.#options.file).toWire() };
    }
  }

  #read(connection: Connection, calls: readonly QueuedCall[]): void {
    const answers: StoreAnswer[] = [];
    for (const { id, call } of calls) {
      try {
        answers.push({ id, result: perform(connection, call, Date.now()) });
      } catch (thrown) {
        if (isBusy(thrown)) continue;
        answers.push({ id, error: storeError(thrown, this.#options.file).toWire() });
        this.#failed(connection, thrown);
        if (this.#connection !== connection) break;
      }
    }
    this.#answer(answers);
  }

  #failed(connection: Connection, thrown: unknown): void {
    try {
      connection.rollback();
      if (!needsReopening(thrown)) return;
    } catch {
      // A connection that can't even roll back is opened again.
    }
    this.#connection = undefined;
    try {
      connection.close();
    } catch {
      // The next request opens another one.
    }
  }

  #answer(answers: StoreAnswer[]): void {
    if (answers.length === 0) return;
    const answered = new Set(answers.map(({ id }) => id));
    this.#queue = this.#queue.filter(({ id }) => !answered.has(id));
    this.#options.answer(answers);
  }
}

/**
 * A commit whose fsync failed may be found again after a crash: only a full disk is known to have written no commit record.
 */
function uncertain(thrown: unknown, file: string): unknown {
  const error = storeError(thrown, file);
  if (error.code !== 'STORE_UNAVAILABLE') return error;
  return new TermError('OUTCOME_UNKNOWN', error.message, { cause: thrown });
}
