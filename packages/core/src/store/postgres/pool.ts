import { Socket } from 'node:net';
import pg from 'pg';
import { TermError } from '../../errors/index.ts';
import { before, callDeadline } from './deadline.ts';
import { connectError, isBroken, NoAnswer, storeError, wasCut } from './postgres-error.ts';
import {
  CONNECT_TIMEOUT_MS,
  clientConfig,
  describe,
  type Endpoint,
  endpointOf,
  type PostgresTarget,
} from './settings.ts';
import type { Queries, Statement, Value } from './statement.ts';
import { inTransaction, runStatement, Transaction, type TransactionOptions } from './transaction.ts';
import { Turns } from './turns.ts';

/** Calls that wait for a connection, or for one of their turns. */
const MAX_WAITING = 1024;
/** A crowd of one user's creations; with what a call may take after that it is less than a client waits for an answer. */
const TURN_WAIT_MS = 5000;
const IDLE_MS = 30_000;
const CLOSE_DEADLINE_MS = 5000;
/** A restart of the server, or who ends connections there, may meet a new one too. */
const CONNECT_ATTEMPTS = 3;

export interface PoolOptions extends PostgresTarget {
  readonly maxConnections: number;
  /** Looks at each new connection before it is used; what it rejects with is what the call rejects with. */
  readonly inspect: (client: pg.ClientBase, endpoint: Endpoint) => Promise<void>;
}

/**
 * Connections to one server, made when they are needed. Each call takes one, and is over at its deadline, whatever the
 * server does; a connection that owes an answer then is thrown away. Rejects with TermErrors only.
 */
export class PostgresPool implements Queries {
  readonly endpoint: Endpoint;
  readonly #maxConnections: number;
  readonly #pool: pg.Pool;
  readonly #sockets = new Set<Socket>();
  readonly #broken = new WeakSet<pg.ClientBase>();
  readonly #turns = new Turns({ waitMs: TURN_WAIT_MS, maxWaiters: MAX_WAITING });
  #closing: Promise<void> | undefined;

  constructor(options: PoolOptions) {
    this.endpoint = endpointOf(options);
    this.#maxConnections = options.maxConnections;
    this.#pool = new pg.Pool({
      ...clientConfig(options),
      max: options.maxConnections,
      idleTimeoutMillis: IDLE_MS,
      stream: () => this.#socket(),
      onConnect: async client => {
        // One that breaks while nothing runs on it says so here.
        client.on('error', () => this.#broken.add(client));
        await before(performance.now() + CONNECT_TIMEOUT_MS, options.inspect(client, this.endpoint));
      },
    });
    // One that broke while idle has left the pool already.
    this.#pool.on('error', () => {});
  }

  async read<Row>(statement: Statement, values: readonly Value[]): Promise<Row[]> {
    const deadlineMs = callDeadline();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#once(statement, values, deadlineMs);
      } catch (thrown) {
        // Each attempt uses up one connection; all may have been cut together, and tell of it one by one.
        if (attempt > this.#maxConnections || !wasCut(thrown)) throw this.#error(thrown, false);
      }
    }
  }

  async write<Row>(statement: Statement, values: readonly Value[]): Promise<Row[]> {
    try {
      return await this.#once(statement, values, callDeadline());
    } catch (thrown) {
      throw this.#error(thrown, true);
    }
  }

  async transaction<T>(work: (within: Queries) => Promise<T>): Promise<T> {
    const deadlineMs = callDeadline();
    return this.holding(work, { deadlineMs: () => deadlineMs, savepoints: false });
  }

  /** Those of this pool take turns before they wait for the locks. */
  exclusively<T>(keys: readonly string[], work: (within: Queries) => Promise<T>): Promise<T> {
    return this.#turns.take(keys, () => this.transaction(within => within.exclusively(keys, work)));
  }

  /** A transaction with deadlines of its own. `lost` aborts when its connection breaks, also while nothing runs on it. */
  async holding<T>(
    work: (transaction: Transaction, lost: AbortSignal) => Promise<T>,
    options: Omit<TransactionOptions, 'endpoint'>,
  ): Promise<T> {
    const client = await this.#checkOut(options.deadlineMs());
    const transaction = new Transaction(client, { ...options, endpoint: this.endpoint });
    const lost = new AbortController();
    const broke = (cause: unknown) => lost.abort(this.#error(cause, false));
    client.once('error', broke);
    try {
      return await inTransaction(transaction, within => work(within, lost.signal));
    } finally {
      client.off('error', broke);
      client.release(transaction.broken);
    }
  }

  /** After the calls under way. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await before(performance.now() + CLOSE_DEADLINE_MS, this.#pool.end()).catch(() => {});
    // A server that hangs never says good-bye.
    for (const socket of this.#sockets) socket.destroy();
  }

  #socket(): Socket {
    const socket = new Socket();
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }

  async #once<Row>(statement: Statement, values: readonly Value[], deadlineMs: number): Promise<Row[]> {
    const client = await this.#checkOut(deadlineMs);
    try {
      const rows = await runStatement<Row>(client, statement, values, deadlineMs);
      client.release();
      return rows;
    } catch (thrown) {
      client.release(isBroken(thrown));
      throw thrown;
    }
  }

  async #checkOut(deadlineMs: number): Promise<pg.PoolClient> {
    if (this.#closing !== undefined) throw new TermError('STORE_UNAVAILABLE', 'The store is closed.');
    const { waitingCount } = this.#pool;
    if (waitingCount >= MAX_WAITING)
      throw new TermError('STORE_UNAVAILABLE', `${waitingCount} requests wait for the database.`);
    for (let attempt = 1; ; attempt += 1) {
      const client = await this.#connected(deadlineMs, attempt < CONNECT_ATTEMPTS);
      if (client === undefined) continue;
      if (!this.#broken.has(client)) return client;
      client.release(true);
    }
  }

  /** Undefined when a new connection was cut at once, and may be tried again: nothing was asked of it. */
  async #connected(deadlineMs: number, again: boolean): Promise<pg.PoolClient | undefined> {
    const connecting = this.#pool.connect();
    try {
      return await before(deadlineMs, connecting);
    } catch (thrown) {
      connecting.then(
        client => client.release(),
        () => {},
      );
      if (again && wasCut(thrown)) return undefined;
      if (thrown instanceof NoAnswer || isQueueTimeout(thrown))
        throw new TermError(
          'STORE_UNAVAILABLE',
          `No connection to PostgreSQL at ${describe(this.endpoint)} was to be had in time.`,
          { cause: thrown },
        );
      throw connectError(thrown, this.endpoint);
    }
  }

  #error(thrown: unknown, committing: boolean): TermError {
    return storeError(thrown, { endpoint: this.endpoint, committing });
  }
}

/** The one word of pg-pool for calls that waited for a connection as long as connecting may take. */
function isQueueTimeout(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.message === 'timeout exceeded when trying to connect';
}
