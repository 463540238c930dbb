import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { TermError } from '../../errors/index.ts';
import { GroupCommit } from './group-commit.ts';
import { type Driver, openDatabase } from './open-database.ts';
import type { Opened, StoreAnswer, StoreRequest, StoreWorkerData } from './worker-messages.ts';

/** The store's thread: the only place where SQLite runs, because each of its calls blocks until the disk has answered. */
const port = parentPort;
if (port === null) throw new Error('the store worker runs in a worker thread');

const where = workerData as StoreWorkerData;
const driver: Driver = (file, options) => new Database(file, options);
const answer = (answers: StoreAnswer[]) => port.postMessage(answers);
const commits = new GroupCommit({
  file: where.file,
  reopen: async () => (await openDatabase(driver, where, false)).connection,
  answer,
});

port.on('message', (request: StoreRequest) => {
  if ('call' in request) commits.submit(request);
  else void settle(request.id, 'open' in request ? open() : close());
});

async function open(): Promise<Opened> {
  const { connection, movedAside } = await openDatabase(driver, where, true);
  commits.use(connection);
  return { movedAside };
}

async function close(): Promise<void> {
  await commits.close();
}

async function settle(id: number, work: Promise<unknown>): Promise<void> {
  try {
    answer([{ id, result: await work }]);
  } catch (thrown) {
    answer([{ id, error: TermError.from(thrown).toWire() }]);
  }
}
