import type pg from 'pg';
import { TermError } from '../../errors/index.ts';
import type {
  DatabaseAdmin,
  DatabaseSnapshot,
  DatabaseStatus,
  DumpBatch,
  Imported,
  ImportOptions,
  MigrationOutcome,
} from '../database-admin.ts';
import { SCHEMA_VERSION } from '../schema/migrations.ts';
import { backupTo } from './backup.ts';
import { asked, withClient } from './client.ts';
import { callDeadline } from './deadline.ts';
import { countRows, dumpedBatches, lockWriters, makeStaging, replaceByStaged, stage } from './dump-tables.ts';
import { beginDbEpoch, epochs } from './epoch-table.ts';
import { migrate, readSchema, refuseNewer } from './migrate.ts';
import { describe, type Endpoint, type PostgresTarget } from './settings.ts';
import { statement } from './statement.ts';
import { inspectSystem } from './system.ts';
import { inTransaction, Transaction } from './transaction.ts';

/** Of one step, however large. */
const STEP_DEADLINE_MS = 15 * 60_000;
/** How long others' writes are waited for; theirs wait meanwhile. */
const LOCK_TIMEOUT_MS = 5000;

const COUNTS = statement(
  'status',
  `SELECT
    (SELECT count(*) FROM session WHERE deleted_at IS NULL) AS sessions,
    (SELECT count(*) FROM session WHERE deleted_at IS NOT NULL) AS deleted,
    (SELECT count(*) FROM cache_outbox) AS outbox`,
);
const SIZE = statement('size', 'SELECT pg_database_size(current_database()) AS size');
/** It sees one state, whatever is committed meanwhile. */
const SNAPSHOT = statement('snapshot', 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
const PATIENCE = statement(
  'patience',
  `SELECT set_config('statement_timeout', '${STEP_DEADLINE_MS}', true),
    set_config('idle_in_transaction_session_timeout', '${STEP_DEADLINE_MS}', true),
    set_config('lock_timeout', '${LOCK_TIMEOUT_MS}', true)`,
);

/** Each task has a connection of its own, so that it holds up no call of the store. */
export class PostgresAdmin implements DatabaseAdmin {
  readonly #target: PostgresTarget;
  readonly #closed = new AbortController();
  readonly #tasks = new Set<Promise<unknown>>();

  constructor(target: PostgresTarget) {
    this.#target = target;
  }

  status(): Promise<DatabaseStatus> {
    return this.#task(async (client, endpoint) => {
      const { schema, minCompatible } = await asked(endpoint, callDeadline(), readSchema(client));
      return this.#transaction(client, endpoint, async on => {
        const [size] = await on.read<{ size: number }>(SIZE, []);
        const none = {
          kind: 'postgres' as const,
          location: `postgres://${endpoint.user}@${describe(endpoint)}`,
          schema,
          minCompatible,
          sizeBytes: size?.size ?? 0,
        };
        if (schema === 0) return { ...none, sessions: 0, deleted: 0, outbox: 0, epochs: null };
        const [counts] = await on.read<Pick<DatabaseStatus, 'sessions' | 'deleted' | 'outbox'>>(COUNTS, []);
        return { ...none, sessions: 0, deleted: 0, outbox: 0, ...counts, epochs: await epochs(on) };
      });
    });
  }

  migrate(): Promise<MigrationOutcome> {
    return this.#task((client, endpoint) => migrateToLatest(client, endpoint));
  }

  /** While the snapshot lasts, the server keeps what others delete. */
  exportRows<T>(use: (snapshot: DatabaseSnapshot) => Promise<T>): Promise<T> {
    return this.#task(async (client, endpoint) => {
      const found = await asked(endpoint, callDeadline(), readSchema(client));
      refuseNewer(found, endpoint);
      if (found.schema === 0)
        throw new TermError('STORE_UNAVAILABLE', `The database ${describe(endpoint)} is empty.`);
      return this.#transaction(client, endpoint, async on => {
        await on.write(SNAPSHOT, []);
        await on.read(PATIENCE, []);
        // Of a newer schema, the columns that this release knows.
        const schema = Math.min(found.schema, SCHEMA_VERSION);
        return use({ schema, counts: await countRows(on, schema), batches: dumpedBatches(on, schema) });
      });
    });
  }

  importRows(batches: AsyncIterable<DumpBatch>, options: ImportOptions): Promise<Imported> {
    return this.#task(async (client, endpoint) => {
      await migrateToLatest(client, endpoint);
      return this.#transaction(client, endpoint, async on => {
        await on.read(PATIENCE, []);
        await makeStaging(on);
        for await (const batch of batches) await stage(on, batch);
        await lockWriters(on);
        const { session: sessions } = await countRows(on, SCHEMA_VERSION);
        if (sessions > 0 && !options.replace)
          throw new TermError(
            'STORE_NOT_EMPTY',
            `The database ${describe(endpoint)} has ${sessions} sessions.`,
            {
              details: { sessions },
            },
          );
        return { counts: await consistent(replaceByStaged(on)), epochs: await beginDbEpoch(on) };
      });
    });
  }

  backup(path: string): Promise<void> {
    return backupTo(path, this);
  }

  /** Ends what is under way: an import has happened or not, a backup that is not complete is no backup. */
  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.allSettled(this.#tasks);
  }

  async #task<T>(work: (client: pg.ClientBase, endpoint: Endpoint) => Promise<T>): Promise<T> {
    const { signal } = this.#closed;
    if (signal.aborted) throw new TermError('STORE_UNAVAILABLE', 'The store is closed.');
    const task = withClient(this.#target, { connectDeadlineMs: callDeadline(), signal }, work);
    this.#tasks.add(task);
    try {
      return await task;
    } finally {
      this.#tasks.delete(task);
    }
  }

  #transaction<T>(
    client: pg.ClientBase,
    endpoint: Endpoint,
    work: (on: Transaction) => Promise<T>,
  ): Promise<T> {
    const deadlineMs = () => performance.now() + STEP_DEADLINE_MS;
    return inTransaction(new Transaction(client, { endpoint, deadlineMs, savepoints: false }), work);
  }
}

async function migrateToLatest(client: pg.ClientBase, endpoint: Endpoint): Promise<MigrationOutcome> {
  const deadlineMs = performance.now() + STEP_DEADLINE_MS;
  await asked(endpoint, deadlineMs, inspectSystem(client, endpoint));
  const from = await asked(endpoint, deadlineMs, migrate(client, endpoint));
  return { from, to: Math.max(from, SCHEMA_VERSION) };
}

/** Rows that can't stand beside each other are the fault of what they came from. */
async function consistent<T>(filled: Promise<T>): Promise<T> {
  try {
    return await filled;
  } catch (thrown) {
    const { code, details, message } = TermError.from(thrown);
    if (code !== 'NAME_TAKEN' && !String(details?.sqlstate).startsWith('23')) throw thrown;
    throw new TermError('DUMP_DAMAGED', `The rows contradict each other: ${message}`, { cause: thrown });
  }
}
