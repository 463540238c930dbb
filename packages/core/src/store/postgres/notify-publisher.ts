import { TermError } from '../../errors/index.ts';
import { type Queries, statement } from './statement.ts';

/** Messages of one statement. Each commit that notifies waits for the others that do. */
const MAX_BATCH = 64;
const MAX_WAITING = 1024;

/** Nobody waits for the disk: what a crash loses here, the lost connections have told everybody to ask anew. */
const NOTIFY = statement(
  'notify',
  `WITH fast AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
  SELECT pg_notify($1, message) FROM fast, (
    SELECT message FROM unnest($2::text[]) WITH ORDINALITY AS sent (message, n) ORDER BY n
  ) AS in_order`,
);

interface Waiting {
  readonly message: string;
  readonly resolve: () => void;
  readonly reject: (error: TermError) => void;
}

/** Sends messages in their order: one statement at a time, with what has come meanwhile in the next. */
export class NotifyPublisher {
  readonly #channel: string;
  readonly #pool: Queries;
  #waiting: Waiting[] = [];
  #sending = false;

  constructor(channel: string, pool: Queries) {
    this.#channel = channel;
    this.#pool = pool;
  }

  /** Rejects with STORE_UNAVAILABLE; what waits behind a message that could not be sent is rejected with it. */
  publish(message: string): Promise<void> {
    if (this.#waiting.length >= MAX_WAITING)
      return Promise.reject(
        new TermError('STORE_UNAVAILABLE', `${MAX_WAITING} messages wait for the database.`),
      );
    return new Promise((resolve, reject) => {
      this.#waiting.push({ message, resolve, reject });
      if (!this.#sending) void this.#send();
    });
  }

  async #send(): Promise<void> {
    this.#sending = true;
    while (this.#waiting.length > 0) {
      const batch = this.#nextBatch();
      try {
        // Said twice is no harm, so that it may be repeated over another connection.
        await this.#pool.read(NOTIFY, [this.#channel, batch.map(({ message }) => message)]);
        for (const { resolve } of batch) resolve();
      } catch (thrown) {
        const error = TermError.from(thrown);
        for (const { reject } of [...batch, ...this.#waiting.splice(0)]) reject(error);
      }
    }
    this.#sending = false;
  }

  /** PostgreSQL makes one of two equal messages of a transaction: no batch has two. */
  #nextBatch(): Waiting[] {
    const messages = new Set<string>();
    for (const { message } of this.#waiting) {
      if (messages.size >= MAX_BATCH || messages.has(message)) break;
      messages.add(message);
    }
    return this.#waiting.splice(0, messages.size);
  }
}
