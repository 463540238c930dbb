import pg from 'pg';
import { clientConfig } from '../../../packages/core/src/store/postgres/settings.ts';
import type { Queries, Statement, Value } from '../../../packages/core/src/store/postgres/statement.ts';

/** Statements on one connection, prepared, and nothing around them: what PostgreSQL itself costs. */
export class BareQueries implements Queries {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  static async connect(url: string): Promise<BareQueries> {
    const client = new pg.Client(clientConfig({ url, serverId: 'bench' }));
    client.on('error', () => {});
    await client.connect();
    return new BareQueries(client);
  }

  async read<Row>({ name, text }: Statement, values: readonly Value[]): Promise<Row[]> {
    return (await this.#client.query({ name, text, values: [...values] })).rows as Row[];
  }

  /** One statement is a transaction. */
  write<Row>(statement: Statement, values: readonly Value[]): Promise<Row[]> {
    return this.read(statement, values);
  }

  /** BEGIN and a lock of the transaction, as locks are had without Redis. */
  async lock(key: number): Promise<void> {
    await this.#client.query('BEGIN');
    await this.#client.query({ name: 'lock', text: 'SELECT pg_try_advisory_xact_lock($1)', values: [key] });
  }

  async unlock(): Promise<void> {
    await this.#client.query('COMMIT');
  }

  transaction<T>(): Promise<T> {
    return Promise.reject(new Error('only single statements are measured'));
  }

  exclusively<T>(): Promise<T> {
    return this.transaction();
  }
}
