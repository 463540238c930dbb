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
import { type AdminOptions, AdminThread } from './admin-thread.ts';

/** Each task has a thread and a connection of its own, so that it holds up neither the event loop nor the store. */
export class SqliteAdmin implements DatabaseAdmin {
  readonly #options: AdminOptions;
  readonly #threads = new Set<AdminThread>();
  #closed = false;

  constructor(options: AdminOptions) {
    this.#options = options;
  }

  status(): Promise<DatabaseStatus> {
    return this.#task(thread => thread.run('status'));
  }

  migrate(): Promise<MigrationOutcome> {
    return this.#task(thread => thread.run('migrate'));
  }

  /** While the snapshot lasts, what others write stays in the WAL file, which grows. */
  exportRows<T>(use: (snapshot: DatabaseSnapshot) => Promise<T>): Promise<T> {
    return this.#task(async thread => {
      const { schema, counts } = await thread.run('beginExport');
      return use({ schema, counts, batches: batchesOf(thread) });
    });
  }

  importRows(batches: AsyncIterable<DumpBatch>, options: ImportOptions): Promise<Imported> {
    return this.#task(async thread => {
      for await (const batch of batches) await thread.run('stage', batch);
      return thread.run('importStaged', options);
    });
  }

  backup(path: string): Promise<void> {
    return this.#task(thread => thread.run('backup', path));
  }

  /** Ends what is under way: an import has happened or not, a backup that is not complete is no backup. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#threads].map(thread => thread.close()));
  }

  async #task<T>(work: (thread: AdminThread) => Promise<T>): Promise<T> {
    if (this.#closed) throw new TermError('STORE_UNAVAILABLE', 'The store is closed.');
    const thread = new AdminThread(this.#options);
    this.#threads.add(thread);
    try {
      return await work(thread);
    } finally {
      this.#threads.delete(thread);
      await thread.close();
    }
  }
}

async function* batchesOf(thread: AdminThread): AsyncGenerator<DumpBatch, void> {
  for (;;) {
    const batch = await thread.run('nextBatch');
    if (batch === undefined) return;
    yield batch;
  }
}
